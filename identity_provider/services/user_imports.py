"""Bringing in people from a file: a dry run for every row, the word of a second person, then row after row.

A worker may be killed at any moment: what is written of a row is written with the row's own change, and the next
worker goes on with the first row of which nothing is written yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove, OwnAccount
from identity_provider.models import Client, RowOutcome, StaffUser, UserImport, UserImportRow, UserImportState
from identity_provider.ports import TeacherRegister
from identity_provider.queue import defer
from identity_provider.services import audit, import_files, import_rows
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.import_files import Content
from identity_provider.services.import_rows import Bringer
from matching.records import TeachingRecord

WORK = "work_on_import"
"""The job that takes an import a stretch further."""

BATCH = 50
"""No run keeps a worker's slot for longer than so many rows: codes and tickets wait in the same queue."""

GOOD_FOR = timedelta(days=30)
"""A dry run of longer ago says nothing about today."""


def upload(client: Client, file_name: str, rows: Sequence[Content], *, staff: StaffUser, now: datetime) -> UserImport:
    """Keep a file that was read, and have every row of it checked; nothing else happens to anybody yet."""
    made = UserImport(
        client_id=client.id,
        file_name=file_name[:200],
        rows_in_all=len(rows),
        uploaded_by_id=staff.id,
        uploaded_at=now,
    )
    made.client = client
    db.session.add(made)
    db.session.flush()
    for row in rows:
        sealed, email_hmac = import_files.seal(row)
        db.session.add(UserImportRow(import_id=made.id, line=row.line, content_sealed=sealed, email_hmac=email_hmac))
    facts = {"service": client.id, "file": made.file_name, "rows": len(rows)}
    audit.record("import_uploaded", _subject(made), actor=Actor.of(staff), now=now, change=({}, facts))
    _go_on(made)
    return made


def approve(of: UserImport, *, staff: StaffUser, reason: str, now: datetime) -> None:
    """Have the import run. Raises OwnAccount for whoever uploaded it: a colleague has to look at it.

    Raises IllegalMove when it is not waiting for that, was checked too long ago, or no reason is given.
    """
    if staff.id == of.uploaded_by_id:
        raise OwnAccount
    if not reason.strip() or now - of.uploaded_at > GOOD_FOR:
        raise IllegalMove("an import is approved with a reason, and while its dry run is fresh")
    if of.state is not UserImportState.CHECKED:
        raise IllegalMove(f"an import that is {of.state} is not approved")
    of.move(UserImportState.RUNNING)
    of.decided_by_id, of.decided_at, of.decision_reason = staff.id, now, reason
    audit.record("import_approved", _subject(of), actor=Actor.of(staff), now=now, reason=reason)
    _go_on(of)


def reject(of: UserImport, *, staff: StaffUser, reason: str, now: datetime) -> None:
    """Say that nothing of it is wanted; also by whoever uploaded it. Raises IllegalMove once it runs, or no reason."""
    if not reason.strip():
        raise IllegalMove("an import is rejected with a reason")
    of.move(UserImportState.REJECTED)
    of.decided_by_id, of.decided_at, of.decision_reason = staff.id, now, reason
    of.settled_at = now
    of.counts = planned_counts(of)
    audit.record("import_rejected", _subject(of), actor=Actor.of(staff), now=now, reason=reason)


def stop(of: UserImport, *, staff: StaffUser, reason: str, now: datetime) -> None:
    """Let no further row be run; those that are done stay as they are. Raises IllegalMove unless it runs."""
    if not reason.strip():
        raise IllegalMove("an import is stopped with a reason")
    of.move(UserImportState.STOPPED)
    of.settled_at = now
    of.counts = done_counts(of)
    audit.record("import_stopped", _subject(of), actor=Actor.of(staff), now=now, reason=reason)


def resume(of: UserImport, *, staff: StaffUser, reason: str, now: datetime) -> None:
    """Go on where it was stopped. Raises as approve does."""
    if staff.id == of.uploaded_by_id:
        raise OwnAccount
    if not reason.strip() or now - of.uploaded_at > GOOD_FOR or of.state is not UserImportState.STOPPED:
        raise IllegalMove("only an import that was stopped, and is fresh, goes on, and with a reason")
    of.move(UserImportState.RUNNING)
    of.settled_at = None
    audit.record("import_resumed", _subject(of), actor=Actor.of(staff), now=now, reason=reason)
    _go_on(of)


