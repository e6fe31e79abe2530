"""Finding events of the audit: by what, who, whom and when; a page of them newest first, or all oldest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text, tuple_

from identity_provider.db import db, transaction
from identity_provider.models import AuditEvent

PER_PAGE = 50
MOST_COUNTED = 10_000
_BATCH = 1_000

# Every action there ever was, each found by one look into the index: reading all events for it would take minutes.
_ACTIONS = text(
    "WITH RECURSIVE found AS ("
    " (SELECT action FROM audit_events ORDER BY action LIMIT 1)"
    " UNION ALL SELECT (SELECT e.action FROM audit_events e WHERE e.action > found.action ORDER BY e.action LIMIT 1)"
    " FROM found WHERE found.action IS NOT NULL"
    ") SELECT action FROM found WHERE action IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: ids and words of ours, and a stretch of time from `since` on and before `until`."""

    action: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The search as SQL."""
        wanted: list[ColumnElement[bool]] = []
        if self.action:
            wanted.append(AuditEvent.action == self.action)
        if self.actor:
            wanted.append(AuditEvent.actor_id == self.actor)
        if self.subject:
            wanted.append(AuditEvent.subject_id == self.subject)
        if self.since is not None:
            wanted.append(AuditEvent.at >= self.since)
        if self.until is not None:
            wanted.append(AuditEvent.at < self.until)
        return wanted

    def as_facts(self) -> dict[str, str]:
        """The search as the audit itself keeps it, without what was left open."""
        named = {"action": self.action, "actor": self.actor, "subject": self.subject}
        times = {"since": self.since, "until": self.until}
        return {name: value for name, value in named.items() if value} | {
            name: value.isoformat() for name, value in times.items() if value is not None
        }


def page_of(asked: Search, number: int) -> tuple[list[AuditEvent], int]:
    """One page, newest first, and how many events there are in all; MOST_COUNTED when there are more."""
    wanted = asked.conditions()
    counted = select(AuditEvent.id).where(*wanted).limit(MOST_COUNTED).subquery()
    total = db.session.scalar(select(func.count()).select_from(counted)) or 0
    rows = db.session.scalars(
        select(AuditEvent)
        .where(*wanted)
        .order_by(AuditEvent.at.desc(), AuditEvent.id)
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    )
    return list(rows), total


def every(asked: Search) -> Iterator[AuditEvent]:
    """Every event, oldest first, read in batches: each in a transaction of its own, so that none is open for long."""
    place = tuple_(AuditEvent.at, AuditEvent.recorded_at, AuditEvent.id)
    in_order = (AuditEvent.at, AuditEvent.recorded_at, AuditEvent.id)
    last: AuditEvent | None = None
    while True:
        batch = select(AuditEvent).where(*asked.conditions()).order_by(*in_order).limit(_BATCH)
        if last is not None:
            batch = batch.where(place > tuple_(last.at, last.recorded_at, last.id))
        with transaction():
            events = list(db.session.scalars(batch))
            db.session.expunge_all()
        yield from events
        if len(events) < _BATCH:
            return
        last = events[-1]


def actions() -> list[str]:
    """Every action that was ever written down, in order."""
    return list(db.session.scalars(_ACTIONS))
