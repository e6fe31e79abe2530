"""What is known of the replica: which generation is searched, what is in it, which imports there were."""

from __future__ import annotations

from typing import Any

from psycopg import sql

from identity_provider.models.register_layout import KEYS_VERSION, Generation
from identity_provider.services.register_loading import Connection, connect

IMPORTS_SHOWN = 5
REJECTS_SHOWN = 20
KEYED_OTHERWISE = "nobody is told that there is no record of them"
"""What a register comes to whose keys were made by another version of the code."""

_RECORDS = """
SELECT count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = 'merged'),
    count(*) FILTER (WHERE status = 'deactivated'), count(*) FILTER (WHERE date_of_birth IS NULL),
    count(*) FILTER (WHERE nino <> ''), count(*) FILTER (WHERE email <> ''),
    count(*) FILTER (WHERE previous_last_names <> '')
FROM {records}
"""
_RECORD_FACTS = (
    "active",
    "merged",
    "deactivated",
    "without_date_of_birth",
    "with_nino",
    "with_email",
    "with_previous_last_names",
)
_IMPORTS = """
SELECT i.id, i.file_name, i.state, i.reason, i.started_at, i.finished_at,
    (SELECT count(*) FROM register_rejects AS r WHERE r.import_id = i.id)
FROM register_imports AS i ORDER BY i.id DESC LIMIT %s
"""
_IMPORT_FACTS = ("generation", "file", "state", "reason", "started_at", "finished_at", "rejected")


def register_facts(database_url: str) -> dict[str, Any]:
    """Facts as plain values, ready for JSON; `generation` is None when no register can be searched."""
    with connect(database_url) as connection:
        imports = connection.execute(_IMPORTS, (IMPORTS_SHOWN,)).fetchall()
        facts = _current(connection)
    return facts | {"imports": [dict(zip(_IMPORT_FACTS, row, strict=True)) for row in imports]}


def rejected_lines(database_url: str, generation: int, most: int = REJECTS_SHOWN) -> list[tuple[int, str]]:
    """The first lines of an import's file that were no records, each with its reason."""
    with connect(database_url) as connection:
        rows = connection.execute(
            "SELECT line, reason FROM register_rejects WHERE import_id = %s ORDER BY line LIMIT %s", (generation, most)
        )
        return [(line, reason) for line, reason in rows]


def _current(connection: Connection) -> dict[str, Any]:
    found = connection.execute(
        "SELECT number, records, switched_at, keys_version FROM register_generations WHERE current"
    ).fetchone()
    if found is None:
        return {"generation": None, "records": 0, "import_again": False}
    number, records, switched_at, keys_version = found
    counted = connection.execute(sql.SQL(_RECORDS).format(records=Generation(number).records)).fetchone()
    return {
        "generation": number,
        "records": records,
        "switched_at": switched_at,
        "keys_version": keys_version,
        "import_again": keys_version != KEYS_VERSION,
    } | dict(zip(_RECORD_FACTS, counted or (), strict=True))
