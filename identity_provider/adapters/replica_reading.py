"""Reading a whole generation of the replica into columns, several stretches of its tables at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, chain, pairwise
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from identity_provider.adapters.replica_columns import LINE_END, TRN_NUMBERS, Coded, Columns, Lines, Names
from identity_provider.adapters.replica_connections import Connections
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.models.register_layout import COLUMNS, Generation, line_of
from matching.held import known_lasts, words_elsewhere, words_of_several
from matching.normalise import given_name
from matching.rows import FIELD_SEPARATOR

PAGES_AT_A_TIME = 2_500
"""20 MB of a table: so much is in memory twice while it is read."""

MOST_AT_A_TIME = 8
"""Connections: there are 16, and whoever waits for one gives up after two seconds."""

BORN = COLUMNS.index("date_of_birth")

NAMES: Final = ("first_name", "last_name", "previous_last_names", "middle_name", "previous_first_names")

_HASHED: Final = "int8send(CASE {0} WHEN '' THEN 0 ELSE hashtextextended({0}, 0) END)"
_RECORD_SENT: Final = np.dtype([("id", ">i4"), ("trn", ">i4"), *((name, ">i8") for name in NAMES)])
_KEY_SENT: Final = np.dtype([("key", ">i8"), ("record", ">i4")])

_PAGES = "SELECT pg_relation_size({table}) / current_setting('block_size')::integer"
# Rows by pages come in the order in which they lie, which for records is that of birthdays. Values are sent as
# PostgreSQL keeps them, many in one: each by itself takes ten times as long.
_RECORDS = """
SELECT convert_to(string_agg({line}, {end}) || {end}, 'UTF8'),
       string_agg(int4send(id) || int4send(trn::integer) || {hashes}, '')
