"""What is asked of a generation of the replica: SQL text, made once per generation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from psycopg import sql

from identity_provider.models.register_layout import Generation, line_of
from matching.records import ROWS_PER_ANSWER, ROWS_PER_KEY

CURRENT = b"SELECT number, records, keys_version FROM register_generations WHERE current"

MARKER, FOUND, SURVIVOR = 0, 1, 2
"""The parts of an answer, in the first column of each row; the second is the place of the key that found it."""

HITS = 2 * ROWS_PER_ANSWER
"""No more index entries than this are read, whatever is asked: beyond it keys count as cut off."""

_CANDIDATES = """
WITH hits AS MATERIALIZED (
    SELECT asked.place::integer AS place, held.record
    FROM unnest(%(keys)s::bigint[]) WITH ORDINALITY AS asked (key, place)
    CROSS JOIN LATERAL (
        SELECT k.record FROM {keys} AS k WHERE k.key = asked.key LIMIT {one_more}
    ) AS held
    LIMIT {hits}
), found AS MATERIALIZED (
    SELECT -asked.place::integer AS place, {line} AS line, held.merged_into
    FROM unnest(%(days)s::date[]) WITH ORDINALITY AS asked (day, place)
    CROSS JOIN LATERAL (
        SELECT * FROM {records} AS r WHERE r.date_of_birth = asked.day LIMIT {one_more}
    ) AS held
    UNION ALL
    SELECT 0, {line}, held.merged_into FROM {records} AS held WHERE held.trn = ANY(%(trns)s::text[])
    UNION ALL
    SELECT chosen.place, {line}, held.merged_into
    FROM (SELECT record, min(place) AS place FROM hits GROUP BY record ORDER BY 2 LIMIT {answer}) AS chosen
    JOIN {records} AS held ON held.id = chosen.record
)
SELECT {found_part}, found.place, found.line FROM found
UNION ALL
SELECT {survivor_part}, 0, {line} FROM found JOIN {records} AS held ON held.trn = found.merged_into
UNION ALL
SELECT {marker_part}, place, '' FROM hits GROUP BY place HAVING count(*) > {per_key}
UNION ALL
SELECT {marker_part}, -max(place), '' FROM hits HAVING count(*) >= {hits}
"""

_IDENTIFIED = """
WITH found AS MATERIALIZED (
    SELECT {line} AS line, held.merged_into FROM {records} AS held WHERE held.trn = %(trn)s AND %(trn)s <> ''
    UNION ALL
    SELECT {line}, held.merged_into
    FROM (SELECT k.record FROM {keys} AS k WHERE k.key = %(key)s::bigint LIMIT {per_key}) AS hit
    JOIN {records} AS held ON held.id = hit.record
)
SELECT line FROM found
UNION ALL
SELECT {line} FROM found JOIN {records} AS held ON held.trn = found.merged_into
"""

_STATISTICS = """
SELECT n.kind, n.name, n.records::bigint
FROM unnest(%(kinds)s::text[], %(names)s::text[]) AS asked (kind, name)
JOIN {names} AS n ON n.kind = asked.kind AND n.name = asked.name
UNION ALL
SELECT 'pair', asked.place::text, counted.records
FROM unnest(%(lows)s::bigint[], %(highs)s::bigint[]) WITH ORDINALITY AS asked (low, high, place)
CROSS JOIN LATERAL (
    SELECT count(*) AS records FROM {keys} AS k WHERE k.key BETWEEN asked.low AND asked.high
) AS counted
"""

_MANY_HITS = """
SELECT asked.place::integer, held.record
FROM unnest(%(keys)s::bigint[]) WITH ORDINALITY AS asked (key, place)
CROSS JOIN LATERAL (SELECT k.record FROM {keys} AS k WHERE k.key = asked.key LIMIT {one_more}) AS held
"""
_MANY_DAYS = """
SELECT asked.place::integer, held.id, {line}
FROM unnest(%(days)s::date[]) WITH ORDINALITY AS asked (day, place)
CROSS JOIN LATERAL (SELECT * FROM {records} AS r WHERE r.date_of_birth = asked.day LIMIT {one_more}) AS held
"""
_MANY_TRNS = """
SELECT held.id, {line}
FROM unnest(%(trns)s::text[]) AS asked (trn) JOIN {records} AS held ON held.trn = asked.trn
"""
_MANY_RECORDS = """
SELECT held.id, {line}
FROM unnest(%(ids)s::integer[]) AS asked (id) JOIN {records} AS held ON held.id = asked.id
"""

_ALL = "SELECT {line} FROM {records} AS held ORDER BY held.id"


_STATEMENTS = (
    _CANDIDATES,
    _IDENTIFIED,
    _STATISTICS,
    _ALL,
    _MANY_HITS,
    _MANY_DAYS,
    _MANY_TRNS,
    _MANY_RECORDS,
)


@dataclass(frozen=True, slots=True)
class Queries:
    """The questions to one generation, as text: psycopg would put it together anew for each."""

    candidates: bytes
    identified: bytes
    statistics: bytes
    everything: bytes
    many_hits: bytes
    many_days: bytes
    many_trns: bytes
    many_records: bytes


@lru_cache(maxsize=4)
def queries(generation: Generation) -> Queries:
    """The questions to this generation; the same objects each time, so that they stay prepared."""
    words = {
        "records": generation.records,
        "keys": generation.keys,
        "names": generation.names,
        "line": line_of("held"),
        "one_more": sql.Literal(ROWS_PER_KEY + 1),
        "per_key": sql.Literal(ROWS_PER_KEY),
        "hits": sql.Literal(HITS),
        "answer": sql.Literal(ROWS_PER_ANSWER + 1),
        "found_part": sql.Literal(FOUND),
        "survivor_part": sql.Literal(SURVIVOR),
        "marker_part": sql.Literal(MARKER),
    }
    return Queries(
        *(sql.SQL(each).format(**words).as_bytes(None) for each in _STATEMENTS),
    )
