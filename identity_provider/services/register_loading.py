"""Loading a register file: batches of lines become rows, keys and counts, each batch in one transaction."""

from __future__ import annotations

import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from multiprocessing.connection import Connection as Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import psycopg
from psycopg import sql

from identity_provider.models.register_layout import COLUMNS, IN_COLUMNS, Generation, record_row, stored_key
from identity_provider.services.register_rows import REQUIRED_COLUMNS, RowRefused, read_row, take_apart
from matching.blocking import counted_names, record_keys
from matching.csv_files import DAMAGED, SAVE, opened
from matching.normalise import CountedNames
from matching.records import TeachingRecord

LINES_PER_BATCH = 5_000

Connection = psycopg.Connection[tuple[Any, ...]]

# A row of COPY's binary format: the number of columns, then each column's length and value (PostgreSQL manual, COPY).
_KEY_ROW = np.dtype([("columns", ">i2"), ("a", ">i4"), ("key", ">i8"), ("b", ">i4"), ("record", ">i4")])
_COPY_START = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END = b"\xff\xff"


class FileUnusable(Exception):
    """The file cannot be read as a register at all."""


class LoadingFailed(Exception):
    """A loading process failed; what it had finished is kept, and the import can be resumed."""


@dataclass(frozen=True, slots=True)
class LoadingTask:
    """What every batch of one import has in common."""

    database_url: str
    generation: Generation
    today: date
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that follow each other, as they stand in the file, and which one of it is the first."""

    number: int
    first_line: int
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a batch."""

    number: int
    rows_in: int
    rows_rejected: int


def open_register(path: Path) -> TextIO:
    """Open a register file for reading, compressed or not; what is no UTF-8 is marked, to be rejected later."""
    return opened(path, "replace")


def read_header(lines: Iterator[str]) -> tuple[str, ...]:
    """The columns of the file. Raises FileUnusable when one is missing, and when the first line cannot be read."""
    head = next(take_apart(_next_lines(lines, 1, 1)), [])
    if isinstance(head, str):
        raise FileUnusable(f"line 1: {head}")
    columns = tuple(name.strip().lower() for name in head)
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing or len(set(columns)) != len(columns):
        unread = any("\ufffd" in name or "\0" in name for name in columns)
        hint = f"; it is not UTF-8: {SAVE}" if unread else ""
        raise FileUnusable(f"line 1 must name each column once; missing: {', '.join(missing) or 'none'}{hint}")
    return columns


def read_batches(lines: Iterator[str]) -> Iterator[Batch]:
    """The lines below the first one in batches. Raises FileUnusable when the file is cut off."""
    number, first = 0, 2
    while batch := _next_lines(lines, LINES_PER_BATCH, first):
        yield Batch(number, first, batch)
        number, first = number + 1, first + len(batch)


def _next_lines(lines: Iterator[str], most: int, first: int) -> list[str]:
    try:
        return list(islice(lines, most))
    except DAMAGED as error:
        raise FileUnusable(f"the file cannot be read to its end, from line {first:,} on: {error}") from error


def load(task: LoadingTask, batches: Iterable[Batch], workers: int) -> Iterator[Loaded]:
    """Load batches, in `workers` processes, or in this one when 0. Raises LoadingFailed."""
    if workers == 0:
        with connect(task.database_url) as connection:
            for batch in batches:
                yield load_batch(connection, task, batch)
        return
    crew = _Crew(task, workers)
    try:
        yield from crew.run(batches)
    finally:
        crew.dismiss()


def connect(database_url: str) -> Connection:
    """A connection for an import: patient, and free of the limits that screens have."""
    address = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    connection: Connection = psycopg.connect(address, autocommit=True, application_name="register import")
    # A crash of the server may forget the last batches, with the rows that say that they are in.
    connection.execute("SET synchronous_commit = off; SET statement_timeout = 0; SET lock_timeout = '30s'")
    return connection


def load_batch(connection: Connection, task: LoadingTask, batch: Batch) -> Loaded:
    """Write one batch, and that it is in, or nothing of it."""
    records, rejects = _read(task, batch)
    loaded = Loaded(batch.number, len(records), len(rejects))
    number = task.generation.number
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO register_batches (import_id, number, rows_in, rows_rejected) VALUES (%s, %s, %s, %s)",
            (number, batch.number, loaded.rows_in, loaded.rows_rejected),
        )
        _copy_records(cursor, task.generation, records)
        names = [counted_names(record) for _, record in records]
        _copy_keys(cursor, task.generation, records, names)
        _copy_counts(cursor, task.generation, names)
        if rejects:
            cursor.executemany(
                "INSERT INTO register_rejects (import_id, line, reason) VALUES (%s, %s, %s)",
                [(number, line, reason) for line, reason in rejects],
            )
    return loaded