FROM {records} AS held
WHERE held.ctid >= format('(%%s,0)', %(start)s::text)::tid AND held.ctid < format('(%%s,0)', %(stop)s::text)::tid
"""
_KEYS = """
SELECT string_agg(int8send(key) || int4send(record), '') FROM {keys} AS held
WHERE held.ctid >= format('(%%s,0)', %(start)s::text)::tid AND held.ctid < format('(%%s,0)', %(stop)s::text)::tid
"""
_DAYS = """
SELECT to_char(date_of_birth, 'YYYYMMDD'), count(*) FROM {records} GROUP BY date_of_birth ORDER BY date_of_birth
"""
_MERGED = "SELECT trn::integer, merged_into::integer FROM {records} WHERE status = 'merged' AND merged_into IS NOT NULL"
_NAMES = "SELECT kind, name, records FROM {names}"

Rows = list[tuple[Any, ...]]
Integers = NDArray[np.int32]
Sent = NDArray[np.void]
Meaning = TypeVar("Meaning")


def read_columns(connections: Connections, generation: Generation) -> Columns:
    """Everything of a generation, whose tables never change. Raises RegisterUnavailable where it cannot be read."""
    reading = _Reading(connections, generation)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_AT_A_TIME)) as threads:
        sent = reading.table(_RECORDS, generation.records, threads)
        sorting = threads.submit(_sorted_keys, reading.table(_KEYS, generation.keys, threads))
        days, merged, counted = (threads.submit(reading.rows, text) for text in (_DAYS, _MERGED, _NAMES))
        text, told = _joined(sent)
        numbers = np.frombuffer(told, _RECORD_SENT)
        lines = Lines(text, _starts(text, len(numbers)))
        first_names = _coded(numbers, "first_name", str, lines)
        names = Names(
            firsts=first_names.read_as(lambda raw: given_name(raw).joined),
            first_words=first_names.read_as(words_of_several),
            lasts=_coded(numbers, "last_name", lambda raw: known_lasts(raw, ""), lines),
            previous_lasts=_coded(numbers, "previous_last_names", lambda raw: known_lasts("", raw), lines),
            middles=_coded(numbers, "middle_name", lambda raw: words_elsewhere(raw, ""), lines),
            previous_firsts=_coded(numbers, "previous_first_names", lambda raw: words_elsewhere("", raw), lines),
        )
    born = _days(days.result())
    _check_order(born, lines)
    ids, by_trn = numbers["id"], _places(numbers["trn"], TRN_NUMBERS)
    keys, having = sorting.result()
    return Columns(
        lines=lines,
        keys=keys,
        owners=_places(ids, int(ids.max(initial=0)) + 1)[having],
        by_trn=by_trn,
        survivors=_survivors(merged.result(), by_trn, len(numbers)),
        days=born,
        counted={(kind, name): records for kind, name, records in counted.result()},
        names=names,
    )


def _coded(sent: Sent, column: str, meaning: Callable[[str], Meaning], lines: Lines) -> Coded[Meaning]:
    """A column of names, whose hashes were sent: sixty-four bits, so that no two names of a register have the same.

    Were it otherwise, one would be sifted by the other's name; what decides is always compared as it stands.
    """
    hashes, at = sent[column].astype(np.int64), COLUMNS.index(column)
    having = np.flatnonzero(hashes)
    _, first, codes = np.unique(hashes[having], return_index=True, return_inverse=True)
    column_of_codes = np.zeros(len(hashes), np.int32)
    column_of_codes[having] = codes + 1
    values = chain(("",), lines.column(having[first], at))
    return Coded(column_of_codes, np.fromiter(map(meaning, values), np.object_, len(first) + 1))


class _Reading:
    """Puts questions to one generation."""

    def __init__(self, connections: Connections, generation: Generation) -> None:
        self._connections = connections
        words: dict[str, sql.Composable] = {
            "records": generation.records,
            "keys": generation.keys,
            "names": generation.names,
        }
        hashed = (sql.SQL(_HASHED).format(sql.Identifier(name)) for name in NAMES)
        words |= {"line": line_of("held"), "end": sql.Literal(LINE_END), "hashes": sql.SQL(" || ").join(hashed)}
        self._words = words

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
            yield {"start": start, "stop": start + PAGES_AT_A_TIME}


def _joined(stretches: Iterable[tuple[Any, ...]]) -> list[bytes]:
    """Each value of all stretches in one."""
    read = [[value or b"" for value in values] for values in stretches]
    return [b"".join(values) for values in zip(*read, strict=True)]


def _starts(text: bytes, size: int) -> NDArray[np.int64]:
    """Where each line starts, and where the last ends.

    Raises RegisterUnavailable where these are not so many lines of so many values: some would be read as others.
    """
    signs = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(signs == ord(LINE_END))
    if len(ends) != size or np.count_nonzero(signs == ord(FIELD_SEPARATOR)) != size * (len(COLUMNS) - 1):
        raise RegisterUnavailable("a value in the replica holds a sign that keeps values apart")
    return np.concatenate(([0], ends + 1))


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


def _sorted_keys(sent: Iterable[tuple[Any, ...]]) -> tuple[NDArray[np.int64], Integers]:
    """The keys in their order, and the records that have them."""
    (pairs,) = _joined(sent)
    read = np.frombuffer(pairs, _KEY_SENT)
    keys, records = read["key"].astype(np.int64), read["record"].astype(np.int32)
    order = np.argsort(keys)
    return keys[order], records[order]


def _check_order(days: Mapping[str, range], lines: Lines) -> None:
    """Raise RegisterUnavailable where records do not lie in the order of their birthdays: some would not be found."""
    for day, places in days.items():
        for place in (places[0], places[-1]):
            if lines.values(place)[BORN].replace("-", "") != day:
                raise RegisterUnavailable("the replica's records do not lie in the order of their birthdays")


def _days(counted: Sequence[tuple[str | None, int]]) -> dict[str, range]:
    """The places of each birthday; those without one come last."""
    ends = accumulate((count for _, count in counted), initial=0)
    return {day: range(*places) for (day, _), places in zip(counted, pairwise(ends), strict=True) if day}
