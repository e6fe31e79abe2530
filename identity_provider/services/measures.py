"""What operators count: credentials that were shown, and limits that were reached (docs/running.md lists them)."""

from __future__ import annotations

import structlog
from prometheus_client import Counter

# `path` is where a credential was shown, `outcome` is accepted, refused or reused; docs/credential-paths.md lists both.
CREDENTIALS = Counter(
    "credentials", "Credentials that were shown, by where and with what outcome.", ("path", "outcome")
)
LIMITED = Counter("limited", "Tries that a limit refused, by limit.", ("limit",))

ALL = (CREDENTIALS, LIMITED)

log = structlog.get_logger("measures")


def accepted(path: str) -> None:
    """A credential was good."""
    _count(CREDENTIALS, path, "accepted")


def refused(path: str) -> None:
    """A credential was not good: wrong, old, unknown."""
    _count(CREDENTIALS, path, "refused")


def reused(path: str) -> None:
    """A credential that was used before was shown again: somebody has a copy, or a service has a fault."""
    _count(CREDENTIALS, path, "reused")


def limited(limit: str) -> None:
    """A limit refused a try."""
    _count(LIMITED, limit)


def _count(counter: Counter, *labels: str) -> None:
    """Nobody is kept from signing in because a measure can not be written: a full disk, a missing directory."""
    try:
        counter.labels(*labels).inc()
    except OSError as error:
        log.warning("measure_not_written", error=type(error).__name__)
