"""Somebody else's numbers: neither a relative's two, nor one beside the record that fits better, makes a link."""

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome
from matching.policy import Block, Policy, Rule, blocks
from matching.records import PersonDetails, TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of

ANNE = a_record(middle_name="Isobel", previous_last_names=(), email="")


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


def with_both(record: TeachingRecord, **stated: object) -> PersonDetails:
    return replace(a_person(record, trn=record.trn, nino=record.nino), **stated)  # type: ignore[arg-type] # by name


@pytest.mark.parametrize(
    ("changes", "links"),
    [
        ({"date_of_birth": date(1986, 11, 2)}, True),  # exactly the name
        ({"date_of_birth": date(1986, 11, 2), "first_name": "Alexandria"}, False),
        ({"date_of_birth": date(1986, 11, 2), "first_name": "Alex"}, False),
        ({"date_of_birth": date(1986, 11, 2), "middle_name": "Ruth"}, False),
        ({"date_of_birth": date(2003, 11, 2)}, False),  # perhaps a child of the same name
        ({"date_of_birth": date(1984, 5, 18), "first_name": "Alex"}, True),
    ],
)
def test_both_numbers_do_not_make_a_relatives_record_the_persons(changes: dict[str, object], links: bool) -> None:
    assert (linked(outcome_of(with_both(ANNE, **changes), ANNE)) == ANNE.trn) is links


def test_both_numbers_and_an_initial_link_although_the_date_has_a_slip() -> None:
    stated = with_both(ANNE, first_name="A", date_of_birth=date(1984, 5, 16))
    assert linked(outcome_of(stated, ANNE)) == ANNE.trn
    by_one = outcome_of(replace(stated, nino=""), ANNE)
    assert isinstance(by_one, DefiniteMatch)
    assert by_one.rule is Rule.IDENTIFIER_FIRST_NAME_AND_NEAR_DATE
    assert linked(outcome_of(replace(stated, nino=""), ANNE, policy=Policy.DEFAULT)) is None
    assert linked(outcome_of(replace(stated, last_name="Quigley"), ANNE)) is None


def test_the_number_of_somebody_of_that_first_name_and_day_does_not_link_beside_the_own_record() -> None:
    susan = a_record(trn="3000001", first_name="Susan", last_name="Todhead", previous_last_names=(), nino="", email="")
    other = replace(susan, trn="3000002", last_name="Hayes")
    for day in (date(1984, 5, 16), date(1985, 5, 17)):
        stated = a_person(susan, middle_name="", date_of_birth=day, trn=other.trn)
        assert linked(outcome_of(stated, susan, other)) is None
        found = {candidate.record.trn: candidate for candidate in outcome_of(stated, susan, other).candidates}
        assert blocks(found[other.trn], [found[susan.trn]], 0.0) == (Block.ANOTHER_FITS_BETTER,)
        assert linked(outcome_of(stated, other)) == other.trn, "newly married, nobody else fitting"
        by_chance = replace(susan, date_of_birth=date(1984, 5, 18))
        found = {candidate.record.trn: candidate for candidate in outcome_of(stated, by_chance, other).candidates}
        assert blocks(found[other.trn], [found[susan.trn]], 0.0) == (), "one of that name has a near birthday often"


@pytest.mark.parametrize(("held", "typed"), [("Bryan", "Ryan"), ("Garry", "Barry"), ("Gemma", "Emma")])
def test_another_first_letter_that_makes_another_name_takes_a_number(held: str, typed: str) -> None:
    record = a_record(first_name=held)
    assert linked(outcome_of(a_person(record, first_name=typed), record)) is None
    slip = a_person(record, first_name=f"X{held[1:]}")
    assert linked(outcome_of(slip, record)) == record.trn, "what is nobody's name is a slip"


def test_names_swapped_and_misspelt_are_rather_those_of_whom_they_name() -> None:
    holly = a_record(
        trn="3000001", first_name="Holly", middle_name="", last_name="Johnson", previous_last_names=(), email=""
    )
    molly = replace(holly, trn="3000002", first_name="Molly", nino="AB654321C")
    stated = with_both(molly, first_name="Johnson", last_name="Holly")
    assert linked(outcome_of(stated, holly, molly)) is None
    assert linked(outcome_of(with_both(holly, first_name="Johnson", last_name="Holly"), holly, molly)) == holly.trn


def test_a_birthday_that_cannot_be_one_links_by_a_number_and_both_names_but_nobody_online() -> None:
    for day in (date(2084, 5, 17), date(1605, 3, 2), date(2026, 11, 22)):
        stated = a_person(ANNE, date_of_birth=day, trn=ANNE.trn)
        assert linked(outcome_of(stated, ANNE)) == ANNE.trn
        assert linked(outcome_of(stated, ANNE, policy=Policy.DEFAULT)) is None
        assert linked(outcome_of(replace(stated, trn=""), ANNE)) is None
        assert linked(outcome_of(replace(stated, last_name="Quigley"), ANNE)) is None
        assert linked(outcome_of(replace(stated, middle_name="Ruth"), ANNE)) is None


@pytest.mark.parametrize(
    ("stated", "held"), [(date(1984, 1, 1), ANNE.date_of_birth), (ANNE.date_of_birth, date(1984, 1, 1))]
)
def test_the_first_of_january_is_the_year_alone(stated: date, held: date) -> None:
    record = replace(ANNE, date_of_birth=held)
    person = a_person(record, date_of_birth=stated)
    assert linked(outcome_of(replace(person, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(person, record)) is None
    other_year = replace(person, date_of_birth=date(1981, 12, 9), trn=record.trn)
    assert linked(outcome_of(other_year, record)) is None


@pytest.mark.parametrize(
    ("changes", "links"),
    [
        ({"first_name": "Eileen", "middle_name": "Ruth", "last_name": "Feathersone"}, True),  # another middle name
        ({"first_name": "Kathleen", "middle_name": "Eileen"}, True),  # called so by a middle name only
        ({"first_name": "Eileen", "middle_name": "", "last_name": "Feathersone"}, False),
        ({"first_name": "Eileen", "middle_name": "Ruth"}, False),  # exactly the first and last name
    ],
)
def test_who_states_the_middle_name_and_both_numbers_is_not_whoever_else_is_called_so(
    changes: dict[str, str], links: bool
) -> None:
    other = replace(ANNE, trn="0388045", nino="YH469287D", **changes)  # type: ignore[arg-type] # by name
    stated = with_both(ANNE, first_name="Eileen", middle_name="Isobel")
    assert linked(outcome_of(stated, ANNE)) == ANNE.trn
    assert (linked(outcome_of(stated, ANNE, other)) == ANNE.trn) is links
