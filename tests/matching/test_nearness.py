"""Who is registered is never told that there is none while a record resembles them; who is not, still may be."""

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import MatchOutcome, NoMatch
from matching.records import TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of

ORLA = a_record(first_name="Orla", middle_name="", last_name="Todhead", previous_last_names=(), email="")
COMMON = [
    a_record(
        trn=f"3{n:06d}", first_name="Sarah", last_name=f"{'abcdefghij'[n % 10]}elton{'xyz'[n % 3]}", nino="", email=""
    )
    for n in range(60)
]


def is_none(outcome: MatchOutcome) -> bool:
    return isinstance(outcome, NoMatch)


@pytest.mark.parametrize(("first", "last"), [("Orla", "Quigley"), ("Bernice", "Todhead")])
def test_another_number_does_not_hide_a_record_of_that_birthday_and_one_name(first: str, last: str) -> None:
    stated = a_person(ORLA, first_name=first, last_name=last, nino="CE654321A")
    assert not is_none(outcome_of(stated, ORLA, *COMMON))
    neither = replace(stated, last_name="Quigley", first_name="Bernice")
    assert is_none(outcome_of(neither, ORLA, *COMMON))
    another_day = replace(stated, date_of_birth=date(1984, 5, 18))
    assert is_none(outcome_of(another_day, ORLA, *COMMON)), "a name, a near date and another number are a stranger's"


def namesakes(count: int) -> list[TeachingRecord]:
    """Records of exactly ALEX's name, none of them born within two slips of her."""
    return [
        a_record(
            trn=f"31{n:05d}", nino="", email="", middle_name="", date_of_birth=date(1950 + n % 20, 11, 20 + n % 10)
        )
        for n in range(count)
    ]


def test_two_digits_of_the_birthday_may_be_wrong_where_the_name_is_exactly_this() -> None:
    mistyped = a_record(trn="3000001", nino="CE111111A", date_of_birth=date(1982, 5, 13))  # of 1984-05-17
    assert not is_none(outcome_of(a_person(), mistyped, *namesakes(80)))
    for other in (replace(mistyped, middle_name="Ruth"), replace(mistyped, date_of_birth=date(1972, 5, 13))):
        assert is_none(outcome_of(a_person(middle_name="Rose"), other, *namesakes(80)))
    assert is_none(outcome_of(a_person(nino="AB999999A"), mistyped, *namesakes(80))), "another number says a namesake"
