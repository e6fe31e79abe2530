"""What operators count: credentials that were shown, and limits that were reached (docs/running.md lists them)."""

from __future__ import annotations

from prometheus_client import Counter

# `path` is where a credential was shown, `outcome` is accepted, refused or reused; docs/credential-paths.md lists both.
CREDENTIALS = Counter(
    "credentials", "Credentials that were shown, by where and with what outcome.", ("path", "outcome")
)
LIMITED = Counter("limited", "Tries that a limit refused, by limit.", ("limit",))

ALL = (CREDENTIALS, LIMITED)


def accepted(path: str) -> None:
    """A credential was good."""
    CREDENTIALS.labels(path, "accepted").inc()


def refused(path: str) -> None:
    """A credential was not good: wrong, old, unknown."""
    CREDENTIALS.labels(path, "refused").inc()


def reused(path: str) -> None:
    """A credential that was used before was shown again: somebody has a copy, or a service has a fault."""
    CREDENTIALS.labels(path, "reused").inc()


def limited(limit: str) -> None:
    """A limit refused a try."""
    LIMITED.labels(limit).inc()