def count_names(counted: Iterable[CountedNames]) -> Counter[tuple[str, str]]:
    """How many of these records bear each first (`f`) and last (`l`) name."""
    counts: Counter[tuple[str, str]] = Counter()
    for names in counted:
        counts.update([("f", name) for name in names.first_names] + [("l", name) for name in names.last_names])
    return counts


def _read(task: LoadingTask, batch: Batch) -> tuple[list[tuple[int, TeachingRecord]], list[tuple[int, str]]]:
    records: list[tuple[int, TeachingRecord]] = []
    rejects: list[tuple[int, str]] = []
    for line, row in enumerate(take_apart(batch.lines), start=batch.first_line):
        if isinstance(row, str):
            rejects.append((line, row))
            continue
        try:
            records.append((line, read_row(task.columns, row, task.today)))
        except RowRefused as refused:
            rejects.append((line, str(refused)))
    return records, rejects


def _copy_records(
    cursor: psycopg.Cursor[Any], generation: Generation, records: Sequence[tuple[int, TeachingRecord]]
) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    into = sql.SQL("COPY {} (id, {}) FROM STDIN").format(generation.loaded, columns)
    with cursor.copy(into) as copy:
        for line, record in records:
            copy.write_row((line, *record_row(record)))


def _copy_keys(
    cursor: psycopg.Cursor[Any],
    generation: Generation,
    records: Sequence[tuple[int, TeachingRecord]],
    counted: Sequence[CountedNames],
) -> None:
    keys: list[int] = []
    owners: list[int] = []
    for (line, record), names in zip(records, counted, strict=True):
        own = {stored_key(key) for key in record_keys(record, names) if key[:1] not in IN_COLUMNS}
        keys += own
        owners += [line] * len(own)
    rows = np.empty(len(keys), dtype=_KEY_ROW)
    rows["columns"], rows["a"], rows["b"] = 2, 8, 4
    rows["key"], rows["record"] = keys, owners
    with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(generation.keys)) as copy:
        copy.write(_COPY_START + rows.tobytes() + _COPY_END)


def _copy_counts(cursor: psycopg.Cursor[Any], generation: Generation, names: Sequence[CountedNames]) -> None:
    with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(generation.counted)) as copy:
        for (kind, name), count in count_names(names).items():
            copy.write_row((kind, name, count))


class _Crew:
    """Processes that load batches, one each at a time. They end when their pipe does, however we end."""

    def __init__(self, task: LoadingTask, workers: int) -> None:
        # Forked children would share our sockets and file positions.
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Pipe] = []
        self._processes = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_work, args=(theirs, task), daemon=True)
            worker.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(worker)

    def run(self, batches: Iterable[Batch]) -> Iterator[Loaded]:
        idle = list(self._pipes)
        busy: list[Any] = []
        for batch in batches:
            if not idle:
                ready = wait(busy)
                yield from map(self._heard, ready)
                busy = [pipe for pipe in busy if pipe not in ready]
                idle = [pipe for pipe in self._pipes if pipe not in busy]
            pipe = idle.pop()
            self._tell(pipe, batch)
            busy.append(pipe)
        yield from map(self._heard, busy)

    def dismiss(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for worker in self._processes:
            worker.join(timeout=10)
            if worker.is_alive():
                worker.kill()
                worker.join()
            worker.close()

    @staticmethod
    def _tell(pipe: Pipe, batch: Batch) -> None:
        try:
            pipe.send(batch)
        except OSError as error:
            raise LoadingFailed("a loading process ended") from error

    @staticmethod
    def _heard(pipe: Any) -> Loaded:
        try:
            heard = pipe.recv()
        except (EOFError, OSError) as error:
            raise LoadingFailed("a loading process ended") from error
        if isinstance(heard, Loaded):
            return heard
        raise LoadingFailed(str(heard))


def _work(pipe: Pipe, task: LoadingTask) -> None:
    """The life of one loading process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; our parent closes the pipe
    try:
        with connect(task.database_url) as connection:
            while True:
                pipe.send(load_batch(connection, task, pipe.recv()))
    except (EOFError, OSError):
        return
    except psycopg.Error as error:
        pipe.send(f"{type(error).__name__}: {error}")
