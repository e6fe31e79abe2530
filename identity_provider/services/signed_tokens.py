"""Reading JSON Web Tokens that somebody else signed, believing nothing before its signature (RFC 8725)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

SKEW = timedelta(seconds=60)
"""How far the clocks of two machines may differ (attack 58)."""

# A key must come from where the signer publishes it: these would bring one along, or mean what we do not know.
FORBIDDEN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64"})


class JwtRefused(Exception):
    """The token proves nothing. Its bearer is told no more than that; the log is told why."""


def header_of(token: str) -> dict[str, Any]:
    """The header, of which nothing is believed yet. Raises JwtRefused."""
    return _part(token, 0)


def unverified(token: str) -> dict[str, Any]:
    """The claims, of which nothing is believed. Raises JwtRefused."""
    return _part(token, 1)


def key_named_in(token: str) -> str | None:
    """The id of the key that is said to have signed; None when there is none or it can not be read."""
    try:
        kid = header_of(token).get("kid")
    except JwtRefused:
        return None
    return kid if isinstance(kid, str) else None


def moment(value: object) -> datetime | None:
    """A NumericDate (RFC 7519 section 2); None for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def begins_too_late(said: dict[str, Any], *, now: datetime) -> str | None:
    """Which of `nbf` and `iat` lies ahead by more than clocks differ, or is no moment (attack 58)."""
    for name in ("nbf", "iat"):
        if name in said and not ((begins := moment(said[name])) and begins <= now + SKEW):
            return name
    return None


def signed_by(token: str, jwk: dict[str, Any], algorithm: str) -> dict[str, Any] | None:
    """The claims, when this key signed them by this algorithm; None when it did not. Raises JwtRefused."""
    try:
        key = _imported(json.dumps(jwk, sort_keys=True))
        payload: bytes = jws.deserialize_compact(token, key, algorithms=[algorithm]).payload
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return _object_in(payload)


@lru_cache(maxsize=512)
def _imported(jwk: str) -> Key:
    """Importing a key costs more than verifying with it."""
    return JWKRegistry.import_key(json.loads(jwk))


def _part(token: str, part: int) -> dict[str, Any]:
    parts = token.split(".")
    if len(parts) != 3:  # five would be an encrypted one
        raise JwtRefused("not a signed JWT")
    try:
        return _object_in(base64.urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)))
    except ValueError as broken:
        raise JwtRefused("not base64url") from broken


def _object_in(text: bytes) -> dict[str, Any]:
    try:
        read_as = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as broken:
        raise JwtRefused("not JSON") from broken
    if not isinstance(read_as, dict):
        raise JwtRefused("not an object")
    return read_as


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise JwtRefused("a member is repeated")
    return dict(pairs)
