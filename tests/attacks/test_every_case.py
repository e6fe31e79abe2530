"""Each of the 58 attacks of the design page oidc.md has a test here that bears its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = range(1, 59)
NUMBERED = re.compile(r"test_(?:case_)?(\d+)_")
NAMED_IN_TABLE = re.compile(r"`([a-z]+/test_[a-z_]+\.py)::(test_\w+)`")


def named_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("case", CASES)
def test_a_case_has_a_test_of_its_number(case: int) -> None:
    named = {name for path in HERE.glob("test_*.py") for name in named_in(path)}
    assert case in {int(found.group(1)) for name in named if (found := NUMBERED.match(name))}


def test_every_test_that_the_table_of_conformance_names_exists() -> None:
    table = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    named = set(NAMED_IN_TABLE.findall(table))
    assert len(named) > 40
    lost = [f"{path}::{name}" for path, name in named if name not in named_in(ROOT / "tests" / path)]
    assert lost == []
