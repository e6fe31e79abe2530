"""Making a loaded generation searchable, and taking an old one away. Each step may be run again after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql

from identity_provider.models.register_layout import ALL_LAST_NAMES, Generation, line_of
from identity_provider.services.register_loading import Connection, count_names
from matching.blocking import counted_names
from matching.rows import read_line

TRIES_TO_DROP = 10
WAIT_TO_DROP = "50ms"
SECONDS_BETWEEN_TRIES = 0.3

_LOADED = """
CREATE TABLE IF NOT EXISTS {loaded} (
    id integer NOT NULL,
    trn text NOT NULL,
    first_name text NOT NULL,
    middle_name text NOT NULL,
    last_name text NOT NULL,
    previous_first_names text NOT NULL,
    previous_last_names text NOT NULL,
    date_of_birth date,
    nino text NOT NULL,
    email text NOT NULL,
    status text NOT NULL,
    merged_into text,
    has_qts boolean,
    has_open_alert boolean
)
"""
_KEYS = "CREATE TABLE IF NOT EXISTS {keys} (key bigint NOT NULL, record integer NOT NULL)"
_COUNTED = "CREATE TABLE IF NOT EXISTS {counted} (kind text NOT NULL, name text NOT NULL, records integer NOT NULL)"

_SURPLUS = """
SELECT id, first, {line} FROM (
    SELECT *, min(id) OVER (PARTITION BY trn) AS first FROM {loaded}
    WHERE trn IN (SELECT trn FROM {loaded} GROUP BY trn HAVING count(*) > 1)
) AS held WHERE id <> first
"""
_REJECT = """
INSERT INTO register_rejects (import_id, line, reason) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
"""

_STEPS = (
    "CREATE UNIQUE INDEX IF NOT EXISTS {records_id} ON {records} (id)",
    "CREATE UNIQUE INDEX IF NOT EXISTS {records_trn} ON {records} (trn)",
    "CREATE INDEX IF NOT EXISTS {records_born} ON {records} (date_of_birth)",
    # The record rides along, so that looking a key up never touches the table of keys itself.
    "CREATE INDEX IF NOT EXISTS {keys_key} ON {keys} (key) INCLUDE (record)",
    # What index-only scans need: pages that are known to be visible to everybody.
    "VACUUM (FREEZE, ANALYZE) {records}",
    "VACUUM (FREEZE, ANALYZE) {keys}",
    "VACUUM (FREEZE, ANALYZE) {names}",
)

Watch = Callable[[int, int], None]
"""Called with the steps done and the steps there are."""


def make_tables(connection: Connection, generation: Generation) -> None:
    """The tables that batches are loaded into, unless they are there."""
    with connection.transaction():
        for statement in (_LOADED, _KEYS, _COUNTED):
            connection.execute(_filled(statement, generation))


def build(connection: Connection, generation: Generation, watch: Watch) -> int:
    """Sort, index and count what was loaded; how many records there are."""
    connection.execute("SET maintenance_work_mem = '256MB'; SET work_mem = '128MB'")
    steps: list[Callable[[], Any]] = [
        lambda: _sort(connection, generation),
        lambda: _count(connection, generation),
        *(_step(connection, statement, generation) for statement in _STEPS),
    ]
    for done, step in enumerate(steps):
        watch(done, len(steps))
        step()
    watch(len(steps), len(steps))
    row = connection.execute(_filled("SELECT count(*) FROM {records}", generation)).fetchone()
    return int(row[0]) if row else 0


def drop(connection: Connection, generation: Generation) -> None:
    """Take the tables of a generation away.

    Lookups that queue behind a waiting DROP would fail, so it waits for moments only, many times. Raises
    LockNotAvailable when the tables are still being read after that.
    """
    for left in reversed(range(TRIES_TO_DROP)):
        try:
            with connection.transaction():
                connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(WAIT_TO_DROP)))
                for table in generation.tables:
                    connection.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
            return
        except psycopg.errors.LockNotAvailable:
            if not left:
                raise
            time.sleep(SECONDS_BETWEEN_TRIES)


def _sort(connection: Connection, generation: Generation) -> None:
    """Lay the records in the order of birthdays, without those whose TRN stands on an earlier line."""
    if not _exists(connection, generation.loaded):
        return
    with connection.transaction():
        _reject_repeated(connection, generation)
        connection.execute(
            _filled("CREATE TABLE {records} AS SELECT * FROM {loaded} ORDER BY date_of_birth, id", generation)
        )
        connection.execute(_filled("DROP TABLE {loaded}", generation))


def _count(connection: Connection, generation: Generation) -> None:
    """Add up the batches' counts of names."""
    if not _exists(connection, generation.counted):
        return
    with connection.transaction():
        connection.execute(
            _filled(
                "CREATE TABLE {names} AS SELECT kind, name, sum(records)::integer AS records"
                " FROM {counted} GROUP BY kind, name HAVING sum(records) > 0 ORDER BY kind, name",
                generation,
            )
        )
        connection.execute(
            _filled(
                "INSERT INTO {names} SELECT %s, %s, coalesce(sum(records), 0) FROM {names} WHERE kind = %s", generation
            ),
            (*ALL_LAST_NAMES, ALL_LAST_NAMES[1]),
        )
        connection.execute(_filled("ALTER TABLE {names} ADD PRIMARY KEY (kind, name)", generation))
        connection.execute(_filled("DROP TABLE {counted}", generation))


def _reject_repeated(connection: Connection, generation: Generation) -> None:
    surplus = connection.execute(_filled(_SURPLUS, generation)).fetchall()
    if not surplus:
        return
    lines = [row[0] for row in surplus]
    with connection.cursor() as cursor:
        cursor.executemany(
            _REJECT, [(generation.number, line, f"trn: also on line {first}") for line, first, _ in surplus]
        )
        cursor.execute(_filled("DELETE FROM {loaded} WHERE id = ANY(%s)", generation), (lines,))
        cursor.execute(_filled("DELETE FROM {keys} WHERE record = ANY(%s)", generation), (lines,))
        counted_twice = count_names(counted_names(read_line(line)) for _, _, line in surplus)
        cursor.executemany(
            _filled("INSERT INTO {counted} (kind, name, records) VALUES (%s, %s, %s)", generation),
            [(kind, name, -count) for (kind, name), count in counted_twice.items()],
        )


def _step(connection: Connection, statement: str, generation: Generation) -> Callable[[], Any]:
    return lambda: connection.execute(_filled(statement, generation))


def _exists(connection: Connection, table: sql.Identifier) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table.as_string(connection),)).fetchone()
    return bool(found and found[0])


def _filled(statement: str, generation: Generation) -> sql.Composed:
    return sql.SQL(statement).format(
        loaded=generation.loaded,
        records=generation.records,
        keys=generation.keys,
        counted=generation.counted,
        names=generation.names,
        line=line_of("held"),
        records_id=generation.index("records_id"),
        records_trn=generation.index("records_trn"),
        records_born=generation.index("records_born"),
        keys_key=generation.index("keys_key"),
    )
