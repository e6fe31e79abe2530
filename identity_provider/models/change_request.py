"""A proposed change of a name or date of birth, waiting for a reviewer; its history, and what the DQT made of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.change_requests import (
    ChangeKind,
    ChangeReason,
    ChangeState,
    Happening,
    RejectionReason,
    ReportState,
)
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.evidence import EvidenceState
from identity_provider.domain.values import PersonName
from identity_provider.models.evidence import Evidence
from identity_provider.models.staff_user import StaffUser
from identity_provider.models.user import NAME_LENGTH, User


class ChangeRequest(Base):
    """One request. The wanted values are in the columns of its kind; `stood` is what stood when it was submitted."""

    __tablename__ = "change_requests"
    __table_args__ = (
        Index(
            "uq_change_requests_open",
            "user_id",
            "kind",
            unique=True,
            postgresql_where=text("state IN ('submitted', 'more_evidence')"),
        ),
        Index("uq_change_requests_draft", "user_id", "kind", unique=True, postgresql_where=text("state = 'draft'")),
        Index("ix_change_requests_queue", "state", "submitted_at"),
        CheckConstraint(
            "(state IN ('draft', 'submitted', 'more_evidence')) = (ended_at IS NULL)", name="ended_has_time"
        ),
        CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL", name="submitted_has_time"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # What the person and the reviewer call it, e.g. GAI-7Q2F9K.
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    kind: Mapped[ChangeKind] = mapped_column(stored_by_value(ChangeKind))
    reason: Mapped[ChangeReason | None] = mapped_column(stored_by_value(ChangeReason))
    # The report that it rests on instead of uploaded evidence.
    identity_check_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("identity_checks.id", ondelete="SET NULL"), index=True
    )
    first_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    middle_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    last_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    date_of_birth: Mapped[date | None]
    stood: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[ChangeState] = mapped_column(stored_by_value(ChangeState), default=ChangeState.DRAFT)
    language: Mapped[str] = mapped_column(String(10), default="en")
    assigned_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    created_at: Mapped[datetime]
    # When it came into the queue: anew when better evidence was sent.
    submitted_at: Mapped[datetime | None]
    first_submitted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    # `staff:<id>`, `user:<id>` or `system:system`.
    ended_by: Mapped[str | None] = mapped_column(String(160))
    rejection: Mapped[RejectionReason | None] = mapped_column(stored_by_value(RejectionReason))
    # What the reviewer wrote to the person.
    message: Mapped[str] = mapped_column(Text, default="")

    user: Mapped[User] = relationship(lazy="joined")
    assigned_to: Mapped[StaffUser | None] = relationship(lazy="joined")
    history: Mapped[list[ChangeEvent]] = relationship(
        order_by="ChangeEvent.at", back_populates="request", passive_deletes="all"
    )
    files: Mapped[list[ChangeFile]] = relationship(
        order_by="ChangeFile.added_at", back_populates="request", passive_deletes="all"
    )
    report: Mapped[ChangeReport | None] = relationship(back_populates="request")

    @property
    def wanted_name(self) -> PersonName:
        """The name that is asked for, of a request for a name."""
        return PersonName(self.first_name, self.last_name, self.middle_name)

    @property
    def is_complete(self) -> bool:
        """Whether every question but that for evidence was answered."""
        value = self.date_of_birth if self.kind is ChangeKind.DATE_OF_BIRTH else self.last_name
        return self.reason is not None and bool(value)

    @property
    def is_discreet(self) -> bool:
        """Whether the previous name is nobody's business once the change is made (Gender Recognition Act 2004, 22)."""
        return self.reason is ChangeReason.GENDER

    @property
    def usable_files(self) -> list[ChangeFile]:
        """Its files that can still be decided on: not infected, and not gone."""
        return [each for each in self.files if each.evidence.state in (EvidenceState.WAITING, EvidenceState.CLEAN)]

    @property
    def has_new_evidence(self) -> bool:
        """Whether something was added that the last submission did not have."""
        return any(self.submitted_at is None or each.added_at > self.submitted_at for each in self.usable_files)

    @property
    def waits_for_scanner(self) -> bool:
        """Whether a file of it was not looked at yet."""
        return any(each.evidence.state is EvidenceState.WAITING for each in self.usable_files)

    def submit(self, now: datetime) -> None:
        """Put it into the queue, for the first time or with better evidence. Raises IllegalMove otherwise."""
        if self.state not in (ChangeState.DRAFT, ChangeState.MORE_EVIDENCE) or not self.is_complete:
            raise IllegalMove(f"a request that is {self.state} is not submitted")
        self.state = ChangeState.SUBMITTED
        self.submitted_at = now
        self.first_submitted_at = self.first_submitted_at or now

    def send_back(self) -> None:
        """It is the person's turn again. Raises IllegalMove unless it was under review."""
        if self.state is not ChangeState.SUBMITTED:
            raise IllegalMove(f"a request that is {self.state} is not sent back")
        self.state = ChangeState.MORE_EVIDENCE

    def end(self, state: ChangeState, *, by: str, now: datetime) -> None:
        """End it, once. Raises IllegalMove when it has ended, or for a state that is no end."""
        approved_unseen = state is ChangeState.APPROVED and self.state is not ChangeState.SUBMITTED
        if not self.state.is_open or state.is_open or state is ChangeState.DRAFT or approved_unseen:
            raise IllegalMove(f"a request that is {self.state} does not become {state}")
        self.state = state
        self.ended_at = now
        self.ended_by = by


