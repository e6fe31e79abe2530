"""Who is signed in at the sample services: kept on the server, found by a random number in the cookie."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from flask import session

MOST_VISITS = 10_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a sample service learnt of one person."""

    id_token: str
    id_token_claims: dict[str, Any]
    userinfo: dict[str, Any]

    @property
    def claims(self) -> dict[str, Any]:
        """Both together; the ID token wins, as it does in the services' own libraries."""
        return {**self.userinfo, **self.id_token_claims}


class Visits:
    """Sign-ins by visitor and service. A restart signs everybody out of the sample services."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[tuple[str, str], SignIn] = {}

    def remember(self, service: str, sign_in: SignIn) -> None:
        with self._lock:
            self._kept[self._visitor(), service] = sign_in
            while len(self._kept) > MOST_VISITS:
                del self._kept[next(iter(self._kept))]

    def of(self, service: str) -> SignIn | None:
        """The visitor's sign-in at this service."""
        return self._kept.get((self._visitor(), service))

    def forget(self, service: str) -> SignIn | None:
        with self._lock:
            return self._kept.pop((self._visitor(), service), None)

    @staticmethod
    def _visitor() -> str:
        visitor: str = session.setdefault("visitor", secrets.token_urlsafe(24))
        return visitor


class PendingRequests:
    """What Authlib has to remember between the redirect there and the one back (its `cache`)."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[float, str]] = {}

    def get(self, key: str) -> str | None:
        expires, value = self._kept.get(key, (0.0, ""))
        return value if expires > time.monotonic() else None

    def set(self, key: str, value: str, expires_in: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._kept = {name: kept for name, kept in self._kept.items() if kept[0] > now}
            self._kept[key] = (now + expires_in, value)

    def delete(self, key: str) -> None:
        with self._lock:
            self._kept.pop(key, None)
