"""docs/security.md answers every requirement of ASVS 5.0 levels 1 and 2, and names tests that exist."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "security.md"
STANDS = {"met", "partly", "not met", "operator", "not applicable"}
# How many requirements of levels 1 and 2 each section has, counted from its first one.
_COUNTS = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2
2.1:3 2.2:3 2.3:4 2.4:1
3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
4.1:3 4.2:1 4.3:2 4.4:4
5.1:1 5.2:3 5.3:2 5.4:3
6.1:3 6.2:12 6.3:3 6.4:4 6.5:5 6.6:3 6.8:4
7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2
8.1:2 8.2:3 8.3:1 8.4:1
9.1:3 9.2:4
10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3
11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1
12.1:3 12.2:2 12.3:4
13.1:1 13.2:5 13.3:2 13.4:5
14.1:2 14.2:4 14.3:3
15.1:3 15.2:3 15.3:7
16.1:1 16.2:5 16.3:4 16.4:3 16.5:3
17.1:1 17.2:4 17.3:2
"""
REQUIREMENTS = {section: int(count) for section, count in (each.split(":") for each in _COUNTS.split())}
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d+\.\d+\.\d+", line)
]


def answered(cell: str) -> list[str]:
    """`1.2.3`, or all from the first to the last of `1.2.3–1.2.5`."""
    first, _, last = cell.partition("–")
    section, _, number = first.rpartition(".")
    return [f"{section}.{each}" for each in range(int(number), int((last or first).rpartition(".")[2]) + 1)]


@cache
def names_of_tests() -> frozenset[str]:
    """Of every test in the tree; which file they live in may change."""
    files = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    return frozenset(name for file in files for name in re.findall(r"^def (test_\w+)\(", file, re.MULTILINE))


def test_every_requirement_is_answered_once() -> None:
    wanted = {f"{section}.{number}" for section, count in REQUIREMENTS.items() for number in range(1, count + 1)}
    given = Counter(each for row in ROWS for each in answered(row[0]))
    assert wanted - given.keys() == set()
    assert given.keys() - wanted == set()
    assert [each for each, count in given.items() if count > 1] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_an_answer_is_one_of_five_and_shown(row: list[str]) -> None:
    requirement, asks, stand, shown = row
    assert asks, requirement
    assert stand in STANDS
    tests = re.findall(r"`(test_\w+)`", shown)
    assert [name for name in tests if name not in names_of_tests()] == []
    assert tests or stand not in {"met", "partly"}, "no test shows it"
    assert shown, "a gap has a reason"


def test_the_page_names_its_gaps_at_the_top() -> None:
    opening = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    gaps = [row[0] for row in ROWS if row[2] == "not met"]
    assert gaps
    assert [each for each in gaps if each not in opening] == []
