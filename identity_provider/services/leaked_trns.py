"""The list of TRNs that are known to have become public or to be misused: whoever states one has shown nothing.

What follows from it is decided by the matcher (matching/policy.py): nobody is linked because they stated a number of
the list. Nobody but staff learns that a number is on it: to everybody else it is a search that was not sure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove, LeakedTrnStated
from identity_provider.domain.lookup import LookupStatus
from identity_provider.domain.values import Trn, ValueRefused
from identity_provider.models import LeakedTrn, User
from identity_provider.queue import defer
from identity_provider.services import audit
from identity_provider.services.audit import Actor, Subject

MOST_AT_ONCE = 50_000
"""No more numbers are added or removed in one go: the list is looked at by people, and audited number by number."""

_LOOK_UP_AGAIN = "look_up_again"
_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Told:
    """A list as somebody pasted it: the numbers, each once, and the lines that are none."""

    trns: tuple[str, ...]
    unreadable: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What adding or removing numbers would change."""

    numbers: int
    listed: int
    linked: int
    stated: int


def is_listed(trn: str | None) -> bool:
    """Whether this TRN is on the list: one look into an index, and none where there is no TRN."""
    return bool(trn) and db.session.scalar(select(LeakedTrn.trn).where(LeakedTrn.trn == trn)) is not None


def listed_at(trn: str) -> datetime | None:
    """Since when this TRN is on the list; None where it is not."""
    return db.session.scalar(select(LeakedTrn.added_at).where(LeakedTrn.trn == trn))


def refuse(trn: str) -> None:
    """Raises LeakedTrnStated for a TRN of the list."""
    if is_listed(trn):
        raise LeakedTrnStated


def listed_among(trns: Iterable[str]) -> set[str]:
    """Those of these TRNs that are on the list, however many they are."""
    listed: set[str] = set()
    for chunk in _chunks(sorted({each for each in trns if each})):
        listed.update(db.session.scalars(select(LeakedTrn.trn).where(LeakedTrn.trn.in_(chunk))))
    return listed


def read(text: str) -> Told:
    """Take apart a pasted list or a CSV file: one number to a line, whatever stands in further columns.

    A first line without any digit is a heading. Numbers may be written as people write them (`RP12/34567`).
    """
    trns: dict[str, None] = {}
    unreadable: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        first = line.partition(",")[0].partition(";")[0].strip().strip('"').lstrip("'")
        if not first or (number == 1 and not any(each.isdigit() for each in first)):
            continue
        try:
            trns[Trn.parse(first).digits] = None
        except ValueRefused as refused:
            unreadable.append((number, refused.reason.value))
    return Told(tuple(trns), tuple(unreadable))


def effect_of(trns: Sequence[str]) -> Effect:
    """What is on the list already, and whom these numbers touch: users linked to one, and users who stated one."""
    counts = [0, 0, 0]
    live: ColumnElement[bool] = User.merged_into_id.is_(None) & User.erased_at.is_(None)
    for chunk in _chunks(trns):
        asked = (
            select(func.count()).select_from(LeakedTrn).where(LeakedTrn.trn.in_(chunk)),
            select(func.count()).select_from(User).where(User.trn.in_(chunk)),
            select(func.count()).select_from(User).where(User.stated_trn.in_(chunk), User.trn.is_(None), live),
        )
        counts = [before + (db.session.scalar(each) or 0) for before, each in zip(counts, asked, strict=True)]
    return Effect(len(trns), *counts)


def add(trns: Sequence[str], *, source: str, reason: str, actor: Actor, now: datetime) -> int:
    """Put numbers on the list; returns how many were not on it before. Links that there are stay as they are.

    Raises IllegalMove without a source and a reason, or for more than MOST_AT_ONCE.
    """
    _refuse_too_many(trns)
    if not source.strip() or not reason.strip():
        raise IllegalMove("a TRN is put on the list with a source and a reason")
    facts = {"source": source, "reason": reason, "added_by": f"{actor.type}:{actor.id}", "added_at": now}
    added: list[str] = []
    for chunk in _chunks(trns):
        rows = [{"trn": each} | facts for each in chunk]
        put = insert(LeakedTrn).values(rows).on_conflict_do_nothing().returning(LeakedTrn.trn)
        added.extend(db.session.scalars(put))
    for trn in sorted(added):
        audit.record(
            "leaked_trn_added", _subject(trn), actor=actor, now=now, reason=reason, change=({}, {"source": source})
        )
    return len(added)


def remove(trns: Sequence[str], *, reason: str, actor: Actor, now: datetime) -> int:
    """Take numbers off the list; returns how many were on it. Whoever stated one is searched for again.

    Raises IllegalMove without a reason, or for more than MOST_AT_ONCE.
    """
    _refuse_too_many(trns)
    if not reason.strip():
        raise IllegalMove("a TRN is taken off the list with a reason")
    gone: list[tuple[str, str]] = []
    for chunk in _chunks(trns):
        taken = delete(LeakedTrn).where(LeakedTrn.trn.in_(chunk)).returning(LeakedTrn.trn, LeakedTrn.source)
        gone.extend((trn, source) for trn, source in db.session.execute(taken))
    for trn, source in sorted(gone):
        audit.record(
            "leaked_trn_removed", _subject(trn), actor=actor, now=now, reason=reason, change=({"source": source}, {})
        )
    for user_id in _who_stated([trn for trn, _ in gone]):
        defer(_LOOK_UP_AGAIN, key=f"{_LOOK_UP_AGAIN}:{user_id}", user_id=str(user_id))
    return len(gone)


def _who_stated(trns: Sequence[str]) -> list[UUID]:
    """Whose search goes on, and may come to something else now."""
    found: list[UUID] = []
    for chunk in _chunks(trns):
        open_ones = User.lookup_status.in_((LookupStatus.PENDING, LookupStatus.NONE))
        live = User.merged_into_id.is_(None) & User.erased_at.is_(None)
        found.extend(db.session.scalars(select(User.id).where(User.stated_trn.in_(chunk), open_ones, live)))
    return found


def _refuse_too_many(trns: Sequence[str]) -> None:
    if len(trns) > MOST_AT_ONCE:
        raise IllegalMove(f"no more than {MOST_AT_ONCE} numbers at once")


def _chunks(trns: Sequence[str]) -> list[Sequence[str]]:
    return [trns[start : start + _CHUNK] for start in range(0, len(trns), _CHUNK)]


def _subject(trn: str) -> Subject:
    return Subject("leaked_trn", trn)
