"""What the pages of imports read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from identity_provider.db import db
from identity_provider.models import Client, RowOutcome, StaffUser, UserImport, UserImportRow, UserImportState
from identity_provider.services import user_imports

PER_PAGE = 50
MOST_LISTED = 100
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is: of a dry run as long as it is one, of the run afterwards."""

    counts: dict[str, int]
    is_run: bool

    @property
    def done(self) -> int:
        """How many rows are through."""
        return sum(self.counts.values())


def newest() -> list[UserImport]:
    """The imports, the newest first."""
    return list(db.session.scalars(select(UserImport).order_by(UserImport.uploaded_at.desc()).limit(MOST_LISTED)))


def progress_of(of: UserImport) -> Progress:
    """How far it is; of one whose rows are gone, what it came to."""
    is_run = of.state in (UserImportState.RUNNING, UserImportState.STOPPED, UserImportState.DONE)
    if of.counts and of.settled_at is not None:
        return Progress(of.counts, is_run)
    return Progress(user_imports.done_counts(of) if is_run else user_imports.planned_counts(of), is_run)


def page_of(of: UserImport, outcome: RowOutcome | None, number: int) -> list[UserImportRow]:
    """One page of its rows, in the order of the file."""
    found = _rows(of, outcome).order_by(UserImportRow.line).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    return list(db.session.scalars(found))


def number_of(of: UserImport, outcome: RowOutcome | None) -> int:
    """How many rows there are to page through; none once they are gone."""
    return db.session.scalar(select(func.count()).select_from(_rows(of, outcome).subquery())) or 0


def every_row(of: UserImport) -> Iterator[UserImportRow]:
    """All rows, in the order of the file, a few at a time."""
    last = 0
    while True:
        rows = select(UserImportRow).where(UserImportRow.import_id == of.id, UserImportRow.line > last)
        chunk = list(db.session.scalars(rows.order_by(UserImportRow.line).limit(_CHUNK)))
        yield from chunk
        if len(chunk) < _CHUNK:
            return
        last = chunk[-1].line


def staff_named(*ids: UUID | None) -> dict[UUID, str]:
    """What colleagues are called."""
    wanted = [each for each in ids if each is not None]
    return {
        each.id: each.display_name for each in db.session.scalars(select(StaffUser).where(StaffUser.id.in_(wanted)))
    }


def services() -> dict[str, str]:
    """Which services people may be brought for: those that are switched on."""
    found = select(Client).where(Client.disabled_at.is_(None)).order_by(Client.name, Client.id)
    return {each.id: f"{each.name} ({each.id})" for each in db.session.scalars(found)}


def _rows(of: UserImport, outcome: RowOutcome | None) -> Select[UserImportRow]:
    wanted: list[ColumnElement[bool]] = [UserImportRow.import_id == of.id]
    if outcome is not None:
        column = UserImportRow.outcome if progress_of(of).is_run else UserImportRow.planned
        wanted.append(column == outcome)
    return select(UserImportRow).where(*wanted)
