"""What the queue and the page of a case read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import selectinload

from identity_provider.db import db
from identity_provider.domain.lookup import LookupReason
from identity_provider.models import CaseStatus, Client, Lookup, SupportTicket, TicketComment, TrnLink, User
from support_console import people

PER_PAGE = 25
_DIGITS_OF_A_NUMBER = 10
AGES = (1, 3, 7, 14, 28)
CLOSED, SUGGESTED = "closed", "suggested"
"""What may have happened to a ticket in Zendesk, as the queue is narrowed to it."""

_HAS_SUGGESTION = exists().where(TicketComment.ticket_id == SupportTicket.id, TicketComment.trns != [])
_AT_DESK = {CLOSED: SupportTicket.zendesk_closed_at.is_not(None), SUGGESTED: _HAS_SUGGESTION}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue is narrowed to, as it stands in the address. Anything unknown there narrows nothing."""

    status: str = CaseStatus.OPEN
    reason: str = ""
    service: str = ""
    assigned: str = ""
    age: str = ""
    desk: str = ""

    def conditions(self, me: UUID, now: datetime) -> list[ColumnElement[bool]]:
        """The filters as SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.status in {each.value for each in CaseStatus}:
            wanted.append(SupportTicket.status == CaseStatus(self.status))
        if self.reason in {each.value for each in LookupReason}:
            wanted.append(SupportTicket.reason == LookupReason(self.reason))
        if self.service:
            wanted.append(SupportTicket.client_id == self.service)
        if self.assigned == "me":
            wanted.append(SupportTicket.assigned_to_id == me)
        if self.assigned == "nobody":
            wanted.append(SupportTicket.assigned_to_id.is_(None))
        if self.desk in _AT_DESK:
            wanted.append(_AT_DESK[self.desk])
        if self.age in {str(each) for each in AGES}:
            wanted.append(SupportTicket.created_at < now - timedelta(days=int(self.age)))
        return wanted

    def as_address(self) -> dict[str, str]:
        """The filters for url_for: what narrows nothing is left out."""
        names = ("reason", "service", "assigned", "age", "desk")
        mine = {name: getattr(self, name) for name in names}
        kept = {name: value for name, value in mine.items() if value}
        return kept if self.status == CaseStatus.OPEN else kept | {"status": self.status or "all"}


@dataclass(frozen=True, slots=True)
class Queue:
    """One page of the queue."""

    cases: list[SupportTicket]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is waiting."""

    open: int
    unassigned: int
    mine: int
    over_three_days: int
    oldest: datetime | None
    closed_in_zendesk: int
    suggested: int


@dataclass(frozen=True, slots=True)
class History:
    """What is known of the person of a case beside the case itself."""

    lookups: list[Lookup] = field(default_factory=list)
    links: list[TrnLink] = field(default_factory=list)
    other_cases: list[SupportTicket] = field(default_factory=list)


def queue(filters: Filters, *, me: UUID, page: int, now: datetime) -> Queue:
    """The cases that pass the filters, oldest first."""
    wanted = filters.conditions(me, now)
    total = db.session.scalar(select(func.count()).select_from(SupportTicket).where(*wanted)) or 0
    page = min(max(1, page), max(1, -(-total // PER_PAGE)))
    rows = db.session.scalars(
        select(SupportTicket)
        .where(*wanted)
        .order_by(SupportTicket.created_at, SupportTicket.id)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Queue(list(rows), total, page)


def suggested_in(cases: Sequence[SupportTicket]) -> set[UUID]:
    """Which of these cases have a TRN suggested in Zendesk."""
    ids = [each.id for each in cases]
    found = select(TicketComment.ticket_id).where(TicketComment.ticket_id.in_(ids), TicketComment.trns != [])
    return set(db.session.scalars(found)) if ids else set()


def counts(*, me: UUID, now: datetime) -> Counts:
    """The numbers above the queue."""
    waiting = SupportTicket.status == CaseStatus.OPEN
    row = db.session.execute(
        select(
            func.count(),
            func.count().filter(SupportTicket.assigned_to_id.is_(None)),
            func.count().filter(SupportTicket.assigned_to_id == me),
            func.count().filter(SupportTicket.created_at < now - timedelta(days=3)),
            func.min(SupportTicket.created_at),
            func.count().filter(SupportTicket.zendesk_closed_at.is_not(None)),
            func.count().filter(_HAS_SUGGESTION),
        ).where(waiting)
    ).one()
    return Counts(*row)


def services() -> list[Client]:
    """The services that a case may have come from."""
    return list(db.session.scalars(select(Client).order_by(Client.name)))


def case_with_notes(case_id: UUID) -> SupportTicket | None:
    """The case with everything that its page shows of it."""
    return db.session.scalar(
        select(SupportTicket)
        .where(SupportTicket.id == case_id)
        .options(selectinload(SupportTicket.notes), selectinload(SupportTicket.comments))
    )


def history_of(case: SupportTicket) -> History:
    """Searches, links and other cases of the person, newest first."""
    return History(
        list(
            db.session.scalars(
                select(Lookup).where(Lookup.user_id == case.user_id).order_by(Lookup.at.desc()).limit(20)
            )
        ),
        list(
            db.session.scalars(
                select(TrnLink).where(TrnLink.user_id == case.user_id).order_by(TrnLink.linked_at.desc())
            )
        ),
        list(
            db.session.scalars(
                select(SupportTicket)
                .where(SupportTicket.user_id == case.user_id, SupportTicket.id != case.id)
                .order_by(SupportTicket.created_at.desc())
            )
        ),
    )


def holders_of(trns: list[str], *, but: UUID) -> dict[str, User]:
    """Which other users hold these TRNs now."""
    if not trns:
        return {}
    others = db.session.scalars(select(User).where(User.trn.in_(trns), User.id != but))
    return {user.trn: user for user in others if user.trn}


def search(text: str) -> list[SupportTicket]:
    """The cases that this leads to: a reference, a Zendesk number (1002, #1002), or a person; open ones first."""
    wanted: list[ColumnElement[bool]] = [SupportTicket.user_id.in_(people.find_ids(text))]
    compact = text.strip().upper().removeprefix("#")
    if compact.startswith("GAI"):
        wanted = [SupportTicket.reference == f"GAI-{compact[3:].strip(' -')}"]
    elif compact.isascii() and compact.isdigit() and len(compact) < _DIGITS_OF_A_NUMBER:
        wanted.append(SupportTicket.zendesk_ticket_id == int(compact))
    rows = db.session.scalars(
        select(SupportTicket)
        .where(or_(*wanted))
        .order_by(SupportTicket.status, SupportTicket.created_at)
        .limit(people.MOST_SHOWN)
    )
    return list(rows)
