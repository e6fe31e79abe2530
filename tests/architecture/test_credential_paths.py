"""Every place that takes a credential is limited, audited and counted, as docs/credential-paths.md says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "credential-paths.md"
COLUMNS = ("path", "limit", "lockout", "audit", "metric", "test")
SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
SOURCE = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("identity_provider", "support_console")
    for path in sorted((ROOT / folder).rglob("*.py"))
)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


PATHS = [dict(zip(COLUMNS, each, strict=True)) for each in rows("Paths")]
OTHERS = [each[0].strip("`") for each in rows("POST without a credential")]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_address_that_takes_a_post_is_in_one_of_the_tables(app: Flask) -> None:
    listed = {name for each in PATHS for name in quoted(each["path"])}
    prefixes = tuple(each.removesuffix("…") for each in OTHERS if each.endswith("…"))
    unlisted = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if CHANGES & (rule.methods or set())
        and rule.rule not in listed
        and rule.rule not in OTHERS
        and not rule.rule.startswith(prefixes)
    ]
    assert unlisted == []


def test_every_page_that_compares_a_code_is_a_path_with_a_credential(app: Flask) -> None:
    """A prefix among those without a credential must not hide one."""
    listed = {name for each in PATHS for name in quoted(each["path"])}
    secret = re.compile(r"code|authenticator|token|trn-in-use")
    hidden = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set())
        and rule.rule.startswith(("/sign-in", "/support/sign-in", "/resume", "/connect"))
        and secret.search(rule.rule.removeprefix("/resume/<token>"))
        and rule.rule not in listed
    ]
    assert hidden == []


def test_every_listed_address_exists(app: Flask) -> None:
    addresses = {rule.rule for rule in app.url_map.iter_rules()}
    named = {name for each in PATHS for name in quoted(each["path"]) if name.startswith("/")}
    assert named - addresses == set()


@pytest.mark.parametrize("row", PATHS, ids=lambda row: row["path"])
def test_what_a_row_names_is_there(row: dict[str, str]) -> None:
    for limit in quoted(row["limit"]):
        assert f'Limit("{limit}"' in SOURCE, limit
    for event in quoted(row["audit"]):
        assert f'"{event}"' in SOURCE, event
    assert quoted(row["metric"]), "every path is counted"
    for metric in quoted(row["metric"]):
        assert _is_counted(metric), metric
    for test in quoted(row["test"]):
        assert _exists(test), test
    assert all(row.values()), "a hole is not left blank"


def test_the_page_lists_every_limit_as_it_is() -> None:
    found = re.findall(r'Limit\("(\w+)", ([\d_]+), timedelta\((\w+)=(\d+)\)', SOURCE)
    wanted = {name: (int(count), timedelta(**{unit: int(number)})) for name, count, unit, number in found}
    assert len(wanted) == SOURCE.count('Limit("')
    listed = {}
    for name, count, window, _ in rows("Limits"):
        number, unit = window.split()
        seconds = int(number) * SECONDS[unit.rstrip("s")]
        listed[name.strip("`")] = (int(count.replace(",", "")), timedelta(seconds=seconds))
    assert listed == wanted


def _is_counted(metric: str) -> bool:
    """Either a metric of ours by its name, or a label of `credentials_total`."""
    if metric.endswith("_total"):
        return f'Counter("{metric.removesuffix("_total")}"' in SOURCE
    kind, _, which = metric.partition(":")
    counted = re.findall(r'measures\.(?:accepted|refused|reused)\(f?"([a-z_]+)', SOURCE)
    return kind in counted and (not which or f'"{which}"' in SOURCE)


def _exists(test: str) -> bool:
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return any(f"\ndef {test}(" in file for file in files)
