"""Runs migrations on the application's database: one at a time, and never waiting long for a lock."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy import Connection, text

import identity_provider.models  # noqa: F401 -- the tables must be known
from identity_provider.db import Base, UtcDateTime, db

ADVISORY_LOCK = 5_127_340_118


def render_item(kind: str, item: object, _: AutogenContext) -> str | Literal[False]:
    """Write our own types into migrations as the plain types they are: migrations import no application code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_name(name: str | None, kind: str, _: Any) -> bool:
    """Leave the tables alone that procrastinate and the register's imports make."""
    return not (kind == "table" and name is not None and name.startswith(("procrastinate_", "register_gen_")))


def run(connection: Connection) -> None:
    """Migrate, holding the advisory lock so that two deployments take turns."""
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        include_name=include_name,
        compare_server_default=False,
        transaction_per_migration=True,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database, not into a file: they must see what is there.")
with current_app.app_context(), db.engine.connect() as database:
    run(database)
