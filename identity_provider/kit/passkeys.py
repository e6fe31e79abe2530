"""Where passkeys are bound to: this site, as the issuer names it, and the browser that asks."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, request

from identity_provider.kit.app import settings
from identity_provider.kit.session import browser_secret
from identity_provider.services.passkeys import Place

ANSWER = "passkey"
"""The field in which kit/static/passkeys.js sends what the device answered."""


def this_place() -> Place:
    """The site and the browser of this request. The host is never taken from the request (attack 16)."""
    issuer = urlsplit(settings().issuer)
    host = issuer.hostname or ""
    return Place(f"{issuer.scheme}://{issuer.netloc}", host, settings().service_name, browser_secret())


def answer_sent() -> str:
    """What the device answered, as the page's script sent it with the form."""
    return request.form.get(ANSWER, "")


def as_options(json_text: str) -> Response:
    """What the page's script hands to the browser."""
    response = Response(json_text, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
