"""A lane in front of the framework for what services ask for most: discovery, keys and userinfo, when all is plain.

It answers good requests only and changes nothing. Whatever has a query, a body, another method, a token that is not
good, or fails in any way goes the long way through Flask, which is where every rule and every error is answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import orjson
import structlog
from flask import Flask

from identity_provider.kit import health, requests
from identity_provider.kit.app import ports, settings
from identity_provider.kit.headers import standard_headers
from identity_provider.oidc import discovery, tokens
from identity_provider.oidc.keys import key_ring
from identity_provider.services import grants

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CACHEABLE = "public, max-age=3600"

log = structlog.get_logger("lane")

_BEARER = "Bearer "


class FastLane:
    """WSGI in front of the application's own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._long_way: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        place = _PLACES.get(environ["PATH_INFO"])
        if place is None or not _is_plain(environ):
            return self._long_way(environ, start_response)
        began = time.perf_counter()
        endpoint, cache, answer = place
        with self._app.app_context():
            body = _or_none(answer, environ)
            if body is None:
                return self._long_way(environ, start_response)
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("X-Request-Id", requests.begin()),
                *_headers(secure=settings().secure, cache=cache),
            ]
            seconds = time.perf_counter() - began
            requests.log_answered("GET", environ["PATH_INFO"], endpoint, 200, seconds)
            health.count(endpoint, "GET", 200, seconds)
        start_response("200 OK", headers)
        return (body,)


def _is_plain(environ: WSGIEnvironment) -> bool:
    return (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and environ.get("CONTENT_LENGTH", "0") in {"", "0"}
        and "HTTP_TRANSFER_ENCODING" not in environ
    )


def _or_none(answer: Callable[[WSGIEnvironment], bytes | None], environ: WSGIEnvironment) -> bytes | None:
    try:
        return answer(environ)
    except Exception as error:  # noqa: BLE001 -- the long way meets it again, and says what is wrong
        log.warning("fast_lane_left", error=type(error).__name__)
        return None


def _headers(*, secure: bool, cache: str | None) -> list[tuple[str, str]]:
    standard = standard_headers(secure=secure)
    if cache is None:
        return [*standard, ("Pragma", "no-cache")]
    return [*((name, value) for name, value in standard if name != "Cache-Control"), ("Cache-Control", cache)]


def _userinfo(environ: WSGIEnvironment) -> bytes | None:
    header: str = environ.get("HTTP_AUTHORIZATION", "")
    token = header.removeprefix(_BEARER)
    if token == header or not token.startswith(grants.ACCESS_PREFIX):
        return None
    shown = grants.find_access_token(token, now=ports().clock.now())
    if shown is None or "openid" not in shown.scopes:
        return None
    found = tokens.told_of(shown)
    if found is None or found[0].userinfo_signed_response_alg is not None:
        return None
    return orjson.dumps(found[1])


def _configuration(_: WSGIEnvironment) -> bytes:
    return discovery.as_json(settings().issuer, registration=settings().client_registration)


def _jwks(_: WSGIEnvironment) -> bytes | None:
    ring = key_ring()
    return ring.jwks() if ring.public_keys() else None


_PLACES: dict[str, tuple[str, str | None, Callable[[WSGIEnvironment], bytes | None]]] = {
    "/connect/userinfo": ("oidc.userinfo", None, _userinfo),
    "/.well-known/openid-configuration": ("oidc.configuration", CACHEABLE, _configuration),
    "/.well-known/oauth-authorization-server": ("oidc.configuration", CACHEABLE, _configuration),
    "/.well-known/jwks": ("oidc.jwks", CACHEABLE, _jwks),
}
