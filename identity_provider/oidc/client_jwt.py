"""JSON Web Tokens that clients signed: assertions and request objects, read alike (RFC 8725)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity_provider.models import Client
from identity_provider.services import client_keys
from identity_provider.services.signed_tokens import (
    FORBIDDEN_HEADERS,
    SKEW,
    JwtRefused,
    begins_too_late,
    header_of,
    key_named_in,
    moment,
    signed_by,
    unverified,
)
from identity_provider.services.signing_keys import ALGORITHMS

__all__ = [
    "SKEW",
    "Expected",
    "JwtRefused",
    "begins_too_late",
    "header_of",
    "key_named_in",
    "moment",
    "read",
    "unverified",
]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must look like to be read at all: its types, in lower case, and the registered algorithm."""

    types: frozenset[str]
    algorithm: str | None = None


def read(token: str, client: Client, expected: Expected, *, now: datetime) -> dict[str, Any]:
    """What a client says under its signature. Raises JwtRefused.

    Whether it may say so, and whether the token is too old, is the caller's matter.
    """
    header = header_of(token)
    if FORBIDDEN_HEADERS & header.keys() or str(header.get("typ", "JWT")).lower() not in expected.types:
        raise JwtRefused("header")
    algorithm, kid = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or (expected.algorithm is not None and algorithm != expected.algorithm):
        raise JwtRefused("algorithm")
    if kid is not None and not isinstance(kid, str):
        raise JwtRefused("kid")
    for jwk in client_keys.fitting(client_keys.known(client, now=now), algorithm, kid):
        claims = signed_by(token, jwk, algorithm)
        if claims is not None:
            return claims
    raise JwtRefused("signature")
