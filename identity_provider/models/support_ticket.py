"""A case that is with the helpdesk, mirrored to a Zendesk ticket."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
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


GONE_AT_DESK = "deleted"
"""The status, of ours, for a ticket that Zendesk has no more."""

OVER_AT_DESK = frozenset({"solved", "closed", GONE_AT_DESK})
"""Tickets that nobody works on in Zendesk."""


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
        # Whom the round of reconciling asks about next.
        Index(
            "ix_support_tickets_desk_round",
            "zendesk_checked_at",
            postgresql_where=text("status = 'open' AND zendesk_ticket_id IS NOT NULL"),
        ),
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
    # What Zendesk said of the ticket when it was last asked, at `zendesk_checked_at` by our clock.
    zendesk_status: Mapped[str | None] = mapped_column(String(20))
    # Zendesk's own time of the last change whose comments we have read.
    zendesk_changed_at: Mapped[datetime | None]
    zendesk_checked_at: Mapped[datetime | None]
    # Since when the ticket is solved, closed or gone there while the case is open here: it decides nothing by itself.
    zendesk_closed_at: Mapped[datetime | None]
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
    comments: Mapped[list[TicketComment]] = relationship(
        # Zendesk's times are whole seconds; its numbers rise.
        back_populates="ticket",
        order_by="(TicketComment.at, TicketComment.zendesk_comment_id)",
    )

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
        self.zendesk_closed_at = None

    def heard_of_ticket(self, status: str, now: datetime) -> tuple[str, str] | None:
        """Keep what Zendesk says of the ticket; gives (before, after) when it was closed or reopened there.

        The case stays as it is: a ticket that somebody closed is no decision about a person's record.
        """
        was_closed = self.zendesk_closed_at is not None
        before, self.zendesk_status = self.zendesk_status or "", status
        self.zendesk_checked_at = now
        is_closed = self.status is CaseStatus.OPEN and status in OVER_AT_DESK
        if is_closed == was_closed:
            return None
        self.zendesk_closed_at = now if is_closed else None
        return before, status


class CaseNote(Base):
    """What an agent wrote about a case, for colleagues."""

    __tablename__ = "case_notes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("support_tickets.id"), index=True)
    author: Mapped[str] = mapped_column(String(320))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]

    ticket: Mapped[SupportTicket] = relationship(back_populates="notes")


class TicketComment(Base):
    """What was written on the case's ticket in Zendesk by others than us, as it was read there."""

    __tablename__ = "ticket_comments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("support_tickets.id"), index=True)
    # Zendesk's own number: a comment is kept once, however often it is read.
    zendesk_comment_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    author: Mapped[str] = mapped_column(String(320))
    # Staff of the helpdesk, and not the person whom the ticket is about.
    from_agent: Mapped[bool]
    public: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    # The TRNs that an agent put between double asterisks: offered to whoever decides, never attached by themselves.
    trns: Mapped[list[str]] = mapped_column(ARRAY(String(7)), default=list)
    at: Mapped[datetime]
    read_at: Mapped[datetime]

    ticket: Mapped[SupportTicket] = relationship(back_populates="comments")
