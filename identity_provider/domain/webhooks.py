"""The rules of telling services of changes: when a message is tried again, and when it is parked."""

from __future__ import annotations

from datetime import datetime, timedelta

RETRY_AFTER = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
"""How long after each failed try the next one comes (domain.md, "Webhooks to services")."""

LONGEST_REST = timedelta(minutes=10)


def next_try(failed: int, now: datetime) -> datetime | None:
    """When a message whose try number `failed` has just failed is tried again; None when it is to be parked."""
    return now + RETRY_AFTER[failed - 1] if failed <= len(RETRY_AFTER) else None


def rest_of(retry_after_seconds: int | None) -> timedelta:
    """How long an endpoint that did not answer, or asked for time, is left alone: what it asked for, within reason."""
    asked = timedelta(seconds=retry_after_seconds) if retry_after_seconds is not None else RETRY_AFTER[0]
    return min(max(asked, timedelta(seconds=1)), LONGEST_REST)
