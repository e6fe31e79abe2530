"""Last names that resemble each other and are two, and records that are near though little of them agrees."""

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from matching.records import PersonDetails, TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


def of_family(last: str, **changes: object) -> TeachingRecord:
    return a_record(last_name=last, previous_last_names=(), email="", **changes)


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("Adamson", "Adams"), ("Williams", "Williamson"), ("Rogerson", "Rogers"), ("Harrison", "Harris"),
        ("Barnes-Buckley", "Buckley-Price"), ("Bowes Potter", "Bowes-Lyon"), ("Silva Pereira", "Santos Silva"),
        ("James-Smith", "James-Taylor"),
    ],
)  # fmt: skip
def test_two_families_take_a_number(typed: str, held: str) -> None:
    record = of_family(held)
    stated = a_person(record, last_name=typed)
    assert linked(outcome_of(stated, record)) is None
    assert not isinstance(outcome_of(stated, record), NoMatch)
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("Buckley", "Buckley-Price"), ("Buckley-Price", "Buckley"), ("Buckley-Prce", "Buckley-Price"),
        ("Price Buckley", "Buckley-Price"), ("da Silva Santos", "Silva Santos"), ("Johnsen", "Johnson"),
        ("McKay", "MacKay"), ("Louise Featherstone", "Featherstone-Price"), ("Mac Pherson", "McPherson"),
        ("Featherstone?Marsh", "Featherstone"),
    ],
)  # fmt: skip
def test_one_family_that_is_written_otherwise_does_not(typed: str, held: str) -> None:
    record = of_family(held)
    assert linked(outcome_of(a_person(record, last_name=typed), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"), [("Carol", "Caroline"), ("Gareth", "Gary"), ("Christina", "Christine"), ("Polly", "Molly")]
)
def test_forms_that_are_often_two_people_take_a_number_that_is_right(typed: str, held: str) -> None:
    record = of_family("Featherstone", first_name=held, middle_name="")
    stated = a_person(record, first_name=typed)
    assert linked(outcome_of(stated, record)) is None
    assert linked(outcome_of(replace(stated, trn="1234576"), record)) is None, "twins have consecutive numbers"
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn


def test_hassan_is_not_hussain() -> None:
    record = of_family("Ahmed", first_name="Hassan", middle_name="")
    stated = a_person(record, first_name="Hussain")
    assert linked(outcome_of(replace(stated, nino="AB123465C"), record)) is None
    assert linked(outcome_of(replace(stated, nino=record.nino), record)) is None


OLGA = of_family("Popescu", first_name="Daniela", middle_name="Olga", nino="", date_of_birth=date(1984, 5, 9))
MANY = [
    of_family("Brodie", trn=f"300000{n}", first_name="Una", nino="", date_of_birth=date(1984, 5, 9)) for n in range(9)
]
"""So many born that day that a record must resemble to be compared."""

NEXT_DAY = date(1984, 5, 10)


@pytest.mark.parametrize(
    "stated",
    [
        a_person(OLGA, first_name="Olga", date_of_birth=NEXT_DAY),
        a_person(OLGA, first_name="Olga", middle_name="Daniela", date_of_birth=date(1983, 5, 9)),
        a_person(OLGA, date_of_birth=date(1983, 9, 5)),
        a_person(OLGA, middle_name="Olga", last_name="Hunt", date_of_birth=NEXT_DAY),
    ],
)
def test_a_record_of_both_given_names_is_near_although_the_date_has_a_slip(stated: PersonDetails) -> None:
    assert not isinstance(outcome_of(stated, OLGA, *MANY), NoMatch)


def test_a_stranger_of_one_given_name_born_the_next_day_is_not_near() -> None:
    assert isinstance(outcome_of(a_person(OLGA, last_name="Hunt", date_of_birth=NEXT_DAY), OLGA, *MANY), NoMatch)


def test_a_lost_sign_in_a_name_may_be_why_nobody_is_found() -> None:
    stated = a_person(first_name="Sa?ah", last_name="Quigley", date_of_birth=date(1961, 2, 3))
    assert not isinstance(outcome_of(stated, *MANY), NoMatch)
