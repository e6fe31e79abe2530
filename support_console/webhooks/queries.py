"""What the pages of webhooks show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from identity_provider.db import db
from identity_provider.models import Client, MessageState, WebhookEndpoint, WebhookMessage

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One endpoint, and how many of its messages stand where."""

    endpoint: WebhookEndpoint
    waiting: int
    parked: int


def all_endpoints() -> list[Listed]:
    """Every endpoint, by the name of its service."""
    counted = select(WebhookMessage.endpoint_id, WebhookMessage.state, func.count()).where(
        WebhookMessage.state != MessageState.DELIVERED
    )
    rows = db.session.execute(counted.group_by(WebhookMessage.endpoint_id, WebhookMessage.state)).all()
    counts = {(endpoint_id, state): number for endpoint_id, state, number in rows}
    endpoints = db.session.scalars(
        select(WebhookEndpoint).join(Client).order_by(Client.name, WebhookEndpoint.created_at)
    ).unique()
    return [
        Listed(each, counts.get((each.id, MessageState.WAITING), 0), counts.get((each.id, MessageState.PARKED), 0))
        for each in endpoints
    ]


def log_of(endpoint: WebhookEndpoint, state: MessageState | None) -> Sequence[WebhookMessage]:
    """The newest messages, each with its tries."""
    found = (
        select(WebhookMessage)
        .where(WebhookMessage.endpoint_id == endpoint.id)
        .order_by(WebhookMessage.created_at.desc())
        .limit(MOST_SHOWN)
        .options(selectinload(WebhookMessage.attempts))
    )
    if state is not None:
        found = found.where(WebhookMessage.state == state)
    return db.session.scalars(found).all()


def message_of(endpoint_id: UUID, message_id: UUID) -> WebhookMessage | None:
    """A message of this endpoint."""
    found = select(WebhookMessage).where(WebhookMessage.id == message_id, WebhookMessage.endpoint_id == endpoint_id)
    return db.session.scalar(found)


def services() -> dict[str, str]:
    """Which services an endpoint may be for: of our own, and switched on."""
    found = select(Client).where(Client.disabled_at.is_(None), Client.first_party).order_by(Client.name, Client.id)
    return {each.id: f"{each.name} ({each.id})" for each in db.session.scalars(found)}
