"""Reading a whole generation of the replica into columns, several stretches of its tables at a time."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, count, pairwise
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from identity_provider.adapters.replica_columns import TRN_NUMBERS, Coded, Columns, Names
from identity_provider.adapters.replica_connections import Connections
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.models.register_layout import COLUMNS, Generation, line_of
from matching.held import known_lasts, words_elsewhere
from matching.normalise import given_name
from matching.rows import FIELD_SEPARATOR

PAGES_AT_A_TIME = 2_500
"""20 MB of a table: so much is in memory twice while it is read."""

MOST_AT_A_TIME = 8
"""Connections: there are 16, and whoever waits for one gives up after two seconds."""

BORN = COLUMNS.index("date_of_birth")

_PAGES = "SELECT pg_relation_size({table}) / current_setting('block_size')::integer"
# Rows by pages come in the order in which they lie, which for records is that of birthdays. Values are sent as
# PostgreSQL keeps them, many in one: each by itself takes ten times as long.
_RECORDS = """
SELECT string_agg(line, ''), string_agg(int4send(octet_length(line)), ''), string_agg(int4send(id), ''),
       string_agg(int4send(trn::integer), ''), string_agg(first_name, {apart}), string_agg(last_name, {apart}),
       string_agg(previous_last_names, {apart}), string_agg(middle_name, {apart}),
       string_agg(previous_first_names, {apart})
