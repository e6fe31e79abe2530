"""What becomes of one row of an import: decided from what the register and the accounts say, then done, or left.

A row never moves a TRN, never overwrites what a person said, and never makes a second account of somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove, TrnAlreadyLinked, UserAlreadyHasTrn
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.domain.values import PersonName
from identity_provider.models import Client, RowOutcome, User
from identity_provider.services import accounts, audit, leaked_trns, likeness, lookups, support_tickets, trn_links
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.import_files import Content, RowNote
from identity_provider.services.trn_links import Evidence
from matching.records import RecordStatus, TeachingRecord


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of a row, why, and the account that it is about, where there is one."""

    outcome: RowOutcome
    note: RowNote | None = None
    user: User | None = None


@dataclass(frozen=True, slots=True)
class Bringer:
    """On whose behalf rows are run: the service they are for, and who approved it."""

    client: Client
    actor: Actor


def decide(row: Content, found: Sequence[TeachingRecord]) -> Decision:
    """What the row would do now. `found` is what the register gave for its TRN; nothing is changed."""
    if row.fault is not None:
        return Decision(RowOutcome.REFUSED, row.fault)
    record = next((each for each in found if each.trn == row.trn), None)
    against = _record_speaks_against(row, record) if row.trn else None
    user = accounts.by_address(row.email)
    if against is not None:
        return Decision(RowOutcome.REFUSED if record is None else RowOutcome.CONFLICT, against, user)
    hindrance = _hindrance(row, record, user)
    if hindrance is not None:
        return Decision(RowOutcome.CONFLICT, hindrance, user)
    if user is None:
        return Decision(RowOutcome.CREATE)
    if row.trn and user.trn is None:
        return Decision(RowOutcome.LINK, user=user)
    return Decision(RowOutcome.UPDATE if _fills(row, user) else RowOutcome.UNCHANGED, user=user)


def run(row: Content, found: Sequence[TeachingRecord], bringer: Bringer, *, now: datetime) -> Decision:
    """Decide anew and do it; the decision that is returned says what was done, and to whom.

    Somebody who registers, or is linked, at the same moment makes it a conflict: then nothing of the row is kept.
    """
    there = accounts.by_address(row.email)
    if there is not None:
        # What an agent decides about them meanwhile waits, or has been heard.
        accounts.held(there.id)
    decision = decide(row, found)
    try:
        with db.session.begin_nested():
            user = _apply(row, decision, found, bringer, now=now)
    except TrnAlreadyLinked:
        return Decision(RowOutcome.CONFLICT, RowNote.TRN_HELD)
    except UserAlreadyHasTrn:
        return Decision(RowOutcome.CONFLICT, RowNote.HAS_OTHER_TRN)
    except IllegalMove:
        return Decision(RowOutcome.CONFLICT, RowNote.ACCOUNT_LOCKED)
    except IntegrityError:
        # They registered with this address a moment ago: the row is about their account now.
        return Decision(RowOutcome.CONFLICT, RowNote.JUST_REGISTERED)
    return Decision(decision.outcome, decision.note, user)


def _apply(
    row: Content, decision: Decision, found: Sequence[TeachingRecord], bringer: Bringer, *, now: datetime
) -> User | None:
    match decision.outcome:
        case RowOutcome.CREATE:
            user = _create(row, _name_for(row, found), bringer, now=now)
            if row.trn:
                _link(user, row, bringer, now=now)
            return user
        case RowOutcome.LINK if decision.user is not None:
            user = accounts.held(decision.user.id)
            _link(user, row, bringer, now=now)
            _fill(user, row, bringer, now=now)
            if support_tickets.resolve_by_match(user, now, tell=True) is None:
                lookups.tell_of_record(user, bringer.client, now=now)
            return user
        case RowOutcome.UPDATE if decision.user is not None:
            user = accounts.held(decision.user.id)
            _fill(user, row, bringer, now=now)
            return user
        case _:
            return decision.user


def _record_speaks_against(row: Content, record: TeachingRecord | None) -> RowNote | None:
    """Why the record of the row's TRN is not to be this person's."""
    if record is None:
        return RowNote.NO_SUCH_RECORD
    held = PersonName(record.first_name, record.last_name, record.middle_name)
    wrong = (
        (RowNote.RECORD_MERGED, record.status is RecordStatus.MERGED),
        (RowNote.RECORD_CLOSED, record.status is not RecordStatus.ACTIVE),
        (RowNote.BORN_OTHERWISE, record.date_of_birth != row.born),
        (RowNote.NAMED_OTHERWISE, row.name is not None and not _is_named(row.name, record)),
        (RowNote.RECORD_WITHOUT_NAME, not (held.first and held.last)),
        # Whoever has a list of leaked numbers can make a file of them.
        (RowNote.TRN_LEAKED, leaked_trns.is_listed(row.trn)),
    )
    return next((note for note, is_so in wrong if is_so), None)


