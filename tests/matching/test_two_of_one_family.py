"""Twins, sisters and brothers whose names resemble each other, and people whose record resembles their name less."""

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from matching.records import TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of
from tests.matching.test_misspelt_records import called, of, outcome_among


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


@pytest.mark.parametrize("first", ["Jacqueline Marie", "Wai Ming", "Samantha-Lou"])
def test_a_first_name_of_two_words_is_no_middle_name_that_both_have(first: str) -> None:
    record = replace(of(first, "Featherstone"), middle_name="Lindsay")
    assert linked(outcome_of(a_person(record, middle_name="Anne"), record)) is None
    assert linked(outcome_of(a_person(record, middle_name="Lindsay"), record)) == record.trn
    assert linked(outcome_of(a_person(record), record)) == record.trn


OTHERS = [
    ("Lyn", "Wendy"), ("Ann", "Toni"), ("Benjamin", "Jamie"), ("Mary", "Rosie"), ("Teresa", "Tracy"),
    ("Brenda", "Brendan"), ("Giovanna", "Giovanni"), ("Niall", "Nuala"), ("Shane", "Shona"), ("Luca", "Lucy"),
    ("Carla", "Carly"), ("Kelvin", "Kevin"), ("Ron", "Roy"), ("Gita", "Rita"), ("Hana", "Sana"), ("Atif", "Asif"),
    ("Zahir", "Zahid"), ("Reena", "Rhona"), ("Joanna", "Joanne"),
    ("Aman Deep", "Amanpreet"), ("Carol Ann", "Lynn"), ("Francesca", "Francis"), ("Roger", "Bobby"), ("Preet", "Aman"),
    ("Preet", "Harpreet"), ("Harry", "Harpreet"), ("Ciara", "Keira"), ("Rachana", "Archana"), ("Adrian", "Darian"),
    ("Kamran", "Karman"), ("Martin", "Matin"), ("Konstantina", "Konstant"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [*OTHERS, *(pair[::-1] for pair in OTHERS)])
def test_names_of_two_people_do_not_link_without_a_number(one: str, other: str) -> None:
    record = of(other, "Featherstone")
    outcome = outcome_of(a_person(record, first_name=one), record)
    assert linked(outcome) is None
    assert not isinstance(outcome, NoMatch)


@pytest.mark.parametrize(("one", "other"), [("Mary", "Maureen"), ("Zahir", "Zahid"), ("Ellen", "Helen")])
def test_a_number_and_another_birthday_do_not_make_a_sibling_the_person(one: str, other: str) -> None:
    record = replace(of(other, "Featherstone"), nino="CE654321A")
    a_year_older = date(1983, 5, 17)
    for numbered in ({"trn": record.trn}, {"nino": record.nino}):
        stated = a_person(record, first_name=one, date_of_birth=a_year_older, **numbered)
        assert linked(outcome_of(stated, record)) is None
        assert linked(outcome_of(replace(stated, first_name=other), record)) == record.trn


WAYS = [
    ("Geeta", "Gita"), ("Nasrin", "Nasreen"), ("Debbie", "Debby"), ("Jackie", "Jacqueline"), ("Mariya", "Maria"),
    ("Ciaran", "Kieran"), ("Bella", "Annabel"), ("Mide", "Olumide"), ("Jo", "Josephine"), ("Meena", "Mina"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [*WAYS, *(pair[::-1] for pair in WAYS)])
def test_two_ways_to_write_or_say_one_name_link(one: str, other: str) -> None:
    record = of(other, "Featherstone")
    assert linked(outcome_of(a_person(record, first_name=one), record)) == record.trn


TWINS = [("Paul", "Paula"), ("Mary", "Maureen"), ("Frances", "Francis"), ("Laura", "Lara")]


@pytest.mark.parametrize(("mine", "twin"), TWINS)
def test_a_twin_beside_the_record_of_exactly_this_name_leaves_nothing_open(mine: str, twin: str) -> None:
    record = of(mine, "Featherstone")
    other = replace(record, trn="7654321", first_name=twin)
    many = [*called(mine, "Brodie", 600), *called(twin, "Brodie", 400), *called("Una", "Featherstone", 40)]
    assert linked(outcome_among(a_person(record), record, other, *many)) == record.trn
    assert linked(outcome_among(a_person(other), record, other, *many)) == other.trn


REBECCAS = [*called("Rebecca", "Brodie", 1200), *called("Stephen", "Brodie", 900), *called("Una", "Featherstone", 40)]


@pytest.mark.parametrize(("typed", "held"), [("Rebecca", "Rebecac"), ("Stephen", "Stehen")])
def test_letters_exchanged_or_lost_in_the_record_make_no_twin_of_a_common_name(typed: str, held: str) -> None:
    record = of(held, "Featherstone")
    assert linked(outcome_among(a_person(record, first_name=typed), record, *REBECCAS)) == record.trn


CUT = [("Bernadette", "Bernadet"), ("Jacqueline", "Jacquel"), ("Christopher", "Christo")]


@pytest.mark.parametrize(("typed", "held"), CUT)
def test_a_first_name_that_a_register_cut_off_is_that_name(typed: str, held: str) -> None:
    record = of(held, "Featherstone")
    assert linked(outcome_among(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


def test_a_misspelt_copy_of_the_record_leaves_it_open_which_is_meant() -> None:
    record = of("Stephen", "Featherstone")
    copy = replace(record, trn="7654321", first_name="Stephn")
    assert linked(outcome_among(a_person(record), record, copy, *REBECCAS)) is None


def test_a_misspelling_that_several_records_have_is_one_beside_a_number() -> None:
    record = of("Stehen", "Featherstone")
    several = list(called("Stehen", "Brodie", 40))
    stated = a_person(record, first_name="Stephen", trn=record.trn)
    assert linked(outcome_among(stated, record, *several, *REBECCAS)) == record.trn
    assert linked(outcome_among(replace(stated, trn=""), record, *several, *REBECCAS)) is None


@pytest.mark.parametrize(
    ("mine", "twin"), [("Nadia", "Hadia"), ("Usman", "Usma"), ("Layla", "Tayla"), ("Robin", "Robina")]
)
def test_a_twin_s_number_does_not_make_her_name_a_misspelling(mine: str, twin: str) -> None:
    record = of(twin, "Featherstone")
    many = [*called(mine, "Brodie", 1200), *called(twin, "Brodie", 40), *called("Una", "Featherstone", 40)]
    assert linked(outcome_among(a_person(record, first_name=mine, trn=record.trn), record, *many)) is None


def test_a_namesake_does_not_outdo_the_record_for_which_all_else_speaks() -> None:
    zara = of("Zara", "Featherstone")
    zahra = replace(zara, trn="7654321", first_name="Zahra", middle_name="Noor")
    many = [*called("Zara", "Brodie", 600), *called("Zahra", "Brodie", 400), *called("Una", "Featherstone", 40)]
    assert linked(outcome_among(a_person(zara, middle_name="Noor"), zara, zahra, *many)) is None
    assert linked(outcome_among(a_person(zara), zara, zahra, *many)) == zara.trn


def test_what_was_typed_into_other_boxes_makes_nobody_another() -> None:
    kelly = replace(of("Kelly", "Braithwell"), middle_name="")
    assert linked(outcome_of(a_person(kelly, first_name="Mrs", last_name="Braithwell-Kelly"), kelly)) is None
    thomas = replace(of("Thomas", "Thomas"), middle_name="Lee")
    assert linked(outcome_of(a_person(thomas, first_name="James Thomas", trn=thomas.trn), thomas)) is None
    vera = of("Vera", "Featherstone")
    assert linked(outcome_of(a_person(vera, first_name="", middle_name="Rose", trn=vera.trn), vera)) == vera.trn


@pytest.mark.parametrize("born", [None, date(1901, 1, 1)])
def test_a_short_form_finds_a_record_of_no_known_birthday(born: date | None) -> None:
    record = replace(of("Katherine", "Inskippe"), date_of_birth=born)
    assert not isinstance(
        outcome_of(a_person(record, first_name="Kate", date_of_birth=date(1985, 2, 3)), record), NoMatch
    )


def nobody_knew(born: date) -> TeachingRecord:
    return a_record(date_of_birth=born, middle_name="", previous_last_names=(), email="")


def test_the_first_of_january_1901_is_no_birthday_either() -> None:
    record = nobody_knew(date(1901, 1, 1))
    stated = a_person(record, date_of_birth=date(1984, 5, 17))
    assert not isinstance(outcome_of(stated, record), NoMatch)
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn
    old = nobody_knew(date(1901, 1, 2))
    assert linked(outcome_of(replace(stated, trn=old.trn), old)) is None


def test_ten_years_are_one_digit_also_over_the_turn_of_the_century() -> None:
    record = replace(of("Jessica", "Saxsall"), date_of_birth=date(1991, 11, 3))
    stated = a_person(record, first_name="Jess", date_of_birth=date(2001, 11, 3))
    assert not isinstance(outcome_of(stated, record), NoMatch)


def test_the_middle_and_last_name_bring_a_record_whose_first_name_is_unlike() -> None:
    record = a_record(
        first_name="Philippa", middle_name="Wren", last_name="Kyriacou", previous_last_names=(), email="", nino=""
    )
    stated = a_person(record, first_name="Bo", middle_name="Wren", date_of_birth=date(1984, 5, 27))
    assert not isinstance(outcome_of(stated, record), NoMatch)
    assert isinstance(outcome_of(replace(stated, middle_name=""), record), NoMatch)


def test_who_is_called_as_the_family_is_links_to_no_twin() -> None:
    mine = a_record(
        first_name="Zi Han", middle_name="Wai Yin", last_name="Han", previous_last_names=(), nino="", email=""
    )
    twin = replace(mine, trn="7654321", first_name="Zi Ling", middle_name="")
    stated = a_person(mine, middle_name="Wai Yin", trn=twin.trn)
    assert linked(outcome_of(stated, mine, twin)) is None
    assert linked(outcome_of(replace(stated, trn=mine.trn), mine, twin)) == mine.trn
