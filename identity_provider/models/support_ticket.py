"""A case that is with the helpdesk, mirrored to a Zendesk ticket."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.errors import CaseAlreadyResolved, IllegalMove
from identity_provider.domain.lookup import LookupReason
from identity_provider.models.client import Client
from identity_provider.models.staff_user import StaffUser
from identity_provider.models.user import User


class CaseStatus(StrEnum):
    """The life of a case: open, then resolved once."""

    OPEN = "open"
    RESOLVED = "resolved"


class Resolution(StrEnum):
    """How a case ended."""

    TRN_ATTACHED = "trn_attached"
    NO_TRN = "no_trn"
    MATCHED_LATER = "matched_later"
    WITHDRAWN = "withdrawn"


class SupportTicket(Base):
    """One case per user and cause: an open one is used again."""

    __tablename__ = "support_tickets"
    __table_args__ = (
        CheckConstraint("(status = 'resolved') = (resolution IS NOT NULL)", name="resolved_has_resolution"),
        CheckConstraint("(status = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_has_time"),
        Index(
            "uq_support_tickets_open",
            "user_id",
            "cause",
            unique=True,
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_support_tickets_queue", "status", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # What the person and the agent call it, e.g. GAI-7Q2F9K.
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    client_id: Mapped[str | None] = mapped_column(ForeignKey("clients.id"))
    journey_id: Mapped[UUID | None] = mapped_column(ForeignKey("journeys.id", ondelete="SET NULL"))
    cause: Mapped[str] = mapped_column(String(40), default="trn_lookup")
    reason: Mapped[LookupReason]
    status: Mapped[CaseStatus] = mapped_column(stored_by_value(CaseStatus), default=CaseStatus.OPEN)
    zendesk_ticket_id: Mapped[int | None] = mapped_column(unique=True)
    assigned_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    created_at: Mapped[datetime]
    resolution: Mapped[Resolution | None] = mapped_column(stored_by_value(Resolution))
    resolution_note: Mapped[str] = mapped_column(Text, default="")
    resolved_by: Mapped[str | None] = mapped_column(String(320))
    resolved_at: Mapped[datetime | None]
    # The link that the decision made: an undo takes back this one and no other.
    trn_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("trn_links.id"))

    user: Mapped[User] = relationship(lazy="joined")
    client: Mapped[Client | None] = relationship(lazy="joined")
    assigned_to: Mapped[StaffUser | None] = relationship(lazy="joined")
    notes: Mapped[list[CaseNote]] = relationship(back_populates="ticket", order_by="CaseNote.at")

    def resolve(self, resolution: Resolution, *, by: str, note: str, now: datetime) -> None:
        """End the case. Raises CaseAlreadyResolved when somebody was first."""
        if self.status is CaseStatus.RESOLVED:
            raise CaseAlreadyResolved(self.resolved_by or "", self.resolution or "")
        self.status = CaseStatus.RESOLVED
        self.resolution = resolution
        self.resolution_note = note
        self.resolved_by = by
        self.resolved_at = now

    def reopen(self) -> None:
        """A decision was taken back: the case is open again, as if it had not ended; the audit keeps what was."""
        if self.status is CaseStatus.OPEN:
            raise IllegalMove("the case is open")
        self.status = CaseStatus.OPEN
        self.resolution = None
        self.resolution_note = ""
        self.resolved_by = None
        self.resolved_at = None
        self.trn_link_id = None


class CaseNote(Base):
    """What an agent wrote about a case, for colleagues."""

    __tablename__ = "case_notes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("support_tickets.id"), index=True)
    author: Mapped[str] = mapped_column(String(320))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    ticket: Mapped[SupportTicket] = relationship(back_populates="notes")
