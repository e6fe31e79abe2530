"""Reading a whole generation of the replica into columns, several stretches of its tables at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from identity_provider.adapters.replica_connections import Connections
from identity_provider.adapters.replica_snapshot import TRN_NUMBERS, Columns
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.models.register_layout import COLUMNS, Generation, line_of
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
       string_agg(int4send(trn::integer), '')
FROM (
    SELECT convert_to({line}, 'UTF8') AS line, id, trn FROM {records} AS held
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
_NAMES = "SELECT kind, name, records FROM {names}"

Rows = list[tuple[Any, ...]]
Integers = NDArray[np.int32]


def read_columns(connections: Connections, generation: Generation) -> Columns:
    """Everything of a generation, whose tables never change. Raises RegisterUnavailable where it cannot be read."""
    reading = _Reading(connections, generation)
    text, lengths, ids, trns = reading.table(_RECORDS, generation.records)
    sent, records = reading.table(_KEYS, generation.keys)
    keys, owners = _sorted_keys(np.frombuffer(sent, ">i8"), _numbers(records), _numbers(ids))
    starts = np.concatenate(([0], np.cumsum(_numbers(lengths), dtype=np.int64)))
    days = _days(reading.rows(_DAYS))
    _check_order(days, text, starts)
    return Columns(
        text=text,
        starts=starts,
        keys=keys,
        owners=owners,
        by_trn=_places(_numbers(trns), TRN_NUMBERS),
        days=days,
        names={(kind, name): count for kind, name, count in reading.rows(_NAMES)},
    )


class _Reading:
    """Puts questions to one generation."""

    def __init__(self, connections: Connections, generation: Generation) -> None:
        self._connections = connections
        words = {"records": generation.records, "keys": generation.keys, "names": generation.names}
        self._words: dict[str, sql.Composable] = words | {"line": line_of("held")}

    def rows(self, text: str, asked: dict[str, int] | None = None, **words: sql.Composable) -> Rows:
        """What one statement gives."""
        with self._connections.lend() as connection, connection.transaction():
            connection.execute("SET LOCAL statement_timeout = '60s'")
            with connection.cursor(binary=True) as cursor:
                return cursor.execute(sql.SQL(text).format(**self._words, **words), asked).fetchall()

    def table(self, text: str, table: sql.Identifier) -> list[bytes]:
        """Each value that a statement gives for the stretches of a table, joined."""
        ((pages,),) = self.rows(_PAGES, table=sql.Literal(table.as_string()))
        starts = range(0, max(pages, 1), PAGES_AT_A_TIME)
        stretches = [{"start": start, "end": start + PAGES_AT_A_TIME} for start in starts]
        with ThreadPoolExecutor(min(os.cpu_count() or 1, MOST_AT_A_TIME)) as threads:
            read = list(threads.map(lambda stretch: self.rows(text, stretch)[0], stretches))
        return [b"".join(value or b"" for value in values) for values in zip(*read, strict=True)]


def _numbers(sent: bytes) -> Integers:
    return np.frombuffer(sent, ">i4").astype(np.int32)


def _places(numbers: Integers, most: int) -> Integers:
    """The place of each number, -1 where there is none."""
    places = np.full(most, -1, np.int32)
    places[numbers] = np.arange(len(numbers), dtype=np.int32)
    return places


def _sorted_keys(keys: NDArray[Any], records: Integers, ids: Integers) -> tuple[NDArray[np.int64], Integers]:
    """The keys in their order, and the places of the records that have them."""
    order = np.argsort(keys, kind="stable")
    places = _places(ids, int(ids.max(initial=0)) + 1)
    return keys[order].astype(np.int64), places[records[order]]


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
