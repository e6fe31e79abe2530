"""Mistakes that no set of data had on which the rules were made: an examiner found each with data of their own."""

from datetime import date

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from tests.kit.people import ALEX, a_person, a_record, outcome_of


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


@pytest.mark.parametrize(("first", "last"), [("A", "Quigley"), ("A.", "Quigley"), ("Alexandra", "F")])
def test_an_initial_that_is_in_no_record_does_not_say_that_there_is_none(first: str, last: str) -> None:
    many = [a_record(trn=f"300000{n}", first_name="Una", last_name="Brodie", nino="", email="") for n in range(9)]
    newly_married = a_person(first_name=first, last_name=last)
    assert not isinstance(outcome_of(newly_married, *many), NoMatch)


UNKNOWN_BIRTHDAY = date(1900, 1, 1)


def test_a_record_whose_birthday_nobody_knew_is_near_to_everybody_of_its_name() -> None:
    undated = a_record(date_of_birth=UNKNOWN_BIRTHDAY)
    more = [a_record(trn=f"300000{n}", date_of_birth=date(1960 + n, 2, 3), nino="", email="") for n in range(9)]
    assert not isinstance(outcome_of(a_person(date_of_birth=date(1984, 5, 17)), undated, *more), NoMatch)


def test_a_record_whose_birthday_nobody_knew_is_linked_by_a_number_and_both_names() -> None:
    undated = a_record(date_of_birth=UNKNOWN_BIRTHDAY)
    born = date(1984, 5, 17)
    assert linked(outcome_of(a_person(undated, date_of_birth=born, trn=undated.trn), undated)) == undated.trn
    assert linked(outcome_of(a_person(undated, date_of_birth=born), undated)) is None
    assert (
        linked(outcome_of(a_person(undated, first_name="Ruth", date_of_birth=born, trn=undated.trn), undated)) is None
    )


def test_a_birthday_that_stands_for_none_is_no_evidence() -> None:
    undated = a_record(date_of_birth=UNKNOWN_BIRTHDAY)
    assert linked(outcome_of(a_person(undated), undated)) is None
    assert not isinstance(outcome_of(a_person(first_name="Una", date_of_birth=UNKNOWN_BIRTHDAY), ALEX), NoMatch)
