"""Authorization requests that a client signed (RFC 9101; OpenID Connect Core 6.1), by value only.

What the client signed replaces what stands beside it: a person, or whoever sits in their browser, can change nothing.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import structlog
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError

from config.logging import SECURITY
from identity_provider.kit.app import settings
from identity_provider.oidc import client_jwt
from identity_provider.oidc.checks import client as which_client
from identity_provider.oidc.checks import redirect_uri, response_mode, well_formed
from identity_provider.oidc.client_jwt import Expected, JwtRefused
from identity_provider.oidc.sent import KEPT_AS_SENT, SentRequest

log = structlog.get_logger(SECURITY)

# An assertion has a type or a subject of its own, and is no request (attack 43).
_TYPES = frozenset({"oauth-authz-req+jwt", "jwt"})
_ABOUT_THE_TOKEN = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_NESTED = frozenset({"request", "request_uri"})
# What has a meaning here and must therefore be what it is to be; whatever else an object says is left alone.
_PARAMETERS = frozenset(KEPT_AS_SENT) | {
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "claims",
}


class InvalidRequestObject(OAuth2Error):  # type: ignore[misc]  # Authlib carries no types
    """The request object is not signed by this client, not meant for us, or too old (RFC 9101 6)."""

    error = "invalid_request_object"


def open_in(sent: SentRequest) -> None:
    """Put what a signed request object says in the place of what stands beside it; nothing where there is none.

    A client without keys is left to its check, which refuses every request object. Raises OAuth2Error; the redirect
    URI is trusted already if there is a registered one, in the object when its signature holds, else beside it.
    """
    token = sent.get("request")
    if token is None:
        return
    well_formed.check(sent)
    which_client.check(sent)
    if not sent.registered.has_keys:
        return
    if sent.get("request_uri") is not None:
        raise _refused(sent, InvalidRequestError("Send a request or a request_uri, not both."))
    try:
        said = _read(sent, token)
        beside, sent.beside = sent.parameters, sent.parameters
        sent.parameters = {"client_id": sent.registered.id, **_parameters_in(said)}
        well_formed.check(sent)
        _judge(said, beside.get("response_type"), sent)
    except JwtRefused as refusal:
        log.warning("request_object_refused", client_id=sent.registered.id, reason=str(refusal))
        raise _refused(sent, InvalidRequestObject("The request object is not valid.")) from refusal


def _read(sent: SentRequest, token: str) -> dict[str, Any]:
    client = sent.registered
    return client_jwt.read(token, client, Expected(_TYPES, client.request_object_signing_alg), now=sent.now)


def _parameters_in(said: dict[str, Any]) -> dict[str, str]:
    """The parameters, each as the text that it would be in an address (RFC 9101 4)."""
    written = {name: _as_text(name, value) for name, value in said.items() if name not in _ABOUT_THE_TOKEN}
    # RFC 6749 3.1: parameters that nobody defined are ignored, of whatever kind they are.
    return {name: value for name, value in written.items() if value}


def _as_text(name: str, value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict) and name == "claims":
        return json.dumps(value)
    if name in _PARAMETERS:
        raise JwtRefused(f"parameter {name}")
    return None


def _judge(said: dict[str, Any], response_type: str | None, sent: SentRequest) -> None:
    client_id, audience = sent.registered.id, said.get("aud")
    if "sub" in said or _NESTED & said.keys():
        raise JwtRefused("not a request object")
    if said.get("iss") != client_id or said.get("client_id", client_id) != client_id:
        raise JwtRefused("issuer or client_id")
    if settings().issuer not in (audience if isinstance(audience, list) else [audience]):
        raise JwtRefused("audience")
    if "exp" in said:
        expires = client_jwt.moment(said["exp"])
        if expires is None or expires <= sent.now - client_jwt.SKEW:
            raise JwtRefused("exp")
    if late := client_jwt.begins_too_late(said, now=sent.now):
        raise JwtRefused(late)
    # OpenID Connect Core 6.1: it stands beside the object too, and must be the same.
    if response_type is not None and response_type != said.get("response_type"):
        raise JwtRefused("response_type")


def _refused(sent: SentRequest, refusal: OAuth2Error) -> OAuth2Error:
    """The refusal, once it is settled whether the service may be told of it."""
    with suppress(OAuth2Error):
        redirect_uri.check(sent)
        response_mode.check(sent)
    return refusal
