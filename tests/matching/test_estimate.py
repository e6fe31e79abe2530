"""Estimation of m and u without labels."""

from collections import Counter
from pathlib import Path

import pytest

from identity_provider.sandbox.people import write_register
from identity_provider.sandbox.people_queries import labelled_queries
from matching.comparisons import Field, Level
from matching.estimate import FIELDS, estimate, main, patterns, table
from tests.kit.people import ALEX, TODAY, a_person, a_register


def pattern(**levels: Level) -> tuple[Level, ...]:
    return tuple(levels.get(field.value, Level.MISSING) for field in FIELDS)


def test_two_kinds_of_pairs_are_told_apart_without_being_labelled() -> None:
    same, different = Level.SAME, Level.DIFFERENT
    seen = {
        pattern(first_name=same, last_name=same, date_of_birth=same): 900,
        pattern(first_name=same, last_name=different, date_of_birth=same): 100,
        pattern(first_name=same, last_name=different, date_of_birth=different): 300,
        pattern(first_name=different, last_name=same, date_of_birth=different): 300,
        pattern(first_name=different, last_name=different, date_of_birth=different): 9_000,
    }
    found = estimate(seen)
    assert found.share == pytest.approx(0.094, abs=0.01)
    assert found.m[Field.LAST_NAME, same] == pytest.approx(0.9, abs=0.03)
    assert found.bits(Field.DATE_OF_BIRTH, same) > 8
    assert found.bits(Field.FIRST_NAME, different) < -4


def test_nothing_is_learnt_from_nothing() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        estimate({})


def test_pairs_are_what_blocking_brings_together() -> None:
    seen = Counter(patterns(a_register(ALEX), [a_person()], TODAY))
    assert seen[pattern(first_name=Level.SAME, last_name=Level.SAME, date_of_birth=Level.SAME)] == 1


def test_the_command_prints_m_u_and_the_table_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_register(tmp_path / "register.csv", 2_000, 1)
    labelled_queries(tmp_path / "register.csv", tmp_path, 200, 2)
    main([str(tmp_path / "register.csv"), str(tmp_path / "queries.csv"), "--sample", "150"])
    printed = capsys.readouterr().out
    assert "date_of_birth   same" in printed
    assert "pairs that belong together" in printed


def test_a_table_is_in_the_order_of_the_fields() -> None:
    lines = list(table(estimate({pattern(first_name=Level.SAME, trn=Level.SAME, last_name=Level.SAME): 5})))
    assert [line.split()[0] for line in lines] == ["field", "first_name", "last_name", "trn"]
