"""Where services hear of changes, and everything that was sent there."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.errors import IllegalMove
from identity_provider.models.client import Client


class MessageType(StrEnum):
    """What a message is about, exactly these strings (domain.md, "Webhooks to services")."""

    USER_CREATED = "UserCreated"
    USER_UPDATED = "UserUpdated"
    USER_MERGED = "UserMerged"
    PING = "Ping"


SUBSCRIBABLE = (MessageType.USER_CREATED, MessageType.USER_UPDATED, MessageType.USER_MERGED)


class MessageState(StrEnum):
    """The life of one message to one endpoint: waiting, then delivered, or parked until somebody replays it."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    PARKED = "parked"


class WebhookEndpoint(Base):
    """One address of one service. It hears only of people who signed in to that service."""

    __tablename__ = "webhook_endpoints"
    __table_args__ = (CheckConstraint("cardinality(message_types) > 0", name="hears_of_something"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    message_types: Mapped[list[str]] = mapped_column(default=list)
    is_enabled: Mapped[bool] = mapped_column(default=True, server_default=true())
    # It did not answer, or asked us to wait: nothing is sent before this moment, so that nothing piles up there.
    resting_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    client: Mapped[Client] = relationship(lazy="joined")
    secrets: Mapped[list[WebhookSecret]] = relationship(
        # The newest has no end yet and comes last, also where a clock that went back made two at one moment.
        back_populates="endpoint",
        order_by="(WebhookSecret.expires_at.nulls_last(), WebhookSecret.created_at)",
        cascade="all, delete-orphan",
    )


class WebhookSecret(Base):
    """One of at most two live secrets, sealed: messages are signed with it."""

    __tablename__ = "webhook_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    # When the service last took a message that was signed with it: that one is tried first.
    accepted_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    endpoint: Mapped[WebhookEndpoint] = relationship(back_populates="secrets")


class WebhookMessage(Base):
    """One message to one endpoint. The body is sealed, and the same at every try (a receiver knows it by its id)."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        Index("uq_webhook_messages_notification", "endpoint_id", "notification_id", unique=True),
        Index("ix_webhook_messages_log", "endpoint_id", "created_at"),
        Index(
            "ix_webhook_messages_due",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    # `notificationId`: one for each change, whoever hears of it.
    notification_id: Mapped[UUID]
    message_type: Mapped[MessageType] = mapped_column(stored_by_value(MessageType))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    # `timeUtc`: when the change happened, never when it was sent.
    happened_at: Mapped[datetime]
    body_sealed: Mapped[bytes]
    state: Mapped[MessageState] = mapped_column(stored_by_value(MessageState), default=MessageState.WAITING)
    # Since it was written or last replayed: the row's own attempts are all there are.
    tries: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    endpoint: Mapped[WebhookEndpoint] = relationship(lazy="joined")
    attempts: Mapped[list[WebhookAttempt]] = relationship(
        back_populates="message", order_by="WebhookAttempt.at", cascade="all, delete-orphan", passive_deletes=True
    )

    def settle(self, state: MessageState, now: datetime) -> None:
        """Delivered or parked. Raises IllegalMove for one that was settled before."""
        if self.state is not MessageState.WAITING or state is MessageState.WAITING:
            raise IllegalMove(f"a {self.state} message does not become {state}")
        self.state = state
        self.settled_at = now

    def replay(self, now: datetime) -> None:
        """Send it once more, as it was. Raises IllegalMove while it waits anyway."""
        if self.state is MessageState.WAITING:
            raise IllegalMove("this message is waiting to be sent")
        self.state = MessageState.WAITING
        self.settled_at = None
        self.tries = 0
        self.next_attempt_at = now


class WebhookAttempt(Base):
    """One try, and what the service answered: the delivery log."""

    __tablename__ = "webhook_attempts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    message_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_messages.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    duration_ms: Mapped[int]
    # None: no answer came, and `outcome` says what stood in the way.
    status: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(String(200), default="")
    # The beginning of the answer, without what nobody can read.
    excerpt: Mapped[str] = mapped_column(String(300), default="")

    message: Mapped[WebhookMessage] = relationship(back_populates="attempts")