def _hindrance(row: Content, record: TeachingRecord | None, user: User | None) -> RowNote | None:
    """What there is already that the row must not touch."""
    holder = trn_links.holder_of(row.trn) if row.trn else None
    if user is None:
        if holder is not None:
            return RowNote.TRN_HELD
        name = row.name or (PersonName(record.first_name, record.last_name) if record else None)
        return RowNote.NAMESAKE if name is not None and _has_namesake(row, name) else None
    wrong = (
        (RowNote.ACCOUNT_LOCKED, not user.is_live),
        (RowNote.HAS_OTHER_TRN, bool(row.trn) and user.trn not in (None, row.trn)),
        (RowNote.TRN_HELD, holder is not None and holder.id != user.id),
        # Of a row with the TRN that the account has, the record was compared already.
        (RowNote.ACCOUNT_DIFFERS, not (row.trn and user.trn) and not _is_who_says(row, record, user)),
        (RowNote.LINK_WAS_ENDED, bool(row.trn) and user.trn is None and trn_links.was_ended(user, row.trn)),
        # People looked, and said so: as with a link that they ended, a file does not know better.
        (RowNote.NO_TRN_CONFIRMED, bool(row.trn) and user.lookup_status is LookupStatus.FAILED),
    )
    return next((note for note, is_so in wrong if is_so), None)


def _is_named(name: PersonName, record: TeachingRecord) -> bool:
    """Whether the record bears this name, or bore it before."""
    lasts = (record.last_name, *record.previous_last_names)
    firsts = (record.first_name, *record.previous_first_names)
    held = (PersonName(first, last, record.middle_name) for first in firsts for last in lasts)
    return any(likeness.are_alike(name, each) for each in held)


def _is_who_says(row: Content, record: TeachingRecord | None, user: User) -> bool:
    """Whether the account of the row's address names the row's person."""
    if user.date_of_birth not in (None, row.born):
        return False
    if row.name is not None and likeness.are_alike(row.name, user.name):
        return True
    return record is not None and _is_named(user.name, record)


def _has_namesake(row: Content, name: PersonName) -> bool:
    """Whether another account is of this name and birthday: it may be this person's, under another address."""
    born_that_day = select(User).where(
        User.date_of_birth == row.born,
        User.email != row.email,
        User.merged_into_id.is_(None),
        User.erased_at.is_(None),
    )
    return any(likeness.are_alike(name, each.name) for each in db.session.scalars(born_that_day))


def _name_for(row: Content, found: Sequence[TeachingRecord]) -> PersonName:
    """The register's name where there is a record, as it is the official one; what was brought otherwise."""
    record = next((each for each in found if row.trn and each.trn == row.trn), None)
    if record is not None:
        return PersonName(record.first_name, record.last_name, record.middle_name)
    assert row.name is not None
    return row.name


def _create(row: Content, name: PersonName, bringer: Bringer, *, now: datetime) -> User:
    """An account that nobody has proved the address of: whoever does so is asked no question that is answered."""
    user = User(
        email=row.email,
        first_name=name.first,
        middle_name=name.middle,
        last_name=name.last,
        preferred_name=row.said["PREFERRED_NAME"] or f"{name.first} {name.last}"[:200],
        date_of_birth=row.born,
        registered_with_client_id=bringer.client.id,
        created_at=now,
        updated_at=now,
    )
    db.session.add(user)
    db.session.flush()
    reason = f"imported for {bringer.client.id}"
    audit.record("user_created", Subject("user", user.id), actor=bringer.actor, now=now, reason=reason)
    return user


def _link(user: User, row: Content, bringer: Bringer, *, now: datetime) -> None:
    evidence = Evidence(LookupReason.IMPORT, VerificationLevel.LOW, f"Imported for {bringer.client.name}"[:2000])
    trn_links.link(user, row.trn, evidence, actor=bringer.actor, now=now)


def _fills(row: Content, user: User) -> dict[str, object]:
    """What the row knows and the account does not; what a person said is never overwritten."""
    known = {"preferred_name": row.said["PREFERRED_NAME"], "date_of_birth": row.born}
    return {name: value for name, value in known.items() if value and not getattr(user, name)}


def _fill(user: User, row: Content, bringer: Bringer, *, now: datetime) -> None:
    filled = _fills(row, user)
    if not filled:
        return
    for name, value in filled.items():
        setattr(user, name, value)
    user.updated_at = now
    after = {name: str(value) for name, value in filled.items()}
    change = (dict.fromkeys(filled), after)
    audit.record("user_changed", Subject("user", user.id), actor=bringer.actor, now=now, change=change)
