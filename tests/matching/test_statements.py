"""What was stated, prepared."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.matcher import NoMatch, PotentialMatches, Reason
from matching.normalise import LONGEST_NAME
from matching.records import PersonDetails
from matching.statements import LONGEST_READ, prepare
from tests.kit.people import TODAY, a_person, a_record, outcome_of


def test_what_cannot_be_read_is_marked() -> None:
    assert not prepare(a_person(), TODAY).misread
    assert prepare(a_person(trn="12"), TODAY).misread
    assert prepare(a_person(nino="do not know"), TODAY).misread
    assert prepare(a_person(date_of_birth=date(1899, 1, 1)), TODAY).impossible_date


def test_a_whole_name_in_one_box_is_taken_apart() -> None:
    stated = prepare(PersonDetails(first_name="Alexandra Rose Featherstone"), TODAY)
    assert [name.joined for name in stated.firsts] == ["alexandrarose"]
    assert [name.joined for name in stated.lasts] == ["featherstone"]
    assert stated.misread


def test_previous_names_count_like_current_ones() -> None:
    stated = prepare(a_person(previous_last_names=("Okafor", "", "featherstone")), TODAY)
    assert [name.joined for name in stated.lasts] == ["featherstone", "okafor"]


def test_nothing_stated_is_nothing() -> None:
    stated = prepare(PersonDetails(), TODAY)
    assert not stated.has_names
    assert stated.names.pairs == ()


def test_what_nobody_typed_is_cut_before_it_is_copied() -> None:
    long = "a" * 1_000_000
    stated = prepare(replace(a_person(), first_name=long, previous_last_names=("Smith", long)), TODAY).person
    assert len(stated.first_name) == len(stated.previous_last_names[1]) == LONGEST_READ
    assert (stated.last_name, stated.previous_last_names[0]) == (a_person().last_name, "Smith")


def test_given_names_that_are_all_in_the_second_box_are_read() -> None:
    stated = prepare(a_person(first_name="", middle_name="Alexandra Rose"), TODAY)
    assert ([name.joined for name in stated.firsts], stated.middle.joined) == (["alexandra"], "rose")
    assert stated.misread
    assert not prepare(a_person(), TODAY).misread


@pytest.mark.parametrize("label", ["First Name - ", "Forename(s): ", "First name(s) = ", "Given names – "])
def test_a_label_that_was_copied_with_the_name_is_none_of_it(label: str) -> None:
    assert [name.joined for name in prepare(a_person(first_name=f"{label}Alexandra"), TODAY).firsts] == ["alexandra"]


@pytest.mark.parametrize("digits", ["170584", "840517", "051784"])
def test_the_birthday_in_the_box_of_the_trn_is_none(digits: str) -> None:
    stated = prepare(a_person(trn=digits), TODAY)
    assert (stated.trn, stated.misread) == ("", True)
    assert prepare(a_person(trn=digits, date_of_birth=date(1980, 2, 3)), TODAY).trn


@pytest.mark.parametrize("written", ["O'BRIEN Orla", "FAGBEMI Bukola", "Orla O'Brien"])
def test_a_whole_name_in_the_last_box_is_read_in_either_order(written: str) -> None:
    stated = prepare(PersonDetails(last_name=written), TODAY)
    assert [name.joined for name in stated.firsts] in (["orla"], ["bukola"])


def test_zeros_for_a_national_insurance_number_contradict_nobody() -> None:
    assert not prepare(a_person(nino="AA000000A"), TODAY).nino_well_formed
    assert prepare(a_person(nino="AA000001A"), TODAY).nino_well_formed


LONG_BEFORE_ANN: dict[str, Any] = {"first_name": "x " * 120 + "Ann", "last_name": "y " * 120 + "Featherstone"}
CUT: list[dict[str, Any]] = [
    LONG_BEFORE_ANN,
    {"first_name": "z " * 60 + "Alexandra"},
    {"last_name": "z " * 60 + "Featherstone"},
    {"last_name": "Quill", "middle_name": "z " * 60 + "Rose"},
    {"previous_last_names": ("z " * 60 + "Okafor",)},
    {"previous_first_names": ("x" * 101,)},
    {"previous_last_names": (*(f"Quigley{letter}" for letter in "abcdefghijklmnopqrst"), "Okafor")},
    {"first_name": "Ann" + " " * 1_000_000 + "Alexandra"},
]


@pytest.mark.parametrize("stated", CUT)
def test_nobody_is_none_whose_names_were_cut(stated: dict[str, Any]) -> None:
    nobody = {"first_name": "Wilhelmina", "last_name": "Quill", "date_of_birth": date(1961, 3, 9)}
    assert isinstance(outcome_of(a_person(**nobody)), NoMatch)
    outcome = outcome_of(a_person(**(nobody | stated)))
    assert isinstance(outcome, PotentialMatches)
    assert outcome.reason is Reason.TOO_LITTLE_GIVEN


def test_a_name_that_stood_behind_what_is_read_is_no_name_that_nobody_has() -> None:
    ann = a_record(first_name="Ann")
    outcome = outcome_of(a_person(ann, **LONG_BEFORE_ANN), ann)
    assert isinstance(outcome, PotentialMatches)
    assert (outcome.candidates, outcome.ask_next) == ((), "nino")


@pytest.mark.parametrize(
    "stated",
    [
        {"first_name": "Wilhelmina" + " " * 200},
        {"last_name": ("Quill" * LONGEST_NAME)[:LONGEST_NAME]},
        {"previous_last_names": (*(f"Quigley{letter}" for letter in "abcdefghijklmnopqrst"), "", "  ")},
    ],
)
def test_what_was_read_to_its_end_is_not_cut(stated: dict[str, Any]) -> None:
    assert not prepare(a_person(**stated), TODAY).misread
