"""How long people wait for the helpdesk: cases by service, by the week in which they came, and by why they came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select

from identity_provider.db import db
from identity_provider.models import CaseStatus, Client, Resolution, SupportTicket
from identity_provider.models.support_ticket import OVER_AT_DESK
from support_console.performance.queries import WEEKS

DECIDED = SupportTicket.resolution.in_([Resolution.TRN_ATTACHED, Resolution.NO_TRN])
"""Ended by somebody. Cases that ended by themselves say nothing of how fast people are."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The cases of one group; hours until somebody decided them, None while nobody has."""

    name: str
    open: int
    decided: int
    by_themselves: int
    median_hours: float | None
    ninetieth_hours: float | None


@dataclass(frozen=True, slots=True)
class Tickets:
    """Where the tickets of open cases stand in Zendesk."""

    open: int
    closed_there: int
    without: int


def all_cases() -> Waits:
    """Every case there ever was."""
    return _waits(("", *db.session.execute(select(*_counts())).one()))


def by_service() -> list[Waits]:
    """The service that the person came from."""
    service = func.coalesce(Client.name, SupportTicket.client_id, "")
    return _grouped(service, lambda found: found.outerjoin(Client, Client.id == SupportTicket.client_id))


def by_week(now: datetime) -> list[Waits]:
    """The week in which the case was opened, the latest first."""
    week = func.to_char(func.date_trunc("week", SupportTicket.created_at), "YYYY-MM-DD")
    rows = _grouped(week, lambda found: found.where(SupportTicket.created_at > now - timedelta(weeks=WEEKS)))
    return sorted(rows, key=lambda each: each.name, reverse=True)


def by_reason() -> list[Waits]:
    """Why the search had not found the record."""
    return _grouped(SupportTicket.reason, lambda found: found)


def tickets() -> Tickets:
    """Of the cases that are open now."""
    has_one = SupportTicket.zendesk_ticket_id.is_not(None)
    over = SupportTicket.zendesk_status.in_(OVER_AT_DESK)
    row = db.session.execute(
        select(
            func.count().filter(has_one & ~func.coalesce(over, False)),
            func.count().filter(has_one & over),
            func.count().filter(~has_one),
        ).where(SupportTicket.status == CaseStatus.OPEN)
    ).one()
    return Tickets(*row)


def _grouped(group: Any, narrowed: Callable[[Any], Any]) -> list[Waits]:
    found = select(group, *_counts()).select_from(SupportTicket)
    rows = db.session.execute(narrowed(found).group_by(group).order_by(func.count().desc()))
    return [_waits(row) for row in rows]


def _counts() -> tuple[ColumnElement[Any], ...]:
    hours = func.extract("epoch", SupportTicket.resolved_at - SupportTicket.created_at) / 3600
    return (
        func.count().filter(SupportTicket.status == CaseStatus.OPEN),
        func.count().filter(DECIDED),
        func.count().filter((SupportTicket.status == CaseStatus.RESOLVED) & ~DECIDED),
        func.percentile_cont(0.5).within_group(hours).filter(DECIDED),
        func.percentile_cont(0.9).within_group(hours).filter(DECIDED),
    )


def _waits(row: Sequence[Any]) -> Waits:
    name, waiting, decided, by_themselves, median, ninetieth = row
    hours = [float(each) if each is not None else None for each in (median, ninetieth)]
    return Waits(str(name), int(waiting), int(decided), int(by_themselves), *hours)
