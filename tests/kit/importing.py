"""Files of people, and imports that are under way."""

from __future__ import annotations

from io import BytesIO

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.kit.app import ports
from identity_provider.models import Client, StaffUser, UserImport, UserImportRow
from identity_provider.services import import_files, user_imports
from tests.builders import a_client, a_staff_user

HEAD = ",".join(import_files.COLUMNS)


def a_line(email: str = "kate@example.com", trn: str = "1234567", born: str = "04031985", **said: str) -> str:
    """One line of a file; Kate Bush, of whom a_record() is, unless said otherwise."""
    names = {"first": "", "middle": "", "last": "", "preferred": "", "id": "1"} | said
    cells = [names["id"], email, trn, names["first"], names["middle"], names["last"], names["preferred"], born]
    return ",".join(cells)


def a_file(*lines: str, head: str = HEAD) -> tuple[BytesIO, str]:
    """A file as a browser sends it."""
    return BytesIO("\r\n".join([head, *lines]).encode()), "people.csv"


def uploaded(*lines: str, staff: StaffUser | None = None, client: Client | None = None) -> UserImport:
    """An import that waits to be checked."""
    content, name = a_file(*lines)
    now = ports().clock.now()
    rows = import_files.read(content.read(), now.date())
    by = staff or a_staff_user(StaffRole.SERVICE_MANAGER)
    with transaction():
        return user_imports.upload(client or a_client(), name, rows, staff=by, now=now)


def checked(*lines: str, client: Client | None = None) -> UserImport:
    """An import whose dry run is over."""
    made = uploaded(*lines, client=client)
    worked_on(made)
    return made


def worked_on(of: UserImport, times: int = 1) -> None:
    """Have the worker take it a stretch further."""
    for _ in range(times):
        user_imports.work(of.id, ports().register, ports().clock.now())


def done(*lines: str, client: Client | None = None) -> UserImport:
    """An import that somebody else approved and that was run."""
    made = checked(*lines, client=client)
    staff = a_staff_user(StaffRole.SERVICE_MANAGER)
    with transaction():
        user_imports.approve(made, staff=staff, reason="looks right", now=ports().clock.now())
    worked_on(made)
    return made


def rows_of(of: UserImport) -> list[UserImportRow]:
    """Its rows as they are in the database now."""
    db.session.rollback()
    return list(
        db.session.query(UserImportRow)
        .filter_by(import_id=of.id)
        .order_by(UserImportRow.line)
        .execution_options(populate_existing=True)
    )


def planned(of: UserImport) -> list[tuple[str | None, str]]:
    """What the dry run says of each row."""
    return [(each.planned, each.planned_note) for each in rows_of(of)]


def outcomes(of: UserImport) -> list[tuple[str | None, str]]:
    """What became of each row."""
    return [(each.outcome, each.note) for each in rows_of(of)]
