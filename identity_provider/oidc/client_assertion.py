"""private_key_jwt: a client proves itself by a JWT that it signed (RFC 7523 section 3; OpenID Connect Core 9)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, KeySet
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.kit.app import settings
from identity_provider.models import Client, UsedAssertion
from identity_provider.services.signing_keys import ALGORITHMS
from identity_provider.vault import vault

LONGEST_LIFE = timedelta(minutes=5)
SKEW = timedelta(seconds=60)

# A key must come from the client's registration: these would bring one along, or mean what we do not know (RFC 8725).
_FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64"})
_TYPES = frozenset({"jwt", "client-authentication+jwt"})
_LONGEST_JTI = 255


class AssertionRefused(Exception):
    """The assertion proves nothing. The client is not told why; the log is."""


def named_client(assertion: str) -> str:
    """The client that an assertion names, before anything of it is believed; empty when it can not be read."""
    try:
        return str(_unverified(assertion, 1).get("sub", ""))
    except AssertionRefused:
        return ""


def check(assertion: str, client: Client, *, now: datetime) -> None:
    """Believe the assertion of this client, once. Raises AssertionRefused.

    Its use is written down in the caller's transaction, so a replay is refused by every worker (RFC 7523 3, 7).
    """
    header = _unverified(assertion, 0)
    if _FORBIDDEN_HEADERS & header.keys() or str(header.get("typ", "JWT")).lower() not in _TYPES:
        raise AssertionRefused("header")
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise AssertionRefused("algorithm")
    try:
        read = jws.deserialize_compact(assertion, _keys_of(client, algorithm), algorithms=[algorithm])
    except (JoseError, ValueError, TypeError) as broken:
        raise AssertionRefused("signature") from broken
    expires = _check_claims(_object_in(read.payload), client, now)
    _use_once(client, _object_in(read.payload)["jti"], expires)


def _check_claims(said: dict[str, Any], client: Client, now: datetime) -> datetime:
    if said.get("iss") != client.id or said.get("sub") != client.id:
        raise AssertionRefused("issuer or subject")
    # One string: an assertion for many audiences could be shown to us by another of them (FAPI 2.0 5.3.2.1).
    if said.get("aud") not in (settings().issuer, f"{settings().issuer}/connect/token"):
        raise AssertionRefused("audience")
    jti = said.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_JTI:
        raise AssertionRefused("jti")
    expires = _moment(said.get("exp"))
    if expires is None or not now - SKEW < expires <= now + LONGEST_LIFE + SKEW:
        raise AssertionRefused("exp")
    for name in ("nbf", "iat"):
        if name in said and not ((begins := _moment(said[name])) and begins <= now + SKEW):
            raise AssertionRefused(name)
    return expires


def _use_once(client: Client, jti: str, expires: datetime) -> None:
    key = vault.keyed_hash("client_assertion", f"{client.id}\0{jti}")
    added = db.session.execute(
        insert(UsedAssertion)
        .values(key=key, expires_at=expires + SKEW)
        .on_conflict_do_nothing()
        .returning(UsedAssertion.key)
    ).first()
    if added is None:
        raise AssertionRefused("replayed")


def _keys_of(client: Client, algorithm: str) -> KeySet:
    """The client's keys that may be used with this algorithm: never a secret, never a key of another algorithm."""
    kinds = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "Ed25519": "OKP"}
    fitting = [
        JWKRegistry.import_key(each)
        for each in (client.jwks or {}).get("keys", [])
        if each.get("kty") == kinds[algorithm] and each.get("alg", algorithm) == algorithm
    ]
    return KeySet(fitting)


def _unverified(token: str, part: int) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:  # five would be an encrypted one
        raise AssertionRefused("not a signed JWT")
    try:
        return _object_in(base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)))
    except ValueError as broken:
        raise AssertionRefused("not base64url") from broken


def _object_in(text: bytes) -> dict[str, Any]:
    try:
        read = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as broken:
        raise AssertionRefused("not JSON") from broken
    if not isinstance(read, dict):
        raise AssertionRefused("not an object")
    return read


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise AssertionRefused("a member is repeated")
    return dict(pairs)


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None
