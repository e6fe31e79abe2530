"""The teacher register as our own copy in PostgreSQL, filled by `flask register import`.

Every answer is one round trip: a pipeline that begins with the pointer to the current generation, so that a register
that is missing, half loaded or just being replaced is noticed in the same snapshot that is searched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import psycopg

from identity_provider.adapters.replica_bulk import TRN_LENGTH, array, find_many, names_asked, read_statistics
from identity_provider.adapters.replica_connections import Connection, ConnectionLost, Connections
from identity_provider.adapters.replica_queries import CURRENT, FOUND, MARKER, Queries, queries
from identity_provider.adapters.replica_reading import read_columns
from identity_provider.adapters.replica_snapshot import ReplicaSnapshot
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.models.register_layout import (
    IN_COLUMNS,
    KEYS_VERSION,
    Generation,
    asked_trns,
    stored_key,
    stored_keys,
)
from matching.blocking import AskedKeys
from matching.records import (
    ROWS_PER_ANSWER,
    ROWS_PER_KEY,
    CandidateAnswer,
    CandidateQuestion,
    TeachingRecord,
)
from matching.rows import RecordLines, read_line

SECONDS_A_SIZE_IS_BELIEVED = 60.0
TRIES = 3
NO_KEY = -1  # stored keys are positive

Rows = list[tuple[Any, ...]]
Answer = TypeVar("Answer")


class _Replaced(Exception):
    """The generation that was asked is not the current one (any more)."""


@dataclass(frozen=True, slots=True)
class _Current:
    generation: Generation
    size: int
    complete: bool
    """Whether its keys are those that we ask for: who is not found by other keys may be in it all the same."""
    read_at: float


class DqtReplica:
    """Searches the current generation. Raises RegisterUnavailable when there is none or the database fails."""

    def __init__(self, database_url: str) -> None:
        self._connections = Connections(database_url)
        self._current: _Current | None = None

    @property
    def size(self) -> int:
        """As `TeacherRegister.size`; at most a minute old."""
        current = self._current
        if current is None or time.monotonic() - current.read_at > SECONDS_A_SIZE_IS_BELIEVED:
            current = self._attempt(self._read_pointer)
        return current.size

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        """As `TeacherRegister.find_by_identifiers`."""
        asked = {"trn": trn, "key": stored_key(f"n:{nino}") if nino else NO_KEY}
        _, (rows,) = self._ask(lambda text: [(text.identified, asked)])
        return tuple({record.trn: record for record in (read_line(line) for (line,) in rows)}.values())

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        """As `TeacherRegister.find_candidates`."""
        asked = _AskedKeys.of(question.keys)
        current, (rows, counts) = self._ask(
            lambda text: [(text.candidates, asked.parameters()), (text.statistics, names_asked([question]))]
        )
        records, capped = _read_answer(rows, asked)
        return CandidateAnswer(records, capped, current.complete, read_statistics(counts, [question])[0])

    def find_many(self, questions: Sequence[CandidateQuestion]) -> list[CandidateAnswer]:
        """As `find_candidates` for each of these, in a few round trips together; for batches, as it is patient."""
        answers = self._attempt(lambda connection: self._find_many(connection, questions))
        pairs = zip(questions, answers, strict=True)
        return [answer or self.find_candidates(question) for question, answer in pairs]

    def records(self) -> Generator[TeachingRecord, None, None]:
        """Every record of the current generation, streamed: for batches that hold the register in memory."""
        with self._connections.lend() as connection, connection.transaction():
            connection.execute("SET LOCAL statement_timeout = 0")
            generation = self._read_pointer(connection).generation
            with connection.cursor("everything", binary=True) as cursor:
                cursor.itersize = 5_000
                cursor.execute(queries(generation).everything)
                for (line,) in cursor:
                    yield read_line(line)

    def snapshot(self) -> ReplicaSnapshot:
        """The current generation, all in memory, for batches; it stays as it is when another is imported."""
        for _ in range(TRIES):
            current = self._attempt(self._read_pointer)
            try:
                columns = read_columns(self._connections, current.generation)
                return ReplicaSnapshot(columns, complete=current.complete)
            except RegisterUnavailable as error:
                if not isinstance(error.__cause__, psycopg.errors.UndefinedTable):
                    raise
        raise RegisterUnavailable("the replica was replaced faster than it can be read")

    def close(self) -> None:
        """Close the idle connections."""
        self._connections.forget()

    def _ask(self, make: Callable[[Queries], Sequence[tuple[Any, dict[str, Any]]]]) -> tuple[_Current, list[Rows]]:
        def ask(connection: Connection) -> tuple[_Current, list[Rows]]:
            current = self._current or self._read_pointer(connection)
            return current, _ask_generation(connection, current.generation, make(queries(current.generation)))

        return self._attempt(ask)

    def _attempt(self, ask: Callable[[Connection], Answer]) -> Answer:
        """Ask; again when the register was replaced meanwhile, or when the database dropped an idle connection."""
        for _ in range(TRIES):
            try:
                with self._connections.lend() as connection:
                    return ask(connection)
            except _Replaced:
                self._current = None
            except ConnectionLost:
                self._connections.forget()
            except RegisterUnavailable:
                self._current = None  # it may be the generation that is in the way
                raise
        raise RegisterUnavailable("the replica was replaced, or its connections cut, faster than it can be asked")

    def _find_many(
        self, connection: Connection, questions: Sequence[CandidateQuestion]
    ) -> list[CandidateAnswer | None]:
        with connection.transaction():
            connection.execute("SET LOCAL statement_timeout = '60s'")
            current = self._current or self._read_pointer(connection)
            generation = current.generation
            answers = find_many(
                lambda asked: _ask_generation(connection, generation, asked), queries(generation), questions
            )
            return answers if current.complete else [each and replace(each, complete=False) for each in answers]

    def _read_pointer(self, connection: Connection) -> _Current:
        row = connection.execute(CURRENT).fetchone()
        if row is None:
            raise RegisterUnavailable("no generation of the register is complete: import one")
        self._current = _Current(Generation(row[0]), row[1], row[2] == KEYS_VERSION, time.monotonic())
        return self._current


def _ask_generation(
    connection: Connection, generation: Generation, asked: Sequence[tuple[Any, dict[str, Any]]]
) -> list[Rows]:
    try:
        pointer, answers = _piped(connection, asked)
    except psycopg.errors.UndefinedTable as error:
        raise _Replaced from error
    if not pointer or pointer[0][0] != generation.number:
        raise _Replaced
    return answers


def _piped(connection: Connection, asked: Sequence[tuple[Any, dict[str, Any]]]) -> tuple[Rows, list[Rows]]:
    """The pointer and the answers, all sent before the first is read."""
    with connection.pipeline():
        pointer = connection.execute(CURRENT, prepare=True)
        cursors = [connection.cursor(binary=True).execute(text, parameters, prepare=True) for text, parameters in asked]
    return pointer.fetchall(), [cursor.fetchall() for cursor in cursors]


@dataclass(frozen=True)
class _AskedKeys:
    """The keys of a question, apart by where they are looked up."""

    all: Sequence[str]
    days: tuple[str, ...]
    trns: tuple[str, ...]

    @classmethod
    def of(cls, keys: Sequence[str]) -> _AskedKeys:
        plain = keys.plain if isinstance(keys, AskedKeys) else keys
        days = tuple(key for key in plain if key.startswith("d:"))
        return cls(keys, days, asked_trns(keys))

    @cached_property
    def stored(self) -> tuple[str, ...]:
        """Those that are looked up by their number, in the order of `stored_keys`."""
        return tuple(key for key in self.all if key[:1] not in IN_COLUMNS)

    def parameters(self) -> dict[str, Any]:
        return {
            "keys": array(map(str, stored_keys(self.all).tolist())),
            "days": array(key[2:] for key in self.days),
            "trns": array(self.trns),
        }

    def at(self, place: int) -> str | None:
        """The key that an answer's place stands for: stored ones count from 1, days from -1; 0 is a TRN."""
        if place == 0:
            return None
        return self.stored[place - 1] if place > 0 else self.days[-place - 1]


