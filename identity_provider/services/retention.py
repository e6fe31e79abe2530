"""Nothing is kept longer than it is needed: what has lived its time is deleted in small batches."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from identity_provider.db import Base, db, transaction
from identity_provider.models import (
    AuthorizationRequest,
    BrowserSession,
    CodeChallenge,
    Delivery,
    Journey,
    OutboxMessage,
    RateCounter,
    TrnToken,
    WebhookMessage,
)

BATCH = 1_000
ABANDONED = timedelta(days=7)
"""Abandoned journeys and codes are kept for a week, to answer "what went wrong?"."""
SESSIONS = timedelta(days=30)
OUTBOX = timedelta(days=30)


def remove_expired(now: datetime) -> dict[str, int]:
    """Delete every expired row, a batch per transaction; returns how many of each table went."""
    removed: dict[str, int] = {}
    for table, expired in _rules(now):
        key = table.__mapper__.primary_key
        while True:
            with transaction():
                doomed = select(*key).where(expired).limit(BATCH).subquery()
                matches = [column == doomed.c[str(column.key)] for column in key]
                gone = db.session.execute(delete(table).where(select(1).where(*matches).exists())).rowcount  # type: ignore[attr-defined]  # a CursorResult, as of every DELETE
            removed[table.__tablename__] = removed.get(table.__tablename__, 0) + gone
            if gone < BATCH:
                break
    return removed


def _rules(now: datetime) -> list[tuple[type[Base], ColumnElement[bool]]]:
    """In this order: a journey goes before the request that it answers."""
    referenced = select(Journey.authorization_request_id)
    return [
        (RateCounter, RateCounter.expires_at < now),
        (CodeChallenge, CodeChallenge.created_at < now - ABANDONED),
        (Journey, Journey.expires_at < now - ABANDONED),
        (
            AuthorizationRequest,
            (AuthorizationRequest.expires_at < now - ABANDONED) & AuthorizationRequest.id.not_in(referenced),
        ),
        (BrowserSession, BrowserSession.expires_at < now - SESSIONS),
        (
            OutboxMessage,
            (OutboxMessage.delivery != Delivery.WAITING) & (OutboxMessage.settled_at < now - OUTBOX),
        ),
        # One that waits is kept for as long as its endpoint may be switched on again, but not for ever.
        (WebhookMessage, (WebhookMessage.settled_at < now - OUTBOX) | (WebhookMessage.created_at < now - 3 * OUTBOX)),
        (TrnToken, TrnToken.expires_at < now - OUTBOX),
    ]
