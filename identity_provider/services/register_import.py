"""Importing a register: load a file into a generation of its own, build it, and switch over at once.

The current generation answers lookups until the last moment. A killed import is taken up where it stood when it is
started again with the same file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, TextIO

import psycopg
import structlog

from identity_provider.domain.errors import IdentityError
from identity_provider.models.register_layout import KEYS_VERSION, Generation
from identity_provider.models.teaching_record import ImportState
from identity_provider.services import register_building as building
from identity_provider.services.register_loading import (
    LINES_PER_BATCH,
    Batch,
    Connection,
    FileUnusable,
    LoadingTask,
    connect,
    load,
    open_register,
    read_batches,
    read_header,
)

log = structlog.get_logger("register")

IMPORT_LOCK = 5_127_340_119
SMALLEST_SHARE_OF_THE_CURRENT = 0.9
LARGEST_SHARE_OF_REJECTS = 0.01
FEW_REJECTS = 10
BYTES_WORTH_A_CREW = 4_000_000

Now = Callable[[], datetime]
Watch = Callable[[str, int, int], None]
"""Called with the phase (`loading`, `building`), and how much of how much of it is done."""


Switch = Callable[[Connection], None]
"""The switch-over, on a connection that is in a transaction; who calls it commits."""


class ImportRefused(IdentityError):
    """The file was not switched to; the register that was current still is."""


class ImportRunning(IdentityError):
    """Another import is at work."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import: in how many processes, and whether to switch over to a file that lost much."""

    workers: int = 2
    force: bool = False


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import came to."""

    generation: int
    records: int
    rejected: int
    resumed: bool


Commit = Callable[[Switch, ImportResult], None]
"""Does the switch-over in one transaction with whatever else must not be left undone once it is done."""


def import_register(
    database_url: str, path: Path, options: ImportOptions, now: Now, watch: Watch, commit: Commit | None = None
) -> ImportResult:
    """Make this file the current register. Once `commit` has returned, it is, and nothing fails any more.

    Raises ImportRefused when it is unfit to be searched, ImportRunning when another import is at work.
    """
    with _one_at_a_time(database_url) as connection:
        generation, resumed = _begin(connection, path, now())
        try:
            _load(connection, LoadingTask(database_url, generation, now().date()), path, options, watch)
            _set_state(connection, generation, ImportState.BUILDING)
            records = building.build(connection, generation, lambda done, steps: watch("building", done, steps))
            rejected = _count_rejects(connection, generation)
            if not options.force:
                _refuse_losses(connection, records, rejected)
        except (FileUnusable, ImportRefused) as refused:
            reason = f"{refused}{_first_reject(connection, generation)}"
            _give_up(connection, generation, ImportState.REFUSED, reason, now())
            raise ImportRefused(reason) from refused
        result = ImportResult(generation.number, records, rejected, resumed)
        (commit or _committed_on(connection))(lambda held: _switch_over(held, result, now()), result)
        _clear_away(connection)
        return result


def _committed_on(connection: Connection) -> Commit:
    def commit(switch: Switch, _: ImportResult) -> None:
        with connection.transaction():
            connection.execute("SET LOCAL synchronous_commit = on")
            switch(connection)

    return commit


@contextmanager
def _one_at_a_time(database_url: str) -> Iterator[Connection]:
    with connect(database_url) as connection:
        locked = connection.execute("SELECT pg_try_advisory_lock(%s)", (IMPORT_LOCK,)).fetchone()
        if not (locked and locked[0]):
            raise ImportRunning("another import of the register is running")
        try:
            yield connection
        finally:
            # The server frees the lock of a closed connection some time later: whoever is next need not wait for that.
            with suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock(%s)", (IMPORT_LOCK,))


def _begin(connection: Connection, path: Path, at: datetime) -> tuple[Generation, bool]:
    """Take up the unfinished import of this very file, or begin one and give others up."""
    digest = _digest(path)
    unfinished = connection.execute(
        "SELECT id, file_digest FROM register_imports WHERE state IN (%s, %s)",
        (ImportState.LOADING, ImportState.BUILDING),
    ).fetchall()
    for number, seen in unfinished:
        if seen == digest:
            return Generation(number), True
        _give_up(connection, Generation(number), ImportState.ABANDONED, "another file was imported", at)
    row = connection.execute(
        "INSERT INTO register_imports (file_name, file_digest, state, started_at) VALUES (%s, %s, %s, %s) RETURNING id",
        (path.name[:255], digest, ImportState.LOADING, at),
    ).fetchone()
    if row is None:
        raise AssertionError("INSERT … RETURNING returns a row")
    return Generation(row[0]), False


def _load(connection: Connection, task: LoadingTask, path: Path, options: ImportOptions, watch: Watch) -> None:
    if _state(connection, task.generation) is not ImportState.LOADING:
        return
    building.make_tables(connection, task.generation)
    size = path.stat().st_size
    workers = options.workers if size > BYTES_WORTH_A_CREW else 0
    with open_register(path) as lines:
        task = replace(task, columns=read_header(lines))
        batches = _missing(read_batches(lines), _loaded_numbers(connection, task.generation))
        for _ in load(task, batches, workers):
            watch("loading", _position(lines), size)


def _missing(batches: Iterator[Batch], loaded: set[int]) -> Iterator[Batch]:
    return (batch for batch in batches if batch.number not in loaded)


def _position(lines: TextIO) -> int:
    """How many bytes of the file have been read, compressed ones where it is compressed."""
    read: IO[bytes] = getattr(lines.buffer, "fileobj", lines.buffer)
    return read.tell()


def _refuse_losses(connection: Connection, records: int, rejected: int) -> None:
    """Who is missing from the register would be taken for somebody without a record."""
    if records == 0:
        raise ImportRefused("the file holds no record")
    if rejected > max(FEW_REJECTS, LARGEST_SHARE_OF_REJECTS * (records + rejected)):
        raise ImportRefused(f"{rejected:,} of {records + rejected:,} lines were rejected")
    current = connection.execute("SELECT records FROM register_generations WHERE current").fetchone()
    if current and records < SMALLEST_SHARE_OF_THE_CURRENT * current[0]:
        raise ImportRefused(f"the file holds {records:,} records, the register {current[0]:,}")


def _switch_over(connection: Connection, result: ImportResult, at: datetime) -> None:
    """Lookups notice at their next question."""
    connection.execute(
        "UPDATE register_imports SET state = %s WHERE state = %s", (ImportState.REPLACED, ImportState.CURRENT)
    )
    taken = connection.execute(
        "UPDATE register_imports SET state = %s, reason = '', finished_at = %s WHERE id = %s AND state = %s",
        (ImportState.CURRENT, at, result.generation, ImportState.BUILDING),
    )
    if not taken.rowcount:
        raise ImportRunning("another import has given this one up")
    connection.execute("UPDATE register_generations SET current = false WHERE current")
    connection.execute(
        "INSERT INTO register_generations (number, records, current, keys_version, switched_at)"
        " VALUES (%s, %s, true, %s, %s)",
        (result.generation, result.records, KEYS_VERSION, at),
    )


def _clear_away(connection: Connection) -> None:
    """Take away what no import and no lookup needs any more; what cannot be now is left to the next import."""
    try:
        connection.execute(
            "DELETE FROM register_batches WHERE import_id IN (SELECT id FROM register_imports WHERE state <> ALL(%s))",
            ([ImportState.LOADING, ImportState.BUILDING],),
        )
        _drop_replaced(connection)
    except psycopg.Error as error:
        log.warning("old_register_not_dropped", error=f"{type(error).__name__}: {error}")


def _drop_replaced(connection: Connection) -> None:
    """Take old generations away; one that is still being read for long stays."""
    old = connection.execute("SELECT number FROM register_generations WHERE NOT current").fetchall()
    for (number,) in old:
        try:
            building.drop(connection, Generation(number))
        except psycopg.errors.LockNotAvailable:
            continue
        connection.execute("DELETE FROM register_generations WHERE number = %s AND NOT current", (number,))


def _give_up(connection: Connection, generation: Generation, state: ImportState, reason: str, at: datetime) -> None:
    building.drop(connection, generation)
    connection.execute("DELETE FROM register_batches WHERE import_id = %s", (generation.number,))
    _finish(connection, generation, state, reason, at)


def _finish(connection: Connection, generation: Generation, state: ImportState, reason: str, at: datetime) -> None:
    connection.execute(
        "UPDATE register_imports SET state = %s, reason = %s, finished_at = %s WHERE id = %s",
        (state, reason[:500], at, generation.number),
    )


def _set_state(connection: Connection, generation: Generation, state: ImportState) -> None:
    connection.execute("UPDATE register_imports SET state = %s WHERE id = %s", (state, generation.number))


def _state(connection: Connection, generation: Generation) -> ImportState:
    row = connection.execute("SELECT state FROM register_imports WHERE id = %s", (generation.number,)).fetchone()
    return ImportState(row[0]) if row else ImportState.ABANDONED


def _loaded_numbers(connection: Connection, generation: Generation) -> set[int]:
    rows = connection.execute("SELECT number FROM register_batches WHERE import_id = %s", (generation.number,))
    return {number for (number,) in rows}


def _count_rejects(connection: Connection, generation: Generation) -> int:
    row = connection.execute("SELECT count(*) FROM register_rejects WHERE import_id = %s", (generation.number,))
    found = row.fetchone()
    return int(found[0]) if found else 0


def _first_reject(connection: Connection, generation: Generation) -> str:
    """What is wrong with the first rejected line, which mostly is what is wrong with the others."""
    found = connection.execute(
        "SELECT line, reason FROM register_rejects WHERE import_id = %s ORDER BY line LIMIT 1", (generation.number,)
    ).fetchone()
    return f" (line {found[0]}: {found[1]})" if found else ""


def _digest(path: Path) -> str:
    """What tells this file from another, and its batches from those of code that cut or keyed them otherwise."""
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    return hashlib.sha256(f"{content} {LINES_PER_BATCH} keys {KEYS_VERSION}".encode()).hexdigest()
