"""What an eleventh examiner found: twins, wives, what follows a name, and people who were called none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import NoMatch
from matching.policy import Block, Policy
from matching.records import PersonDetails
from matching.statements import prepare
from tests.kit.people import TODAY, a_person, a_record, outcome_of
from tests.matching.test_seen_by_a_reviewer import called, linked

NINOS = ("SL968478D", "PT532687B")


def test_no_order_of_the_names_is_nearer_than_the_one_that_was_stated() -> None:
    """Laura Margaret and Margaret Laura are twins, and one states the other's number with her own full name."""
    laura = called("Laura", middle_name="Margaret", trn="1265094", nino=NINOS[0], email="")
    margaret = called("Margaret", middle_name="Laura", trn="1025720", nino=NINOS[1], email="")
    stated = a_person(laura, first_name="Laura", middle_name="Margaret", nino=margaret.nino)
    outcome = outcome_of(stated, laura, margaret)
    assert linked(outcome) is None
    assert Block.ANOTHER_FITS_EXACTLY in outcome.explanation.blocked_by
    alone = replace(laura, middle_name="Anne")
    assert linked(outcome_of(stated, alone, margaret)) == margaret.trn, "she has the names in another order herself"


@pytest.mark.parametrize(
    ("his", "hers"),
    [("Andrew", "Andrea"), ("Antony", "Antonia"), ("Cristian", "Cristina"), ("Aaron", "Erin"), ("Gwyn", "Gwen"),
     ("Ian", "Jan"), ("Sion", "Sian"), ("Carys", "Cerys")],
)  # fmt: skip
def test_a_twin_s_number_links_nobody_whose_name_is_the_other_form(his: str, hers: str) -> None:
    for held, typed in ((his, hers), (hers, his)):
        record = called(held)
        assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) is None
        assert linked(outcome_of(a_person(record, first_name=typed), record)) is None


def test_a_number_that_stands_on_the_record_of_a_spouse_too_is_theirs_whose_name_and_birthday_it_is() -> None:
    rachel = a_record(trn="1265094", first_name="Rachel", nino=NINOS[0])
    husband = replace(
        rachel, trn="1025720", first_name="David", middle_name="", date_of_birth=date(1979, 1, 6), email=""
    )
    stated = a_person(rachel, nino=NINOS[0])
    assert linked(outcome_of(stated, rachel, husband)) == rachel.trn
    brother = replace(husband, date_of_birth=rachel.date_of_birth)
    assert linked(outcome_of(stated, rachel, brother)) is None, "born that day, it may be his"
    slip = replace(stated, first_name="Rachle")
    assert linked(outcome_of(slip, rachel, husband)) is None, "not exactly her name"


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Meaghann", "Megan"), ("Jno", "John"), ("Varri", "Vhairi"), ("Toyin", "Oluwatoyin"), ("Luka", "Luc")],
)
def test_nobody_is_none_by_a_form_that_no_list_has_beside_a_slip_in_the_birthday(typed: str, held: str) -> None:
    record = called(held, date_of_birth=date(1994, 2, 23))
    assert not isinstance(
        outcome_of(a_person(record, first_name=typed, date_of_birth=date(1994, 2, 24)), record), NoMatch
    )


def test_a_record_of_another_century_is_a_slip_where_the_number_is_right() -> None:
    """Nobody who teaches was born in 1884."""
    record = called("Peter", date_of_birth=date(1884, 5, 6))
    stated = a_person(record, date_of_birth=date(1984, 5, 6), trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn
    assert linked(outcome_of(replace(stated, date_of_birth=date(1983, 9, 6)), record)) is None
    assert not isinstance(outcome_of(replace(stated, trn=""), record), NoMatch)


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Kokilaben", "Kokila"), ("Kokila", "Kokilaben"), ("Jas", "James"), ("Robt", "Robert"),
     ("Xpher", "Christopher"), ("Wm", "William"), ("LisaLisa", "Lisa"), ("Ashley", "Ashleigh"), ("Luke", "Luc"),
     ("Aaron", "Arron"), ("Jeniffer", "Jennifer"), ("Lakshmi", "Luxmi"), ("G3mma", "Gemma"),
     ("Jame5", "James"), ("Frau Anna", "Anna"), ("Lt John", "John")],
)  # fmt: skip
def test_the_right_number_links_whoever_writes_the_name_so(typed: str, held: str) -> None:
    record = called(held)
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Ann", "Annmarie"), ("Anna", "Annabel"), ("Kamal", "Kamalpreet"), ("Abdul", "Abdulmalik"), ("John", "Johnpaul"),
     ("Maj-Britt", "Britt"), ("Britt", "Maj-Britt")],
)  # fmt: skip
def test_a_name_that_is_one_is_not_taken_for_two(typed: str, held: str) -> None:
    record = called(held)
    for policy in (Policy.LINKAGE, Policy.VERIFIED):
        assert linked(outcome_of(a_person(record, first_name=typed), record, policy=policy)) is None


@pytest.mark.parametrize("said", ["Nope", "TBC", "I have none", "see passport", "I don't have one"])
def test_what_says_that_there_is_no_middle_name_is_none(said: str) -> None:
    assert not prepare(PersonDetails(first_name="Ann", middle_name=said), TODAY).middle


def test_strangers_of_one_initial_do_not_hide_whom_the_person_may_be() -> None:
    """Those have other numbers, and are nobody near."""
    vhairi = called("Vhairi", trn="1265094", nino="", date_of_birth=date(1994, 2, 23))
    names = ("Violet", "Vincent", "Vera", "Victor", "Valerie", "Vanessa", "Vivian", "Verity", "Vikram", "Valentina")
    others = [
        replace(vhairi, trn=f"{2_000_000 + at}", first_name=name, nino=f"SL9684{at:02}D", email="")
        for at, name in enumerate(names)
    ]
    stated = a_person(vhairi, first_name="Varri", nino=NINOS[1], date_of_birth=date(1994, 2, 24))
    for records in ((vhairi,), (*others, vhairi), (vhairi, *others)):
        assert not isinstance(outcome_of(stated, *records), NoMatch)
