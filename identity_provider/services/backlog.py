"""What waits to be told to the outside world, and for how long: what an operator is woken for (docs/running.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from identity_provider.db import db
from identity_provider.domain.evidence import EvidenceState
from identity_provider.models import (
    CaseStatus,
    Delivery,
    Evidence,
    MessageState,
    OutboxMessage,
    SupportTicket,
    WebhookEndpoint,
    WebhookMessage,
)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many of a kind wait, and how long the oldest has (seconds; 0 when nothing does)."""

    kind: str
    waiting: int
    oldest_seconds: float


def backlogs(now: datetime) -> Sequence[Backlog]:
    """Messages to services, emails and texts, cases that Zendesk has no ticket of yet, and files that no scanner saw.

    Messages to an endpoint that was switched off wait for nobody.
    """
    enabled = select(WebhookEndpoint.id).where(WebhookEndpoint.is_enabled)
    return [
        _counted(kind, found, now)
        for kind, found in (
            (
                "webhook",
                _oldest(WebhookMessage.created_at).where(
                    WebhookMessage.state == MessageState.WAITING, WebhookMessage.endpoint_id.in_(enabled)
                ),
            ),
            ("outbox", _oldest(OutboxMessage.created_at).where(OutboxMessage.delivery == Delivery.WAITING)),
            (
                "ticket",
                _oldest(SupportTicket.created_at).where(
                    SupportTicket.status == CaseStatus.OPEN, SupportTicket.zendesk_ticket_id.is_(None)
                ),
            ),
            ("evidence", _oldest(Evidence.received_at).where(Evidence.state == EvidenceState.WAITING)),
        )
    ]


def parked_webhooks() -> int:
    """Messages that no try delivered: they wait in the console for somebody to send them again."""
    return db.session.scalar(select(func.count()).where(WebhookMessage.state == MessageState.PARKED)) or 0


def _oldest(column: Any) -> Select[Any]:
    return select(func.count(), func.min(column))


def _counted(kind: str, found: Select[Any], now: datetime) -> Backlog:
    waiting, since = db.session.execute(found).one()
    return Backlog(kind, waiting, max(0.0, (now - since).total_seconds()) if since else 0.0)
