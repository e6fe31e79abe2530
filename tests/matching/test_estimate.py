"""Estimation of m and u without labels."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from identity_provider.sandbox.people import write_register
from identity_provider.sandbox.people_queries import labelled_queries
from matching.comparisons import Field, Level
from matching.estimate import FIELDS, estimate, estimate_files, patterns, table
from matching.records import PersonDetails
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


def test_files_are_learnt_from_and_told_beside_the_table(tmp_path: Path) -> None:
    write_register(tmp_path / "register.csv", 2_000, 1)
    labelled_queries(tmp_path / "register.csv", tmp_path, 200, 2)
    seen: list[PersonDetails] = []

    def watch(people: list[PersonDetails]) -> Iterator[PersonDetails]:
        for person in people:
            seen.append(person)
            yield person

    found = estimate_files(tmp_path / "register.csv", tmp_path / "queries.csv", 150, watch)
    assert len(seen) == 150
    assert found.bits(Field.DATE_OF_BIRTH, Level.SAME) > found.bits(Field.DATE_OF_BIRTH, Level.DIFFERENT)
    assert any(line.startswith("date_of_birth   same") and line.endswith("14.00 bits") for line in table(found))
    assert any(line.startswith("first_name      same") and line.endswith("0.86 m") for line in table(found))


def test_a_table_is_in_the_order_of_the_fields() -> None:
    lines = list(table(estimate({pattern(first_name=Level.SAME, trn=Level.SAME, last_name=Level.SAME): 5})))
    assert [line.split()[0] for line in lines] == ["field", "first_name", "last_name", "trn"]
