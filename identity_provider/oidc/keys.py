"""The signing keys of this process: imported once, and read anew when the database says that they changed.

Importing an RSA private key costs as much as fifty signatures (design page oidc.md, "Cost").
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from flask import current_app
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet
from joserfc.jws import JWSRegistry

from identity_provider.db import transaction
from identity_provider.models import KeyState, SigningKey
from identity_provider.services import signing_keys
from identity_provider.services.changes import SIGNING_KEYS, TRUSTED_SECONDS, changes

# While nobody would tell us of a change.
_UNTOLD_SECONDS = 3.0


@dataclass(slots=True)
class _Loaded:
    """What the database said, and when."""

    public: list[dict[str, Any]] = field(default_factory=list)
    active: dict[str, str] = field(default_factory=dict)
    jwks: bytes = b""
    stamp: int | None = None
    until: float = float("-inf")


class KeyRing:
    """Signs and verifies with the keys that every worker shares."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._loaded = _Loaded()
        self._imported: dict[str, Key] = {}

    def sign(self, claims: dict[str, Any], algorithm: str, *, typ: str = "JWT", now: datetime) -> str:
        """A signed JWT whose header names its key."""
        key = self._signer(algorithm, now)
        content = f"{_header(algorithm, str(key.kid), typ)}.{_base64url(orjson.dumps(claims))}"
        signature = JWSRegistry.algorithms[algorithm].sign(content.encode("ascii"), key)
        return f"{content}.{_base64url(signature)}"

    def claims_of(self, token: str) -> dict[str, Any] | None:
        """The claims of a JWT that we signed with a key that is still published; None for anything else.

        Its age is the caller's matter. Nothing in the token chooses a key but `kid`, and the key says its algorithm.
        """
        published = {each["kid"]: each for each in self.public_keys()}
        try:
            header = jwt.decode(
                token,
                KeySet.import_key_set({"keys": list(published.values())}),
                algorithms=list(signing_keys.ALGORITHMS),
            )
        except (JoseError, ValueError, TypeError, UnicodeError):
            return None
        used = published.get(str(header.header.get("kid")))
        return dict(header.claims) if used and used["alg"] == header.header["alg"] else None

    def public_keys(self) -> list[dict[str, Any]]:
        """The public halves, as the JWK Set holds them (RFC 7517)."""
        return self._fresh().public

    def jwks(self) -> bytes:
        """The same as the JSON document that the services fetch."""
        return self._fresh().jwks

    def ensure_default(self, now: datetime) -> None:
        """Make the first keys ever, in a transaction of their own, so that no later failure takes them back."""
        if signing_keys.DEFAULT_ALGORITHM not in self._fresh().active:
            with transaction():
                signing_keys.ensure(signing_keys.DEFAULT_ALGORITHM, now=now)
            self.forget()

    def forget(self) -> None:
        """Read the database anew at the next use."""
        self._loaded.until = float("-inf")

    def _signer(self, algorithm: str, now: datetime) -> Key:
        kid = self._fresh().active.get(algorithm)
        if kid is not None and kid in self._imported:
            return self._imported[kid]
        with transaction():
            row = signing_keys.ensure(algorithm, now=now)
        key = JWKRegistry.import_key(json.loads(signing_keys.private_jwk(row)))
        if kid == row.kid:
            self._imported[kid] = key
        else:
            self.forget()  # made just now: it stays only if the caller commits
        return key

    def _fresh(self) -> _Loaded:
        with self._lock:
            stamp = changes().stamp(SIGNING_KEYS)
            if time.monotonic() > self._loaded.until or stamp != self._loaded.stamp:
                rows = signing_keys.published()
                public = [_public(row) for row in rows]
                fresh_for = _UNTOLD_SECONDS if stamp is None else TRUSTED_SECONDS
                until = time.monotonic() + fresh_for
                self._loaded = _Loaded(public, _active(rows), orjson.dumps({"keys": public}), stamp, until)
                for gone in set(self._imported) - {row.kid for row in rows}:
                    del self._imported[gone]
            return self._loaded


def key_ring() -> KeyRing:
    """The key ring of this application."""
    ring: KeyRing = current_app.extensions["key_ring"]
    return ring


@lru_cache(maxsize=64)
def _header(algorithm: str, kid: str, typ: str) -> str:
    return _base64url(orjson.dumps({"alg": algorithm, "kid": kid, "typ": typ}))


def _base64url(octets: bytes) -> str:
    """RFC 7515, section 2."""
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _public(row: SigningKey) -> dict[str, Any]:
    return dict(row.public_jwk)


def _active(rows: list[SigningKey]) -> dict[str, str]:
    return {row.algorithm: row.kid for row in rows if row.state is KeyState.ACTIVE}
