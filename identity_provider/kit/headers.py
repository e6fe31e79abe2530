"""The headers of every response: what a browser may load, frame, keep and tell others."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, g

from identity_provider.kit.app import settings

_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*:(?://[A-Za-z0-9.\[\]:-]+)?\Z")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'{targets}; frame-ancestors 'none'; base-uri 'none'{frames}"
)
_ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_YEAR = 365 * 24 * 60 * 60


def init_headers(app: Flask) -> None:
    """Set them after each request, also when it failed before a view was reached."""
    app.after_request(set_headers)


def allow_form_to_lead_to(uri: str) -> None:
    """Let the forms of this response end at the origin of `uri`: Chromium holds redirects to form-action too.

    Refuses silently what is no origin, so that nothing else can be written into the policy (attack 16).
    """
    parts = urlsplit(uri)
    origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"{parts.scheme}:"
    if _ORIGIN.match(origin):
        g.setdefault("form_action_origins", set()).add(origin)


def allow_frames_of_ours() -> None:
    """Let this page show one of our own responses in a frame: a PDF in its sandbox (kit/sandboxed.py)."""
    g.frames_of_ours = True


def set_headers(response: Response) -> Response:
    """What a view set for itself stays."""
    headers = response.headers
    present = {name.lower(): value for name, value in headers}
    origins = g.get("form_action_origins")
    ordered = tuple(sorted(origins)) if origins else ()
    framing = bool(g.get("frames_of_ours"))
    for name, value in standard_headers(secure=settings().secure, origins=ordered, framing=framing):
        if name.lower() not in present:
            headers.add(name, value)
    if "etag" in present and "no-store" in present.get("cache-control", "no-store"):
        del headers["ETag"]
    return response


@lru_cache(maxsize=256)
def standard_headers(
    *, secure: bool, origins: tuple[str, ...] = (), framing: bool = False
) -> tuple[tuple[str, str], ...]:
    """Those of a response that says nothing itself; its forms may lead to these origins, too."""
    frames = "; frame-src 'self'" if framing else ""
    policy = _POLICY.format(targets="".join(f" {origin}" for origin in origins), frames=frames)
    transport = (("Strict-Transport-Security", f"max-age={_YEAR}; includeSubDomains"),) if secure else ()
    return (*_ALWAYS.items(), ("Content-Security-Policy", policy), *transport, ("Cache-Control", "no-store"))
