"""What is to be told to the outside world, written in the same transaction as the change that caused it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.errors import IllegalMove


class Delivery(StrEnum):
    """The life of a message: waiting, then delivered or given up."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class OutboxMessage(Base):
    """One thing to send. `idempotency_key` is unique: the same thing is never written twice.

    `payload` holds ids and words for the template, never a code: codes are computed when the mail is written.
    """

    __tablename__ = "outbox_messages"
    __table_args__ = (Index("ix_outbox_messages_delivery", "delivery", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str] = mapped_column(String(40))
    idempotency_key: Mapped[str] = mapped_column(String(200), unique=True)
    recipient: Mapped[str] = mapped_column(String(320), default="")
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    delivery: Mapped[Delivery] = mapped_column(stored_by_value(Delivery), default=Delivery.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    def settle(self, delivery: Delivery, now: datetime) -> None:
        """Delivered or given up, once."""
        if self.delivery is not Delivery.WAITING:
            raise IllegalMove(f"already {self.delivery}")
        self.delivery = delivery
        self.settled_at = now
