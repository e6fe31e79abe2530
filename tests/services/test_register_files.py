"""Register files that cannot be read, wholly or in a line: what the import says of them."""

from __future__ import annotations

import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_provider.adapters.dqt_replica import DqtReplica
from identity_provider.services.register_facts import register_facts, rejected_lines
from identity_provider.services.register_import import ImportRefused
from identity_provider.services.register_loading import LINES_PER_BATCH
from identity_provider.services.register_rows import UNPAIRED
from tests.kit.database import TestCluster
from tests.kit.registers import COLUMNS, import_now, register_database

_NUMBERS = itertools.count()


@pytest.fixture
def url(cluster: TestCluster) -> str:
    return register_database(cluster, f"register_files_{next(_NUMBERS)}")


@pytest.fixture
def replica(url: str) -> Iterator[DqtReplica]:
    register = DqtReplica(url)
    yield register
    register.close()


def a_row(number: int, first_name: str = "Ann", last_name: str = "Smith") -> str:
    return f"{1_000_000 + number},{first_name},,{last_name},,1980-01-01,,,active,,,,"


def write_rows(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    return path


def test_a_line_with_a_field_beyond_all_measure_is_rejected_with_its_reason(url: str, tmp_path: Path) -> None:
    good = [f"100000{n},Ann,,Smith,,1980-01-01,,,active,,,," for n in range(1, 4)]
    long = f"1000009,{'x' * 140_000},,Smith,,1980-01-01,,,active,,,,"
    path = write_rows(tmp_path / "register.csv", good[0], "", long, *good[1:])
    result = import_now(url, path, force=True)
    assert (result.records, result.rejected) == (3, 2)
    assert rejected_lines(url, result.generation)[1] == (4, "a field of more than 131,072 characters")


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


def test_stray_quotation_marks_make_no_record_of_two_people(url: str, replica: DqtReplica, tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "register.csv",
        '1000001,"Ann,,Featherstone,,1980-02-03,AB123456C,,active,,,,',
        '1000002,Bob",,Quill,,1975-07-08,CE654321A,,active,,,,',
        a_row(3),
    )
    result = import_now(url, path)
    assert rejected_lines(url, result.generation) == [(2, UNPAIRED)]
    assert replica.find_by_identifiers("1000001", "") == ()
    [bob] = replica.find_by_identifiers("", "CE654321")
    assert (bob.trn, bob.first_name, bob.last_name) == ("1000002", 'Bob"', "Quill")
    assert replica.find_by_identifiers("1000003", "")


@pytest.mark.parametrize("broken", ["Ann\nMarie", "Ann\r\nMarie", "Ann\n\nMarie", "Ann\n"])
def test_a_row_of_several_lines_is_no_record_and_each_of_its_lines_is_rejected(
    url: str, replica: DqtReplica, tmp_path: Path, broken: str
) -> None:
    path = write_rows(tmp_path / "register.csv", a_row(1), a_row(2, f'"{broken}"'), a_row(3))
    result = import_now(url, path)
    covered = 1 + broken.count("\n")
    assert (result.records, [line for line, _ in rejected_lines(url, result.generation)]) == (
        2,
        list(range(3, 3 + covered)),
    )
    assert replica.find_by_identifiers("1000002", "") == ()


def test_quotation_marks_that_pair_up_are_read_as_they_are_meant(url: str, replica: DqtReplica, tmp_path: Path) -> None:
    rows = (a_row(1, '"Ann ""Nan"" B,"', '"Smith, Jr"'), a_row(2, '""'), a_row(3, 'Robert "Bob"'), a_row(4, '"Ann"x'))
    result = import_now(url, write_rows(tmp_path / "register.csv", *rows))
    assert rejected_lines(url, result.generation) == [(5, UNPAIRED)]
    found = {n: replica.find_by_identifiers(f"100000{n}", "")[0] for n in (1, 2, 3)}
    assert (found[1].first_name, found[1].last_name) == ('Ann "Nan" B,', "Smith, Jr")
    assert (found[2].first_name, found[3].first_name) == ("", 'Robert "Bob"')


@pytest.mark.parametrize("name", ["register.csv", "register.csv.gz"])
def test_a_quotation_mark_left_open_takes_its_own_line_only(
    url: str, replica: DqtReplica, tmp_path: Path, name: str
) -> None:
    """Also where it stands at the edge of a batch, and whatever stands behind it."""
    open_ones = {10, LINES_PER_BATCH - 1, LINES_PER_BATCH, LINES_PER_BATCH + 1, 6_000}
    rows = [a_row(n, '"Ann' if n in open_ones else "Ann") for n in range(1, 6_001)]
    path = write_rows(tmp_path / "register.csv", *rows)
    if name.endswith(".gz"):
        path = tmp_path / name
        path.write_bytes(gzip.compress((tmp_path / "register.csv").read_bytes()))
    result = import_now(url, path)
    assert (result.records, result.rejected) == (6_000 - len(open_ones), len(open_ones))
    assert [line for line, _ in rejected_lines(url, result.generation)] == sorted(n + 1 for n in open_ones)
    assert replica.find_by_identifiers("1005500", "")


def test_a_file_in_which_many_quotation_marks_are_left_open_is_refused(url: str, tmp_path: Path) -> None:
    rows = [a_row(n, '"Ann' if n % 50 == 0 else "Ann") for n in range(1, 6_001)]
    with pytest.raises(ImportRefused, match=rf"120 of 6,000 lines were rejected \(line 51: {UNPAIRED}\)"):
        import_now(url, write_rows(tmp_path / "register.csv", *rows))


def test_a_refusal_for_records_that_are_missing_names_the_first_rejected_line(url: str, tmp_path: Path) -> None:
    import_now(url, write_rows(tmp_path / "whole.csv", *map(a_row, range(100))))
    path = write_rows(tmp_path / "register.csv", *(a_row(n, "Siân" if n in {40, 60} else "Ann") for n in range(82)))
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    expected = "the file holds 80 records, the register 100 (line 42: first_name: not UTF-8; save the file as UTF-8)"
    with pytest.raises(ImportRefused) as refused:
        import_now(url, path)
    assert str(refused.value) == expected
    assert register_facts(url)["imports"][0]["reason"] == expected


def test_a_refusal_of_a_file_that_ends_early_names_the_first_rejected_line(url: str, tmp_path: Path) -> None:
    rows = [a_row(n, f"Ann{n * 7919 % 100_003}") for n in range(3 * LINES_PER_BATCH)]
    whole = write_rows(tmp_path / "register.csv", a_row(0, '"Ann'), *rows).read_bytes()
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(whole)[:-200])
    with pytest.raises(ImportRefused, match=rf"to its end, from line 10,002 on: .* \(line 2: {UNPAIRED}\)"):
        import_now(url, cut)
