"""Registration by software (RFC 7591, OpenID Connect Registration) and its management (RFC 7592).

Off unless the operator switches it on, and then only for who holds an initial access token of the operator's.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import structlog
from flask import abort, jsonify, request
from flask.typing import ResponseReturnValue

from config.logging import SECURITY
from identity_provider.db import transaction
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports, settings
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.requests import visitor
from identity_provider.models import Client, InitialAccessToken
from identity_provider.oidc import discovery
from identity_provider.oidc.blueprint import bp
from identity_provider.oidc.claims import seconds
from identity_provider.services import measures, rate_limits, registration_tokens, registrations, signing_keys
from identity_provider.services.registration_metadata import MetadataRefused
from identity_provider.services.registrations import TokenRefused

LARGEST = 64_000
_BY_TOKEN = "called by software, which proves itself by its own token and has no cookie"

log = structlog.get_logger(SECURITY)


class NotYours(Exception):
    """The token is good, for another registration than the one that it was shown for."""


@bp.post("/connect/register")
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_TOKEN)
def register() -> ResponseReturnValue:
    """Register a service (RFC 7591 3.1). The secrets in the answer are shown this once."""
    initial = _initial_token()
    members = _members()
    sector = registrations.read_sector(members, ports().services)
    now = ports().clock.now()
    with transaction():
        made = registrations.register(members, sector, initial, now=now)
        signing_keys.ensure(made.client.id_token_signed_response_alg, now=now)
    return jsonify(_answer(made.client, made.token, made.secret)), 201


@bp.get("/connect/register/<client_id>")
@open_to(Audience.CLIENT)
def registration(client_id: str) -> ResponseReturnValue:
    """What is registered (RFC 7592 2.1); its secret is not, as only an HMAC of it is kept."""
    client, token = _registered(client_id)
    return jsonify(_answer(client, token))


@bp.put("/connect/register/<client_id>")
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_TOKEN)
def change_registration(client_id: str) -> ResponseReturnValue:
    """Register something else in its place (RFC 7592 2.2)."""
    client, token = _registered(client_id)
    members = _members()
    sector = registrations.read_sector(members, ports().services)
    now = ports().clock.now()
    with transaction():
        secret = registrations.change(client, members, sector, now=now)
        signing_keys.ensure(client.id_token_signed_response_alg, now=now)
    return jsonify(_answer(client, token, secret))


@bp.delete("/connect/register/<client_id>")
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_TOKEN)
def remove_registration(client_id: str) -> ResponseReturnValue:
    """Forget the service (RFC 7592 2.3): nobody is sent to it, and its tokens are dead."""
    client, _ = _registered(client_id)
    with transaction():
        registrations.remove(client, now=ports().clock.now())
    return "", 204


def _initial_token() -> InitialAccessToken:
    now, token = ports().clock.now(), _counted_token()
    with transaction():
        found = registration_tokens.find(token, now=now)
    return found if found is not None else _refuse("initial access token")


def _registered(client_id: str) -> tuple[Client, str]:
    """The service of this address, and the token that was shown for it. Raises TokenRefused and NotYours."""
    token = _counted_token()
    with transaction():
        try:
            return registrations.find(client_id, token), token
        except TokenRefused:
            if registrations.belongs_to_another(client_id, token):
                raise NotYours from None
            _refuse("registration access token")


def _counted_token() -> str:
    """The bearer token of the request, once it is clear that there is registration and not too much of it."""
    if not discovery.registration_is_open():
        abort(404)
    with transaction():
        rate_limits.count(rate_limits.REGISTRATION_CALLS, visitor(), now=ports().clock.now())
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _refuse(what: str) -> NoReturn:
    log.warning("registration_refused", token=what)
    measures.refused("registration_token")
    raise TokenRefused


def _members() -> dict[str, Any]:
    """The JSON object of the body. Raises MetadataRefused for anything else, and for what no database would keep."""
    if request.mimetype != "application/json" or (request.content_length or 0) > LARGEST:
        raise MetadataRefused("a JSON object of at most 64 kB is needed")
    try:
        text = request.get_data().decode()
        members = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
        json.dumps(members, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as broken:
        raise MetadataRefused("this is not JSON, or it names a member twice") from broken
    if not isinstance(members, dict) or "\\u0000" in text.lower():
        raise MetadataRefused("a JSON object without NUL is needed")
    return members


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Whoever reads the first and whoever reads the last of two would see different registrations."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number")


def _answer(client: Client, token: str, secret: str | None = None) -> dict[str, Any]:
    """RFC 7591 3.2.1 and RFC 7592 3."""
    answer = registrations.shown(client) | {
        "client_id": client.id,
        "client_id_issued_at": seconds(client.created_at),
        "registration_access_token": token,
        "registration_client_uri": f"{settings().issuer}/connect/register/{client.id}",
    }
    # A secret does not expire by itself.
    return answer | ({"client_secret": secret, "client_secret_expires_at": 0} if secret else {})


@bp.errorhandler(MetadataRefused)
def _metadata_refused(refusal: MetadataRefused) -> ResponseReturnValue:
    return jsonify(error=refusal.error, error_description=refusal.description), 400


@bp.errorhandler(TokenRefused)
def _token_refused(_: TokenRefused) -> ResponseReturnValue:
    challenge = {"WWW-Authenticate": 'Bearer realm="registration", error="invalid_token"'}
    return jsonify(error="invalid_token", error_description="The token is not valid"), 401, challenge


@bp.errorhandler(NotYours)
def _not_yours(_: NotYours) -> ResponseReturnValue:
    return jsonify(error="insufficient_scope", error_description="The token is for another registration"), 403
