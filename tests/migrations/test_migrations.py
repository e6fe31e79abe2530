"""The migrations make exactly the tables that the models describe, and can be walked from nothing."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text

from identity_provider.db import Base, db, transaction
from identity_provider.domain.change_requests import ReportState
from identity_provider.models import ChangeReport
from identity_provider.models.register_layout import KEYS_VERSION
from tests.builders import NOW, a_user
from tests.kit.changes import a_change, asked_for

VERSIONS = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def included(name: str | None, kind: str, _: object) -> bool:
    return not (kind == "table" and name is not None and name.startswith(("procrastinate_", "register_gen_")))


def test_models_and_migrations_agree(app: Flask) -> None:
    """What `alembic check` asks: nothing would be generated."""
    context = MigrationContext.configure(db.session.connection(), opts={"include_name": included})
    assert compare_metadata(context, Base.metadata) == []


def test_migrations_are_one_line_and_numbered() -> None:
    script = ScriptDirectory(str(VERSIONS.parent))
    revisions = [each.revision for each in script.walk_revisions()]
    assert len(script.get_heads()) == 1
    assert sorted(revisions) == [f"{number:04}" for number in range(1, len(revisions) + 1)]


def test_migrations_import_no_application_code() -> None:
    for path in VERSIONS.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None
                assert node.module.split(".")[0] not in {"identity_provider", "matching", "support_console", "config"}


def walk_again(revision: str) -> None:
    """Take a migration back and make it anew, as an upgrade meets rows that are there. The caller rolls it back."""
    module = ScriptDirectory(str(VERSIONS.parent)).get_revision(revision).module
    with Operations.context(MigrationContext.configure(db.session.connection())):
        module.downgrade()
        module.upgrade()


def test_of_changes_that_were_tried_before_0026_what_is_open_is_taken_for_ours(app: Flask) -> None:
    tried, waiting, sent = (a_change(asked_for("Kate", "Hall")) for _ in range(3))
    with transaction():
        for each, tried_at, state in (
            (tried, NOW, ReportState.WAITING),
            (waiting, None, ReportState.WAITING),
            (sent, NOW - timedelta(days=1), ReportState.SENT),
        ):
            db.session.add(
                ChangeReport(change_request_id=each.id, trn="1234567", state=state, tried_at=tried_at, created_at=NOW)
            )
    try:
        walk_again("0026")
        rows = db.session.execute(text("SELECT change_request_id, fetched_at FROM change_reports"))
        fetched = {row.change_request_id: row.fetched_at for row in rows}
    finally:
        db.session.rollback()
    assert fetched == {tried.id: NOW, waiting.id: None, sent.id: None}


def test_whoever_signed_in_before_0027_is_written_to_in_english(app: Flask) -> None:
    a_user(language="cy")
    try:
        walk_again("0027")
        assert db.session.scalar(text("SELECT language FROM users")) == "en"
    finally:
        db.session.rollback()


def test_of_registers_that_were_imported_before_0029_nobody_knows_what_keyed_them(app: Flask) -> None:
    db.session.execute(
        text(
            "INSERT INTO register_imports (id, file_name, file_digest, state, started_at)"
            " VALUES (7, 'register.csv', '', 'current', now())"
        )
    )
    db.session.execute(
        text(
            "INSERT INTO register_generations (number, records, current, keys_version, switched_at)"
            " VALUES (7, 1, true, :version, now())"
        ),
        {"version": KEYS_VERSION},
    )
    try:
        walk_again("0029")
        assert db.session.scalar(text("SELECT keys_version FROM register_generations")) == 0 != KEYS_VERSION
    finally:
        db.session.rollback()
