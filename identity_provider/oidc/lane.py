"""A lane in front of the framework for what services ask for most, when all is plain.

Discovery, keys, userinfo, introspection, and tokens for a code or a refresh token. It answers good requests only, and
where it does not answer it has changed nothing. Whatever has a query, a body or a form that is not the usual one,
another method, a token that is not good, or fails in any way goes the long way through Flask, which is where every rule
and every error is answered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
import structlog
from flask import Flask, g
from flask.typing import ResponseReturnValue

from identity_provider.kit import health, requests
from identity_provider.kit.app import ports, settings
from identity_provider.kit.headers import standard_headers
from identity_provider.models import Client
from identity_provider.oidc import client_authentication, discovery, token_endpoints, tokens
from identity_provider.oidc.grants import AnswerLost, redeemed, refreshed
from identity_provider.oidc.keys import key_ring
from identity_provider.services import grants

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CACHEABLE = "public, max-age=3600"

log = structlog.get_logger("lane")

_BEARER = "Bearer "
_FORM = "application/x-www-form-urlencoded"
_LONGEST_FORM = 4_096
_REDEEMS = {"grant_type", "code", "redirect_uri", "code_verifier"}


class FastLane:
    """WSGI in front of the application's own."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._long_way: WSGIApplication = app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        place = _PLACES.get(environ["PATH_INFO"])
        if place is None or not _is_plain(environ, place.method):
            return self._long_way(environ, start_response)
        began = time.perf_counter()
        try:
            return self._answered(place, environ, start_response, began) or self._long_way(environ, start_response)
        except AnswerLost as lost:
            return self._failed(lost.why, environ, began)(environ, start_response)

    def _answered(
        self, place: _Place, environ: WSGIEnvironment, start_response: StartResponse, began: float
    ) -> Iterable[bytes] | None:
        with self._app.app_context():
            request_id = requests.begin()
            body = _or_none(place.answer, environ)
            if body is None:
                return None
            headers = [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                ("X-Request-Id", request_id),
                *_headers(secure=settings().secure, kept=place.kept),
            ]
            seconds = time.perf_counter() - began
            requests.log_answered(place.method, environ["PATH_INFO"], place.endpoint, 200, seconds)
            health.count(place.endpoint, place.method, 200, seconds)
        start_response("200 OK", headers)
        return (body,)

    def _failed(self, failure: Exception, environ: WSGIEnvironment, began: float) -> WSGIApplication:
        """What the application answers when this is raised in a view: once more by the long way would be a replay."""
        with self._app.request_context(environ):
            g.started = began
            requests.request_id()
            try:
                return self._app.finalize_request(_judged(self._app, failure))
            except Exception as unknown:  # noqa: BLE001 -- as the framework does
                return self._app.handle_exception(unknown)


def _judged(app: Flask, failure: Exception) -> ResponseReturnValue:
    """What the application's handlers make of it; those that make nothing of it raise what is being handled."""
    try:
        raise failure  # noqa: TRY301 -- the handlers look at what is being handled
    except Exception as raised:  # noqa: BLE001 -- as the framework does
        return app.handle_user_exception(raised)


def _is_plain(environ: WSGIEnvironment, method: str) -> bool:
    if environ["REQUEST_METHOD"] != method or environ.get("QUERY_STRING") or "HTTP_TRANSFER_ENCODING" in environ:
        return False
    length = environ.get("CONTENT_LENGTH") or "0"
    if method == "GET":
        return length == "0"
    return environ.get("CONTENT_TYPE") == _FORM and length.isdecimal() and int(length) <= _LONGEST_FORM


def _or_none(answer: Callable[[WSGIEnvironment], bytes | None], environ: WSGIEnvironment) -> bytes | None:
    try:
        return answer(environ)
    except AnswerLost:
        raise
    except Exception as error:  # noqa: BLE001 -- the long way meets it again, and says what is wrong
        log.warning("fast_lane_left", error=type(error).__name__)
        return None


@cache
def _headers(*, secure: bool, kept: str | None) -> tuple[tuple[str, str], ...]:
    standard = standard_headers(secure=secure)
    if kept is None:
        return (*standard, ("Pragma", "no-cache"))
    return (*((name, value) for name, value in standard if name != "Cache-Control"), ("Cache-Control", kept))


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


def _introspection(environ: WSGIEnvironment) -> bytes | None:
    token = _only_token(environ)
    client = client_authentication.plainly_proved(environ.get("HTTP_AUTHORIZATION", "")) if token else None
    if client is None or token is None:
        return None
    told = token_endpoints.introspected(client, token)
    if told is None:
        return None
    client_authentication.count_accepted(client)
    return orjson.dumps(told)


def _token(environ: WSGIEnvironment) -> bytes | None:
    form = _form(environ)
    exchange = _exchange(form)
    client = client_authentication.plainly_proved(environ.get("HTTP_AUTHORIZATION", "")) if exchange else None
    if client is None or exchange is None or form.get("client_id", client.id) != client.id:
        return None
    key_ring().ensure_default(ports().clock.now())
    told = exchange(client)
    if told is None:
        return None
    client_authentication.count_accepted(client)
    return orjson.dumps(told)


def _exchange(form: dict[str, str]) -> Callable[[Client], dict[str, Any] | None] | None:
    """What a form asks for that holds what its grant needs, and nothing else but the client's name."""
    kind, names = form.get("grant_type"), form.keys() - {"client_id"}
    if kind == "authorization_code" and names == _REDEEMS:
        return lambda client: redeemed(client, form["code"], form["redirect_uri"], form["code_verifier"])
    if kind == "refresh_token" and names == {"grant_type", "refresh_token"}:
        return lambda client: refreshed(client, form["refresh_token"])
    return None


def _only_token(environ: WSGIEnvironment) -> str | None:
    """The token of a form that holds nothing else but a hint."""
    form = _form(environ)
    return form.get("token") if form.keys() <= {"token", "token_type_hint"} else None


def _form(environ: WSGIEnvironment) -> dict[str, str]:
    """What was sent; nothing where anything is repeated. It can be read again on the long way."""
    sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or "0"))
    environ["wsgi.input"] = BytesIO(sent)
    pairs = parse_qsl(sent.decode("ascii"), keep_blank_values=True) if sent.isascii() else []
    form = dict(pairs)
    plain = len(form) == len(pairs) and not any("\0" in value for value in form.values())
    return form if plain else {}


def _configuration(_: WSGIEnvironment) -> bytes:
    return discovery.as_json(settings().issuer, registration=discovery.registration_is_open())


def _jwks(_: WSGIEnvironment) -> bytes | None:
    ring = key_ring()
    return ring.jwks() if ring.public_keys() else None


@dataclass(frozen=True, slots=True)
class _Place:
    """What is answered somewhere, to one method; under its endpoint's name in logs and counts."""

    endpoint: str
    answer: Callable[[WSGIEnvironment], bytes | None]
    method: str = "GET"
    # For how long others may keep it; not at all, where nothing is said.
    kept: str | None = None


_DISCOVERY = _Place("oidc.configuration", _configuration, kept=CACHEABLE)
_PLACES = {
    "/connect/userinfo": _Place("oidc.userinfo", _userinfo),
    "/connect/introspection": _Place("oidc.introspection", _introspection, method="POST"),
    "/connect/token": _Place("oidc.token", _token, method="POST"),
    "/.well-known/openid-configuration": _DISCOVERY,
    "/.well-known/oauth-authorization-server": _DISCOVERY,
    "/.well-known/jwks": _Place("oidc.jwks", _jwks, kept=CACHEABLE),
}