class ChangeFile(Base):
    """One file of evidence that was sent with a request; `added_at` says with which of its submissions."""

    __tablename__ = "change_files"

    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id", ondelete="CASCADE"), primary_key=True)
    change_request_id: Mapped[UUID] = mapped_column(ForeignKey("change_requests.id", ondelete="CASCADE"), index=True)
    added_at: Mapped[datetime]

    evidence: Mapped[Evidence] = relationship(lazy="joined")
    request: Mapped[ChangeRequest] = relationship(back_populates="files")


class ChangeEvent(Base):
    """One step in the history of a request. `note` is for the person to read; `by` as ChangeRequest.ended_by."""

    __tablename__ = "change_events"
    __table_args__ = (Index("ix_change_events_request", "change_request_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    change_request_id: Mapped[UUID] = mapped_column(ForeignKey("change_requests.id", ondelete="CASCADE"))
    what: Mapped[Happening] = mapped_column(stored_by_value(Happening))
    by: Mapped[str] = mapped_column(String(160))
    note: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    request: Mapped[ChangeRequest] = relationship(back_populates="history")


class ChangeReport(Base):
    """What is told of an approved change to the Database of Qualified Teachers, and what it answered."""

    __tablename__ = "change_reports"

    change_request_id: Mapped[UUID] = mapped_column(
        ForeignKey("change_requests.id", ondelete="CASCADE"), primary_key=True
    )
    trn: Mapped[str] = mapped_column(String(7))
    state: Mapped[ReportState] = mapped_column(stored_by_value(ReportState), default=ReportState.WAITING)
    # Which of the files goes with it: the DQT takes one.
    evidence_id: Mapped[UUID | None] = mapped_column(ForeignKey("evidence.id", ondelete="SET NULL"))
    # A try was begun whose answer may have been lost: the register is asked before it is told again.
    tried_at: Mapped[datetime | None]
    # The evidence was fetched since: without that the register cannot have taken it.
    fetched_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    # What the register calls it: its case number.
    case_number: Mapped[str] = mapped_column(String(100), default="")
    checked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]

    request: Mapped[ChangeRequest] = relationship(back_populates="report")

    def settle(self, state: ReportState, now: datetime) -> None:
        """The register's last word, once. Raises IllegalMove otherwise."""
        if self.state not in (ReportState.WAITING, ReportState.SENT) or state in (
            ReportState.WAITING,
            ReportState.SENT,
        ):
            raise IllegalMove(f"a report that is {self.state} does not become {state}")
        self.state = state
        self.settled_at = now
