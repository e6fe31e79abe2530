"""How the names of records relate to a statement, found out once for each."""

from dataclasses import replace
from typing import Any

import pytest

from matching.comparisons import Level
from matching.relations import Relating
from matching.statements import prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record


def test_a_record_is_compared_once() -> None:
    relating = Relating(prepare(a_person(), TODAY))
    assert relating.of(ALEX) is relating.of(replace(ALEX))


def test_a_record_that_is_told_otherwise_is_compared_anew() -> None:
    """An answer by number and one by name may come from two calls, and the record may have changed between them."""
    relating = Relating(prepare(a_person(), TODAY))
    assert relating.of(ALEX).last.level is Level.SAME
    assert relating.of(replace(ALEX, last_name="Quill", previous_last_names=())).last.level is Level.DIFFERENT
    assert relating.of(ALEX).last.level is Level.SAME


@pytest.mark.parametrize(
    ("said", "exactly"),
    [
        ({}, True),
        ({"first_name": "Alexandrea"}, False),
        ({"last_name": "Quill", "previous_last_names": ()}, False),
        ({"first_name": "Featherstone", "last_name": "Alexandra", "previous_last_names": ()}, False),
    ],
)
def test_who_is_exactly_named(said: dict[str, Any], exactly: bool) -> None:
    assert Relating(prepare(a_person(), TODAY)).is_exactly_named(a_record(**said)) is exactly
