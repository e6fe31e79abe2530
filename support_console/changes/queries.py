"""What the queue and the page of a request read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import selectinload

from identity_provider.db import db
from identity_provider.domain.change_requests import ChangeKind, ChangeState, ReportState
from identity_provider.models import ChangeReport, ChangeRequest

PER_PAGE = 25
AGES = (1, 3, 5, 14, 28)
PROMISED_DAYS = 5
"""What people are told that a decision usually takes (working days)."""

REVIEW, PERSON, REGISTER, DECIDED, ALL = "review", "person", "register", "decided", "all"
_DECIDED = (ChangeState.APPROVED, ChangeState.REJECTED, ChangeState.WITHDRAWN, ChangeState.LAPSED)
_UNDER_WAY = (ReportState.WAITING, ReportState.SENT)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to, as it stands in the address. Anything unknown there narrows nothing."""

    where: str = REVIEW
    kind: str = ""
    assigned: str = ""
    age: str = ""

    def conditions(self, me: UUID, now: datetime) -> list[ColumnElement[bool]]:
        """The filters as SQL."""
        wanted = [ChangeRequest.state != ChangeState.DRAFT, *self._where()]
        if self.kind in {each.value for each in ChangeKind}:
            wanted.append(ChangeRequest.kind == ChangeKind(self.kind))
        if self.assigned == "me":
            wanted.append(ChangeRequest.assigned_to_id == me)
        if self.assigned == "nobody":
            wanted.append(ChangeRequest.assigned_to_id.is_(None))
        if self.age in {str(each) for each in AGES}:
            wanted.append(ChangeRequest.submitted_at < now - timedelta(days=int(self.age)))
        return wanted

    def as_address(self) -> dict[str, str]:
        """The filters for url_for: what narrows nothing is left out."""
        mine = {"kind": self.kind, "assigned": self.assigned, "age": self.age}
        kept = {name: value for name, value in mine.items() if value}
        return kept if self.where == REVIEW else kept | {"where": self.where}

    def _where(self) -> list[ColumnElement[bool]]:
        match self.where:
            case "review":
                return [ChangeRequest.state == ChangeState.SUBMITTED]
            case "person":
                return [ChangeRequest.state == ChangeState.MORE_EVIDENCE]
            case "register":
                return [ChangeRequest.report.has(ChangeReport.state.in_(_UNDER_WAY))]
            case "decided":
                return [ChangeRequest.state.in_(_DECIDED)]
            case _:
                return []


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue."""

    requests: list[ChangeRequest]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is waiting."""

    waiting: int
    unassigned: int
    mine: int
    late: int
    with_person: int
    oldest: datetime | None


def queue(filters: Filters, *, me: UUID, page: int, now: datetime) -> Queue:
    """The requests that pass the filters, oldest first."""
    wanted = filters.conditions(me, now)
    total = db.session.scalar(select(func.count()).select_from(ChangeRequest).where(*wanted)) or 0
    page = min(max(1, page), max(1, -(-total // PER_PAGE)))
    rows = db.session.scalars(
        select(ChangeRequest)
        .where(*wanted)
        .order_by(ChangeRequest.submitted_at, ChangeRequest.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Queue(list(rows), total, page)


def counts(*, me: UUID, now: datetime) -> Counts:
    """The numbers above the queue."""
    waits = ChangeRequest.state == ChangeState.SUBMITTED
    late = ChangeRequest.submitted_at < now - timedelta(days=PROMISED_DAYS)
    row = db.session.execute(
        select(
            func.count().filter(waits),
            func.count().filter(waits, ChangeRequest.assigned_to_id.is_(None)),
            func.count().filter(waits, ChangeRequest.assigned_to_id == me),
            func.count().filter(waits, late),
            func.count().filter(ChangeRequest.state == ChangeState.MORE_EVIDENCE),
            func.min(ChangeRequest.submitted_at).filter(waits),
        ).where(ChangeRequest.state.in_((ChangeState.SUBMITTED, ChangeState.MORE_EVIDENCE)))
    ).one()
    return Counts(*row)


def with_history(change_id: UUID) -> ChangeRequest | None:
    """The request with everything that its page shows of it; a draft is nobody's business yet."""
    return db.session.scalar(
        select(ChangeRequest)
        .where(ChangeRequest.id == change_id, ChangeRequest.state != ChangeState.DRAFT)
        .options(selectinload(ChangeRequest.history), selectinload(ChangeRequest.report))
    )


def others_of(change: ChangeRequest) -> list[ChangeRequest]:
    """What else the person has asked for, newest first."""
    return list(
        db.session.scalars(
            select(ChangeRequest)
            .where(
                ChangeRequest.user_id == change.user_id,
                ChangeRequest.id != change.id,
                ChangeRequest.state != ChangeState.DRAFT,
            )
            .order_by(ChangeRequest.first_submitted_at.desc())
        )
    )
