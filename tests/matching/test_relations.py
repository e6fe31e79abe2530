"""How the names of records relate to a statement, found out once for each."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.comparisons import Level
from matching.matcher import DefiniteMatch, match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from matching.records import RecordStatus
from matching.relations import Relating
from matching.statements import prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record


def test_a_record_is_compared_once() -> None:
    relating = Relating(prepare(a_person(), TODAY))
    assert relating.of(ALEX, numbered=False) is relating.of(replace(ALEX), numbered=False)


def test_a_record_that_is_told_otherwise_is_compared_anew() -> None:
    """An answer by number and one by name may come from two calls, and the record may have changed between them."""
    relating = Relating(prepare(a_person(), TODAY))
    assert relating.of(ALEX, numbered=False).last.level is Level.SAME
    married = replace(ALEX, last_name="Quill", previous_last_names=())
    assert relating.of(married, numbered=False).last.level is Level.DIFFERENT
    assert relating.of(ALEX, numbered=False).last.level is Level.SAME


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
    assert Relating(prepare(a_person(), TODAY)).is_exactly_named(a_record(**said), numbered=True) is exactly


def test_the_number_of_a_merged_record_says_as_much_of_the_names() -> None:
    """Ward, Michelle, Frances is Michelle Frances Ward, where a number is hers: also one that she had before."""
    born = date(1980, 5, 6)
    ours = a_record(trn="7654321", first_name="Michelle", middle_name="Frances", last_name="Ward", date_of_birth=born)
    before = replace(ours, trn="7654328", last_name="Quill", status=RecordStatus.MERGED, merged_into=ours.trn)
    person = a_person(first_name="Ward", middle_name="Michelle", last_name="Frances", date_of_birth=born, nino="")
    for trn in (ours.trn, before.trn):
        stated = replace(person, trn=trn, previous_last_names=())
        outcome = match(stated, InMemoryRegister([ours, before, ALEX]), Policy.LINKAGE, TODAY)
        assert isinstance(outcome, DefiniteMatch), trn
        assert outcome.record.trn == ours.trn
