"""What was stated, prepared."""

from dataclasses import replace
from datetime import date

import pytest

from matching.records import PersonDetails
from matching.statements import LONGEST_READ, prepare
from tests.kit.people import TODAY, a_person


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