def _read_answer(rows: Rows, asked: _AskedKeys) -> tuple[Sequence[TeachingRecord], tuple[str, ...]]:
    if len(rows) <= ROWS_PER_KEY and all(part != MARKER for part, _, _ in rows):
        whole = {line[:TRN_LENGTH]: line for _, _, line in rows}
        return (RecordLines(tuple(whole.values())) if whole else ()), ()  # nearly always
    records: dict[str, str] = {}
    capped: dict[str, None] = {}
    per_day: dict[int, int] = {}
    for part, place, line in rows:
        trn = line[:TRN_LENGTH]
        if part == MARKER:
            capped.update(dict.fromkeys(asked.stored[-place - 1 :] if place < 0 else (asked.stored[place - 1],)))
            continue
        if place < 0:
            per_day[place] = per_day.get(place, 0) + 1
        if trn in records:
            continue
        if part == FOUND and len(records) >= ROWS_PER_ANSWER:
            capped.update(dict.fromkeys(_from(place, asked)))
            continue
        records[trn] = line
    capped.update(dict.fromkeys(key for place, n in per_day.items() if n > ROWS_PER_KEY if (key := asked.at(place))))
    found = RecordLines(tuple(records.values())) if records else ()
    return found, tuple(key for key in asked.all if key in capped)


def _from(place: int, asked: _AskedKeys) -> Iterable[str]:
    """The keys whose records may be missing when the answer was full at this place: it and all after it."""
    if place < 0:
        trns = (f"t:{trn}" for trn in asked.trns)
        return (*asked.days[-place - 1 :], *trns, *asked.stored)
    return asked.stored[max(place, 1) - 1 :]