FROM (
    SELECT held.*, convert_to({line}, 'UTF8') AS line FROM {records} AS held
    WHERE held.ctid >= format('(%%s,0)', %(start)s::text)::tid AND held.ctid < format('(%%s,0)', %(end)s::text)::tid
) AS stretch
"""
_KEYS = """
SELECT string_agg(int8send(key), ''), string_agg(int4send(record), '') FROM {keys} AS held
WHERE held.ctid >= format('(%%s,0)', %(start)s::text)::tid AND held.ctid < format('(%%s,0)', %(end)s::text)::tid
"""
_DAYS = """
SELECT to_char(date_of_birth, 'YYYYMMDD'), count(*) FROM {records} GROUP BY date_of_birth ORDER BY date_of_birth
"""
_MERGED = "SELECT trn::integer, merged_into::integer FROM {records} WHERE status = 'merged' AND merged_into IS NOT NULL"
_NAMES = "SELECT kind, name, records FROM {names}"

Rows = list[tuple[Any, ...]]
Integers = NDArray[np.int32]
Meaning = TypeVar("Meaning")


def read_columns(connections: Connections, generation: Generation) -> Columns:
    """Everything of a generation, whose tables never change. Raises RegisterUnavailable where it cannot be read."""
    reading = _Reading(connections, generation)
    firsts = _Coding[str](lambda raw: given_name(raw).joined)
    lasts = _Coding[Sequence[str]](lambda raw: known_lasts(raw, ""))
    previous_lasts = _Coding[Sequence[str]](lambda raw: known_lasts("", raw))
    middles = _Coding[Sequence[str]](lambda raw: words_elsewhere(raw, ""))
    previous_firsts = _Coding[Sequence[str]](lambda raw: words_elsewhere("", raw))
    names = (firsts, lasts, previous_lasts, middles, previous_firsts)  # in the order of _RECORDS
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_AT_A_TIME)) as threads:
        sent = reading.table(_RECORDS, generation.records, threads)
        keys_sent = reading.table(_KEYS, generation.keys, threads)  # comes while the names are read
        text, lengths, ids, trns = _joined(sent, names)
        starts = np.concatenate(([0], np.cumsum(_numbers(lengths), dtype=np.int64)))
        size = len(starts) - 1
        coded = Names(
            firsts.coded(size), lasts.coded(size), previous_lasts.coded(size), middles.coded(size),
            previous_firsts.coded(size),
        )  # fmt: skip
        numbers, records = _joined(keys_sent)
    keys, owners = _sorted_keys(np.frombuffer(numbers, ">i8").astype(np.int64), _numbers(records), _numbers(ids))
    days = _days(reading.rows(_DAYS))
    _check_order(days, text, starts)
    by_trn = _places(_numbers(trns), TRN_NUMBERS)
    return Columns(
        text=text,
        starts=starts,
        keys=keys,
        owners=owners,
        by_trn=by_trn,
        survivors=_survivors(reading.rows(_MERGED), by_trn, size),
        days=days,
        counted={(kind, name): records for kind, name, records in reading.rows(_NAMES)},
        names=coded,
    )


class _Coding(Generic[Meaning]):
    """Takes in a column of text, stretch by stretch; what a text means is found out once for all that have it."""

    def __init__(self, meaning: Callable[[str], Meaning]) -> None:
        self._meaning = meaning
        self._known: dict[str, int] = defaultdict(count(1).__next__, {"": 0})
        self._codes: list[Integers] = []

    def add(self, stretch: str) -> None:
        """Take in the texts of further records, apart by FIELD_SEPARATOR."""
        texts = stretch.split(FIELD_SEPARATOR)
        self._codes.append(np.fromiter(map(self._known.__getitem__, texts), np.int32, len(texts)))

    def coded(self, size: int) -> Coded[Meaning]:
        """The whole column of so many records.

        Raises RegisterUnavailable for more or fewer: a text that holds the separator would give its record, and all
        after it, the names of others.
        """
        codes = np.concatenate([np.empty(0, np.int32), *self._codes])
        if len(codes) != size:
            raise RegisterUnavailable("a name in the replica holds the sign that keeps names apart")
        return Coded(codes, list(map(self._meaning, self._known)))


class _Reading:
    """Puts questions to one generation."""

    def __init__(self, connections: Connections, generation: Generation) -> None:
        self._connections = connections
        words = {"records": generation.records, "keys": generation.keys, "names": generation.names}
        apart = sql.Literal(FIELD_SEPARATOR)
        self._words: dict[str, sql.Composable] = words | {"line": line_of("held"), "apart": apart}

    def rows(self, text: str, asked: dict[str, int] | None = None, **words: sql.Composable) -> Rows:
        """What one statement gives."""
        with self._connections.lend() as connection, connection.transaction():
            connection.execute("SET LOCAL statement_timeout = '60s'")
            with connection.cursor(binary=True) as cursor:
                return cursor.execute(sql.SQL(text).format(**self._words, **words), asked).fetchall()

    def table(self, text: str, table: sql.Identifier, threads: ThreadPoolExecutor) -> Iterator[tuple[Any, ...]]:
        """What a statement gives for each stretch of a table; all of them are asked for at once."""
        return threads.map(lambda stretch: self.rows(text, stretch)[0], self._stretches(table))

    def _stretches(self, table: sql.Identifier) -> Iterator[dict[str, int]]:
        ((pages,),) = self.rows(_PAGES, table=sql.Literal(table.as_string()))
        for start in range(0, max(pages, 1), PAGES_AT_A_TIME):
            yield {"start": start, "end": start + PAGES_AT_A_TIME}


def _joined(stretches: Iterable[tuple[Any, ...]], names: Sequence[_Coding[Any]] = ()) -> list[bytes]:
    """Each value of all stretches in one; the last ones are names to code."""
    read: list[list[bytes]] = []
    for values in stretches:
        numbers = len(values) - len(names)
        read.append([value or b"" for value in values[:numbers]])
        for coding, column in zip(names, values[numbers:], strict=True):
            if column is not None:
                coding.add(column)
    return [b"".join(values) for values in zip(*read, strict=True)]


def _numbers(sent: bytes) -> Integers:
    return np.frombuffer(sent, ">i4").astype(np.int32)


def _places(numbers: Integers, most: int) -> Integers:
    """The place of each number, -1 where there is none."""
    places = np.full(most, -1, np.int32)
    places[numbers] = np.arange(len(numbers), dtype=np.int32)
    return places


def _survivors(merged: Rows, by_trn: Integers, size: int) -> Integers:
    """The place of the record that each was merged into, -1 where it was not or into none that is there."""
    survivors = np.full(size, -1, np.int32)
    numbers = np.array(merged, np.int32).reshape(-1, 2)
    survivors[by_trn[numbers[:, 0]]] = by_trn[numbers[:, 1]]
    return survivors


def _sorted_keys(keys: NDArray[np.int64], records: Integers, ids: Integers) -> tuple[NDArray[np.int64], Integers]:
    """The keys in their order, and the places of the records that have them."""
    order = np.argsort(keys)
    places = _places(ids, int(ids.max(initial=0)) + 1)
    return keys[order], places[records[order]]


def _check_order(days: Mapping[str, range], text: bytes, starts: NDArray[np.int64]) -> None:
    """Raise RegisterUnavailable where records do not lie in the order of their birthdays: some would not be found."""
    for day, places in days.items():
        for place in (places[0], places[-1]):
            line = text[starts[place] : starts[place + 1]].decode()
            if line.split(FIELD_SEPARATOR, BORN + 1)[BORN].replace("-", "") != day:
                raise RegisterUnavailable("the replica's records do not lie in the order of their birthdays")


def _days(counted: Sequence[tuple[str | None, int]]) -> dict[str, range]:
    """The places of each birthday; those without one come last."""
    ends = accumulate((count for _, count in counted), initial=0)
    return {day: range(*places) for (day, _), places in zip(counted, pairwise(ends), strict=True) if day}
