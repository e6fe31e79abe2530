"""The sizes that keep the house readable (house.md, "Limits")."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES = 400
FUNCTION_LINES = 50
CONFTEST_LINES = 150
CONFTEST_FIXTURES = 12
BANNED_NAMES = {"helper", "helpers", "util", "utils", "manager", "handler", "info", "common", "process", "data"}


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).exists()]


SOURCES = [path for path in tracked("*.py") if "migrations/versions" not in path.as_posix()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    assert ast.get_docstring(ast.parse(text)), "a one-line docstring opens every module"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_functions_are_short(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_stand_at_the_top(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = [
        f"line {inner.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_modules_are_named_after_what_is_in_them() -> None:
    vague = [
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        if path.stem in BANNED_NAMES or path.parent.name in BANNED_NAMES
    ]
    assert vague == []


def test_the_shared_fixtures_are_few() -> None:
    conftest = ROOT / "tests" / "conftest.py"
    text = conftest.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= CONFTEST_LINES
    assert text.count("@pytest.fixture") <= CONFTEST_FIXTURES


def test_only_one_place_commits() -> None:
    application = [
        path
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in {"identity_provider", "support_console", "wsgi.py"}
    ]
    committing = [
        path.relative_to(ROOT).as_posix()
        for path in application
        if ".session.commit(" in path.read_text(encoding="utf-8")
        or "session.commit()" in path.read_text(encoding="utf-8")
    ]
    assert committing == ["identity_provider/db.py"]


def test_only_trn_links_writes_a_trn() -> None:
    """`user.trn`, the status and the level are assigned in services/trn_links and nowhere else."""
    guarded = {"trn", "lookup_status", "lookup_reason", "verification_level"}
    writers = set()
    for path in SOURCES:
        if path.relative_to(ROOT).parts[0] not in {"identity_provider", "support_console"}:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                if isinstance(target, ast.Attribute) and target.attr in guarded and _is_user(target.value):
                    writers.add(path.relative_to(ROOT).as_posix())
    assert writers == {"identity_provider/services/trn_links.py"}


def _is_user(node: ast.expr) -> bool:
    return (isinstance(node, ast.Name) and "user" in node.id) or (
        isinstance(node, ast.Attribute) and node.attr == "user"
    )
