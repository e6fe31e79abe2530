"""Records that have the mistake themselves: a slip that nobody bears as a name, and names in each other's field."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from matching.records import PersonDetails, TeachingRecord
from tests.kit.people import TODAY, a_person, a_record


class OfAllTeachers(InMemoryRegister):
    """A register that says that it has as many records as all teachers."""

    @property
    def size(self) -> int:
        return 3_000_000


def outcome_among(person: PersonDetails, *records: TeachingRecord) -> MatchOutcome:
    return match(person, OfAllTeachers(list(records)), Policy.LINKAGE, TODAY)


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


def called(first: str, last: str, number: int) -> Iterator[TeachingRecord]:
    """People of these names, born on other days."""
    for at in range(number):
        trn, born = f"{three_digits(first, last)}{at:04}", date(1950 + at % 40, 2 + at % 9, 3 + at % 20)
        yield a_record(trn=trn, first_name=first, last_name=last, previous_last_names=(), date_of_birth=born,
                       middle_name="", nino="", email="")  # fmt: skip


def three_digits(first: str, last: str) -> int:
    """Three digits of a TRN that differ for the names of these tests."""
    return 300 + sum(map(ord, first + last)) % 600


def of(first: str, last: str) -> TeachingRecord:
    return a_record(first_name=first, last_name=last, previous_last_names=(), middle_name="", nino="", email="")


PANDYAS = [*called("Amit", "Shah", 150), *called("Neha", "Pandya", 1200)]


def test_a_slip_in_the_last_name_of_a_record_is_no_name() -> None:
    record = of("Amit", "Pqndya")
    stated = a_person(record, last_name="Pandya")
    assert linked(outcome_among(stated, record, *PANDYAS)) == record.trn


def test_a_last_name_that_others_bear_is_another_one_letter_away() -> None:
    record = of("Amit", "Pandia")
    stated = a_person(record, last_name="Pandya")
    outcome = outcome_among(stated, record, *PANDYAS, *called("Neha", "Pandia", 300))
    assert linked(outcome) is None
    assert not isinstance(outcome, NoMatch)


SARAHS = [*called("Sarah", "Brodie", 1200), *called("Una", "Featherstone", 20)]


@pytest.mark.parametrize("name", ["Satah", "Tara", "Sarka"])
def test_a_first_name_may_be_a_twin_s_however_rare_it_is(name: str) -> None:
    record = of(name, "Featherstone")
    stated = a_person(record, first_name="Sarah")
    assert linked(outcome_among(stated, record, *SARAHS)) is None
    assert linked(outcome_among(replace(stated, nino="AB654321A"), record, *SARAHS)) is None, "nobody's number"


def test_a_number_of_the_record_says_that_its_first_name_has_the_slip() -> None:
    record = of("Satah", "Featherstone")
    assert linked(outcome_among(a_person(record, first_name="Sarah", trn=record.trn), record, *SARAHS)) == record.trn


@pytest.mark.parametrize(("typed", "held"), [("Hassan", "Hassana"), ("Joanne", "Roanne"), ("Adam", "Adama")])
def test_another_number_does_not_make_a_twin_the_person(typed: str, held: str) -> None:
    twin = of(held, "Featherstone")
    many = [*SARAHS, *called(typed, "Brodie", 900)]
    for numbered in ({}, {"nino": "AB654321A"}, {"trn": twin.trn[:-1] + "8"}):
        assert linked(outcome_among(a_person(twin, first_name=typed, **numbered), twin, *many)) is None


KAPOORS = [*called("Priya", "Brodie", 900), *called("Una", "Kapoor", 900)]


def test_names_may_be_swapped_in_the_record() -> None:
    record = of("Kapoor", "Priya")
    stated = a_person(record, first_name="Priya", last_name="Kapoor")
    assert linked(outcome_among(stated, record, *KAPOORS)) == record.trn
    other = replace(record, date_of_birth=date(1984, 5, 18))
    assert linked(outcome_among(stated, other, *KAPOORS)) is None
    ruth, jane = replace(stated, middle_name="Ruth"), replace(record, middle_name="Jane")
    assert linked(outcome_among(ruth, jane, *KAPOORS)) is None
    assert linked(outcome_among(stated, replace(record, first_name="Kapur"), *KAPOORS)) is None


def test_people_who_are_called_so_are_not_swapped() -> None:
    record = of("Thomas", "James")
    stated = a_person(record, first_name="James", last_name="Thomas")
    many = [*called("Thomas", "Brodie", 900), *called("Una", "James", 900), *called("James", "Shah", 900)]
    assert linked(outcome_among(stated, record, *many, *called("Una", "Thomas", 900))) is None


@pytest.mark.parametrize(("typed", "held"), [("Peng", "Deng"), ("Gross", "Cross")])
def test_two_last_names_that_people_bear_take_a_number(typed: str, held: str) -> None:
    record = of("Chiho", held)
    stated = a_person(record, last_name=typed)
    many = [*called("Una", typed, 90), *called("Neha", held, 90)]
    outcome = outcome_among(stated, record, *many)
    assert linked(outcome) is None
    assert not isinstance(outcome, NoMatch)
    assert linked(outcome_among(replace(stated, trn=record.trn), record, *many)) == record.trn
    assert linked(outcome_among(stated, record)) == record.trn, "a slip, where nobody is called so"


@pytest.mark.parametrize(
    ("typed", "held"), [("Shufflebotham", "Shufflebot"), ("Micklethwaite", "Micklethwa"), ("Fitzpatri", "Fitzpatrick")]
)
def test_a_last_name_is_cut_where_there_was_no_room(typed: str, held: str) -> None:
    record = of("Aoibheann", held)
    assert linked(outcome_among(a_person(record, last_name=typed), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Chandrasekar", "Chandra"), ("Christophersen", "Christopher"), ("Alexandersson", "Alexander")],
)
def test_the_end_of_a_name_is_no_cut(typed: str, held: str) -> None:
    record = of("Aoibheann", held)
    assert linked(outcome_among(a_person(record, last_name=typed), record)) is None


def test_an_only_name_may_stand_in_the_last_one_s_place() -> None:
    record = of("", "Priyanka")
    stated = a_person(record, first_name="Priyanka", last_name="Yogarajah", trn=record.trn)
    assert linked(outcome_among(stated, record)) == record.trn
    assert linked(outcome_among(replace(stated, trn=""), record)) is None
    assert linked(outcome_among(replace(stated, first_name="Ruth"), record)) is None
    brother = replace(of("", "James"), previous_last_names=("Featherstone",))
    assert (
        linked(outcome_among(a_person(brother, first_name="James", last_name="Featherstone", trn=""), brother)) is None
    )
