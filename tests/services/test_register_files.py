"""Register files that cannot be read, wholly or in a line: what the import says of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from identity_provider.services.register_facts import rejected_lines
from identity_provider.services.register_import import ImportRefused
from tests.kit.database import TestCluster
from tests.kit.registers import COLUMNS, import_now, register_database

_NUMBERS = itertools.count()


@pytest.fixture
def url(cluster: TestCluster) -> str:
    return register_database(cluster, f"register_files_{next(_NUMBERS)}")


def write_rows(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def test_a_line_with_a_field_beyond_all_measure_is_rejected_with_its_reason(url: str, tmp_path: Path) -> None:
    good = [f"100000{n},Ann,,Smith,,1980-01-01,,,active,,,," for n in range(1, 4)]
    long = f"1000009,{'x' * 140_000},,Smith,,1980-01-01,,,active,,,,"
    path = write_rows(tmp_path / "register.csv", good[0], "", long, *good[1:])
    result = import_now(url, path, force=True)
    assert (result.records, result.rejected) == (3, 2)
    line, reason = rejected_lines(url, result.generation)[1]
    assert (line, reason[:41]) == (4, "a field of more than 131,072 characters, ")


def test_a_register_that_is_not_utf8_is_refused_with_the_first_line_and_what_to_do(url: str, tmp_path: Path) -> None:
    rows = [f"{n},{'Siân' if n > 5 else 'Ann'},,Smith,,1980-01-01,,,active,,,," for n in range(1, 41)]
    path = write_rows(tmp_path / "register.csv", *rows)
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    with pytest.raises(ImportRefused, match=r"35 of 40 .*\(line 7: first_name: not UTF-8; save the file as UTF-8\)"):
        import_now(url, path)
    path.write_bytes(path.read_text(encoding="cp1252").encode("utf-16"))
    with pytest.raises(ImportRefused, match="save the file as UTF-8"):
        import_now(url, path)


@pytest.mark.parametrize("name", ["register.csv", "register.csv.gz"])
def test_a_first_line_that_cannot_be_read_is_refused(url: str, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"trn,first_name," + b"x" * 140_000)
    with pytest.raises(ImportRefused, match=r"line 1: a field of more|cannot be read to its end"):
        import_now(url, path)