def held(import_id: UUID) -> UserImport | None:
    """The import as it is now, held until the transaction ends."""
    return db.session.get(UserImport, import_id, with_for_update={"of": UserImport}, populate_existing=True)


def work(import_id: UUID, register: TeacherRegister, now: datetime) -> None:
    """Take the import a stretch further, row by row, each in a transaction of its own; then have it go on.

    The register is asked outside any transaction. Raises RegisterUnavailable when it does not answer: the rows wait.
    """
    with transaction():
        of = db.session.get(UserImport, import_id, populate_existing=True)
        waiting = _next_rows(of) if of is not None else []
        contents = [import_files.content_of(each) for each in waiting]
    for content in contents:
        found = _records_for(content, register)
        with transaction():
            if not _work_on(import_id, content, found, now=now):
                return
    with transaction():
        of = held(import_id)
        if of is not None:
            _finish_or_go_on(of, now=now)


def planned_counts(of: UserImport) -> dict[str, int]:
    """How many rows would come to what, as far as they are checked."""
    return _counts(of, UserImportRow.planned)


def done_counts(of: UserImport) -> dict[str, int]:
    """How many rows came to what, as far as it was run."""
    return _counts(of, UserImportRow.outcome)


def _counts(of: UserImport, column: InstrumentedAttribute[RowOutcome | None]) -> dict[str, int]:
    rows = select(column, func.count()).where(UserImportRow.import_id == of.id, column.is_not(None)).group_by(column)
    return {outcome.value: number for outcome, number in db.session.execute(rows) if outcome is not None}


def _next_rows(of: UserImport) -> list[UserImportRow]:
    match of.state:
        case UserImportState.CHECKING:
            waits = UserImportRow.planned.is_(None)
        case UserImportState.RUNNING:
            waits = UserImportRow.outcome.is_(None)
        case UserImportState.CHECKED | UserImportState.STOPPED | UserImportState.DONE | UserImportState.REJECTED:
            return []
        case _:
            assert_never(of.state)
    found = select(UserImportRow).where(UserImportRow.import_id == of.id, waits).order_by(UserImportRow.line)
    return list(db.session.scalars(found.limit(BATCH)))


def _records_for(content: Content, register: TeacherRegister) -> tuple[TeachingRecord, ...]:
    return register.find_by_identifiers(content.trn, "") if content.trn and content.fault is None else ()


def _work_on(import_id: UUID, content: Content, found: Sequence[TeachingRecord], *, now: datetime) -> bool:
    """One row; whether to go on. The import is held, so that whoever stops it knows that no row is under way."""
    of = held(import_id)
    row = db.session.get(UserImportRow, (import_id, content.line), with_for_update=True, populate_existing=True)
    if of is None:
        return False
    if row is None:
        # Its person was erased a moment ago; the others still wait.
        return True
    if of.state is UserImportState.CHECKING:
        planned = import_rows.decide(content, found)
        row.planned, row.planned_note = planned.outcome, planned.note or ""
        return True
    if of.state is not UserImportState.RUNNING or of.decided_by_id is None:
        return False
    if row.outcome is None:
        approver = db.session.get_one(StaffUser, of.decided_by_id)
        done = import_rows.run(content, found, Bringer(of.client, Actor.of(approver)), now=now)
        row.outcome, row.note, row.done_at = done.outcome, done.note or "", now
        row.user_id = done.user.id if done.user else None
    return True


def _finish_or_go_on(of: UserImport, *, now: datetime) -> None:
    if _next_rows(of):
        _go_on(of)
    elif of.state is UserImportState.CHECKING:
        of.move(UserImportState.CHECKED)
    elif of.state is UserImportState.RUNNING:
        of.counts = done_counts(of)
        of.move(UserImportState.DONE)
        of.settled_at = now
        facts = {outcome.value: of.counts.get(outcome, 0) for outcome in RowOutcome}
        audit.record("import_done", _subject(of), actor=audit.SYSTEM, now=now, change=({}, facts))


def _go_on(of: UserImport) -> None:
    defer(WORK, key=f"{WORK}:{of.id}", import_id=str(of.id))


def _subject(of: UserImport) -> Subject:
    return Subject("import", of.id)
