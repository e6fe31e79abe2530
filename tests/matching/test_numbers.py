"""TRNs and National Insurance numbers that were typed without one of their digits."""

from datetime import date

import pytest

from matching.comparisons import Field, Level
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from matching.normalise import nino
from matching.policy import Rule
from tests.kit.people import ALEX, a_person, a_record, outcome_of


def trn_level(outcome: MatchOutcome) -> Level:
    return outcome.candidates[0].level(Field.TRN)


@pytest.mark.parametrize("typed", ["234567", "134567", "123456", "RP 12/3567"])
def test_a_trn_without_one_of_its_digits_is_one_slip_away(typed: str) -> None:
    outcome = outcome_of(a_person(trn=typed), ALEX)
    assert isinstance(outcome, DefiniteMatch)
    assert outcome.rule is Rule.NEAR_IDENTIFIER_NAMES_AND_BIRTHDAY
    assert trn_level(outcome) is Level.ONE_SLIP


def test_six_digits_are_first_a_trn_without_its_zero() -> None:
    own = a_record(trn="0234567")
    outcome = outcome_of(a_person(trn="234567"), own)
    assert isinstance(outcome, DefiniteMatch)
    assert outcome.rule is Rule.IDENTIFIER_BIRTHDAY_AND_NAME


def test_six_digits_with_a_zero_in_front_lack_another() -> None:
    own = a_record(trn="0123456")
    outcome = outcome_of(a_person(trn="012346"), own)
    assert isinstance(outcome, DefiniteMatch)
    assert trn_level(outcome) is Level.ONE_SLIP
    holder = a_record(trn="0012346", first_name="Una", last_name="Brodie", nino="", email="")
    assert not isinstance(outcome_of(a_person(trn="012346"), own, holder), DefiniteMatch)


@pytest.mark.parametrize("typed", ["134568", "0134567", "13456", "034567"])
def test_a_trn_that_lacks_a_digit_and_differs_otherwise_is_another(typed: str) -> None:
    assert trn_level(outcome_of(a_person(trn=typed), ALEX)) is Level.DIFFERENT


def test_a_digit_that_is_missing_identifies_nobody_of_another_birthday() -> None:
    outcome = outcome_of(a_person(trn="134567", date_of_birth=date(1985, 5, 18)), ALEX)
    assert not isinstance(outcome, DefiniteMatch | NoMatch)


def test_a_national_insurance_number_without_one_of_its_digits_contradicts_nobody() -> None:
    short = f"{ALEX.nino[:4]}{ALEX.nino[5:8]}B"
    read = nino(short)
    assert read is not None
    assert not read.well_formed
    assert isinstance(outcome_of(a_person(nino=short), ALEX), DefiniteMatch)


def test_a_letter_for_the_last_digit_is_still_read() -> None:
    meant = a_record(nino="AB123458")
    outcome = outcome_of(a_person(nino="AB12345B"), meant)
    assert outcome.candidates[0].level(Field.NINO) is Level.SAME
