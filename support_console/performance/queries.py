"""The figures of the service, from the rows themselves: nothing is counted twice and nothing kept beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from identity_provider.db import db
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import Client, Lookup, User

WEEKS = 12
_UNKNOWN = ""
_FOUND = User.lookup_status == LookupStatus.FOUND


@dataclass(frozen=True, slots=True)
class Share:
    """How a group of people fared."""

    name: str
    at_once: int
    by_helpdesk: int
    pending: int
    no_record: int
    confirmed_none: int

    @property
    def total(self) -> int:
        """Everybody in the group."""
        return self.at_once + self.by_helpdesk + self.pending + self.no_record + self.confirmed_none


@dataclass(frozen=True, slots=True)
class Moment:
    """When matches come: where the search was run, the last question answered before it, and for how many people."""

    occasion: str
    question: str
    people: int


def by_service() -> list[Share]:
    """How the people of each service fared, the largest first."""
    service = func.coalesce(Client.name, User.registered_with_client_id, _UNKNOWN)
    rows = db.session.execute(
        select(service, *_counts())
        .select_from(User)
        .outerjoin(Client, Client.id == User.registered_with_client_id)
        .where(_counted())
        .group_by(service)
        .order_by(func.count().desc())
    )
    return [_share(row) for row in rows]


def by_week(now: datetime) -> list[Share]:
    """How the people who came in each of the last weeks fared, the latest first."""
    week = func.to_char(func.date_trunc("week", User.created_at), "YYYY-MM-DD")
    rows = db.session.execute(
        select(week, *_counts())
        .where(_counted(), User.created_at > now - timedelta(weeks=WEEKS))
        .group_by(week)
        .order_by(week.desc())
    )
    return [_share(row) for row in rows]


def by_reason() -> list[Share]:
    """Why people stand where they stand, the most frequent reason first."""
    why = User.lookup_reason
    found = select(why, *_counts()).where(_counted()).group_by(why).order_by(func.count().desc())
    return [_share(row) for row in db.session.execute(found)]


def by_question(now: datetime) -> list[Moment]:
    """At which question the record was found, of the people whom a search found in the last weeks: their first match.

    The searches of a journey before its account was made are the account's by then.
    """
    first = (
        select(Lookup.user_id, Lookup.occasion, Lookup.question)
        .join(User, User.id == Lookup.user_id)
        .where(Lookup.at > now - timedelta(weeks=WEEKS), Lookup.outcome == "match", _counted(), _FOUND)
        .ext(distinct_on(Lookup.user_id))
        .order_by(Lookup.user_id, Lookup.at)
        .subquery()
    )
    rows = db.session.execute(
        select(first.c.occasion, func.coalesce(first.c.question, _UNKNOWN), func.count())
        .group_by(first.c.occasion, first.c.question)
        .order_by(func.count().desc(), first.c.occasion)
    )
    return [Moment(*row) for row in rows]


def reasons(now: datetime) -> list[tuple[str, str, int]]:
    """What the matcher said in the last weeks: outcome, reason, how often."""
    rows = db.session.execute(
        select(Lookup.outcome, Lookup.reason, func.count())
        .where(Lookup.at > now - timedelta(weeks=WEEKS))
        .group_by(Lookup.outcome, Lookup.reason)
        .order_by(func.count().desc())
    )
    return [(outcome, reason, number) for outcome, reason, number in rows]


def _share(row: Sequence[Any]) -> Share:
    return Share(str(row[0]), *(int(number) for number in row[1:]))


def _counted() -> ColumnElement[bool]:
    return User.merged_into_id.is_(None) & User.erased_at.is_(None)


def _counts() -> tuple[ColumnElement[int], ...]:
    found = _FOUND
    helped = User.lookup_reason == LookupReason.SUPPORT
    return tuple(
        func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
        for condition in (
            found & ~helped,
            found & helped,
            User.lookup_status == LookupStatus.PENDING,
            User.lookup_status == LookupStatus.NONE,
            User.lookup_status == LookupStatus.FAILED,
        )
    )
