"""The migrations make exactly the tables that the models describe, and can be walked from nothing."""

from __future__ import annotations

import ast
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from identity_provider.db import Base, db

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
