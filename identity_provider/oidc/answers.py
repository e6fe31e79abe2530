"""What a browser takes back to the service: a code or an error, in the query or by a form (RFC 6749 4.1.2)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from authlib.oauth2.base import OAuth2Error
from flask import redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.domain.words import N_
from identity_provider.kit.app import settings
from identity_provider.kit.headers import allow_form_to_lead_to
from identity_provider.models import AuthorizationRequest, Client
from identity_provider.oidc import refusals
from identity_provider.oidc.sent import SentRequest
from identity_provider.services import third_party_login


def give_code(request: AuthorizationRequest, code: str) -> ResponseReturnValue:
    """A successful answer."""
    return _send(request.redirect_uri, request.response_mode, {"code": code}, request.state)


def give_error(request: AuthorizationRequest, error: str, description: str) -> ResponseReturnValue:
    """An error for a request that was accepted and could not be granted."""
    refusals.remember(request.client_id, error, description)
    words = {"error": error, "error_description": description}
    return _send(request.redirect_uri, request.response_mode, words, request.state)


def refuse(sent: SentRequest, refusal: OAuth2Error) -> ResponseReturnValue:
    """The answer to a request that failed a check: a page as long as its redirect URI is not trusted."""
    refusals.remember(sent.client.id if sent.client else None, refusal.error, refusal.description)
    if sent.redirect_uri is None:
        return problem_page(refusal.description)
    words = {"error": refusal.error, "error_description": refusal.description}
    state = None if "state" in sent.repeated else sent.get("state")
    return _send(sent.redirect_uri, sent.response_mode, words, state)


def problem_page(description: str, status: int = 400) -> ResponseReturnValue:
    """A page of ours that says what is wrong and leads nowhere that was not registered (attack 19).

    `description` is marked for the catalogue (domain/words.py) where it is written.
    """
    return render_template("oidc/problem.html", description=_(description)), status


def start_again(client: Client) -> ResponseReturnValue:
    """For a request that was answered or is over: back to where the service begins, never a second code.

    Third-party initiated login (OpenID Connect Core 4) lets the service ask anew, which we then answer at once.
    """
    if not client.is_enabled:
        return problem_page(N_("The service that sent you here is not registered with us any more."))
    start = third_party_login.start_of(client, settings().issuer)
    if start is not None:
        return redirect(start, code=303)
    return render_template("oidc/finished.html", client=client, site=_site_of(client))


def _site_of(client: Client) -> str | None:
    """The site of a service that named no page of its own: where its registered return address lies."""
    sites = (urlsplit(uri) for uri in client.redirect_uris)
    return next((f"{each.scheme}://{each.netloc}/" for each in sites if each.scheme in {"http", "https"}), None)


def redirect_with(uri: str, parameters: dict[str, str]) -> ResponseReturnValue:
    """A redirect that a browser follows with GET, whatever it sent (RFC 9700 4.12)."""
    return redirect(_with(uri, parameters), code=303)


def _send(uri: str, mode: str, parameters: dict[str, str], state: str | None) -> ResponseReturnValue:
    """Every answer says who gave it (RFC 9207) and returns the state exactly as it came."""
    if state is not None:
        parameters["state"] = state
    parameters["iss"] = settings().issuer
    if mode == "form_post":
        allow_form_to_lead_to(uri)
        return render_template("oidc/form_post.html", target=uri, parameters=parameters)
    return redirect_with(uri, parameters)


def _with(uri: str, parameters: dict[str, str]) -> str:
    """The address as registered, to the letter, with more in its query."""
    if not parameters:
        return uri
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(parameters)}"
