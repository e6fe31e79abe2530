"""First names that are not the record's, beside its number: of whom they are the person's all the same."""

from dataclasses import replace
from datetime import date

import pytest

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from matching.policy import Policy, Rule
from matching.records import RecordStatus, TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


def called(first: str, middle: str = "", **changes: object) -> TeachingRecord:
    return a_record(first_name=first, middle_name=middle, previous_last_names=(), email="", **changes)


GARBLED = [
    ("Daev", "David"), ("Pwte", "Peter"), ("Suzzie", "Susan"), ("Kaite", "Catherine"), ("Sersha", "Saoirse"),
    ("Sooie", "Sophie"), ("L?cia", "Lúcia"), ("Ma?gorzata", "Małgorzata"),
    ("Å\ufffdukasz", "Łukasz"), ("Mei Linb", "Mei Lin"), ("Ka Ysn", "Ka Yan"), ("Lily-Msae", "Lily-Mae"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "held"), GARBLED)
def test_what_is_nobody_s_name_and_almost_the_record_s_is_that_misspelt(typed: str, held: str) -> None:
    record = called(held)
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(a_person(record, first_name=typed, nino=record.nino), record)) == record.trn


@pytest.mark.parametrize(("typed", "held"), [("Daev", "David"), ("Sersha", "Saoirse"), ("Sooie", "Sophie")])
def test_a_garbled_first_name_takes_a_number_and_the_birthday(typed: str, held: str) -> None:
    record = called(held, "Rose")
    stated = a_person(record, first_name=typed)
    assert linked(outcome_of(stated, record)) is None
    assert linked(outcome_of(replace(stated, trn=record.trn, date_of_birth=date(1984, 5, 16)), record)) is None
    assert linked(outcome_of(replace(stated, trn=record.trn, middle_name="Isobel"), record)) is None, "a twin's"


def test_a_name_that_somebody_bears_is_not_garbled() -> None:
    record = called("Dharshini")
    stated = a_person(record, first_name="Varshini", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn
    another = called("Varshini", trn="3000001", last_name="Raman", nino="", date_of_birth=date(1970, 1, 2))
    assert linked(outcome_of(stated, record, another)) is None
    unlike = called("Chinedu")
    assert linked(outcome_of(a_person(unlike, first_name="Amarachi", trn=unlike.trn), unlike)) is None


@pytest.mark.parametrize(
    ("typed", "first", "middle"),
    [
        ("Dan", "Keith", "Daniel"),
        ("Kevun", "Liam", "Kevin"),
        ("Frank", "Jack", "Francis"),
        ("Katie", "Sara", "Catherine"),
    ],
)
def test_who_goes_by_a_middle_name_may_shorten_or_mistype_it(typed: str, first: str, middle: str) -> None:
    record = called(first, middle)
    stated = a_person(record, first_name=typed)
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(stated, record)) is None
    both = replace(stated, trn=record.trn, middle_name=middle)
    assert linked(outcome_of(both, record)) is None, "a twin with the same middle name"


def test_a_form_of_the_middle_name_that_is_often_another_person_s_is_no_first_name() -> None:
    record = called("Nicole", "Elizabeth")
    assert linked(outcome_of(a_person(record, first_name="Lisa", trn=record.trn), record)) is None


@pytest.mark.parametrize("typed", ["A", "Rose"])
@pytest.mark.parametrize("number", ["trn", "nino"])
def test_an_initial_or_the_middle_name_links_by_a_number_although_the_date_has_a_slip(typed: str, number: str) -> None:
    record = called("Alexandra", "Rose")
    stated = a_person(record, first_name=typed, date_of_birth=date(1984, 5, 16))
    numbered = replace(stated, **{number: getattr(record, number)})
    outcome = outcome_of(numbered, record)
    assert isinstance(outcome, DefiniteMatch)
    assert outcome.rule is Rule.IDENTIFIER_FIRST_NAME_AND_NEAR_DATE
    assert linked(outcome_of(numbered, record, policy=Policy.DEFAULT)) is None, "never in a sign-in"
    assert linked(outcome_of(replace(numbered, last_name="Quigley"), record)) is None


ONLINE = [Policy.LINKAGE, Policy.DEFAULT, Policy.STRICT]


@pytest.mark.parametrize("policy", ONLINE)
@pytest.mark.parametrize("middle", ["", "Rose", "R"])
def test_both_numbers_birthday_and_last_name_link_whoever_goes_by_another_first_name(
    policy: Policy, middle: str
) -> None:
    record = called("Wai Ling", "Rose")
    stated = a_person(record, first_name="Lynn", middle_name=middle, trn=record.trn, nino=record.nino)
    assert linked(outcome_of(stated, record, policy=policy)) == record.trn
    for changes in ({"trn": ""}, {"nino": ""}, {"last_name": "Quigley"}, {"date_of_birth": date(1984, 5, 16)}):
        assert linked(outcome_of(replace(stated, **changes), record, policy=policy)) is None, changes


def test_both_numbers_link_no_other_middle_name_and_nobody_who_proved_another_first_name() -> None:
    record = called("Alexandra", "Rose")
    stated = a_person(record, first_name="Finlay", trn=record.trn, nino=record.nino)
    assert linked(outcome_of(replace(stated, middle_name="James"), record)) is None
    assert linked(outcome_of(stated, record, policy=Policy.VERIFIED)) is None


@pytest.mark.parametrize("held", ["Catherine", "Kate", "Cathrine"])
@pytest.mark.parametrize("closed", [False, True])
def test_both_numbers_of_a_twin_link_nobody(held: str, closed: bool) -> None:
    record = called("Alexandra", "Rose")
    status = RecordStatus.DEACTIVATED if closed else RecordStatus.ACTIVE
    twin = replace(record, trn="3000001", first_name=held, middle_name="", nino="", status=status)
    stated = a_person(record, first_name="Catherine", trn=record.trn, nino=record.nino)
    assert linked(outcome_of(stated, record, twin)) is None, "perhaps a list whose names slipped by a line"


def test_rhyming_names_of_twins_are_no_slips() -> None:
    for typed, held in (("Vihaan", "Kiaan"), ("Hiral", "Hetal"), ("Asma", "Uzma"), ("Dipti", "Tripti")):
        record = called(held)
        assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) is None, typed


def test_an_initial_links_over_no_generation_and_between_no_two_first_days_of_years() -> None:
    son = called("Abdi", "Hassan", last_name="Ahmed", date_of_birth=date(1990, 1, 2))
    father = a_person(son, first_name="Hassan", trn=son.trn, date_of_birth=date(1960, 1, 2))
    assert linked(outcome_of(father, son)) is None
    brother = called("Abdi", last_name="Ahmed", date_of_birth=date(1985, 1, 1))
    stated = a_person(brother, first_name="A", trn=brother.trn, date_of_birth=date(1987, 1, 1))
    assert linked(outcome_of(stated, brother)) is None


def test_a_short_form_of_the_middle_name_takes_the_last_name() -> None:
    record = called("Sarah", "Katherine")
    stated = a_person(record, first_name="Katie", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn
    assert linked(outcome_of(replace(stated, last_name="Crabtree"), record)) is None


@pytest.mark.parametrize(
    ("typed", "first", "middle"), [("MD", "Martin", "David"), ("JR", "Jade", "Rachel"), ("Md", "Mohammed", "")]
)
def test_initials_that_are_also_a_short_form_or_a_suffix_are_initials(typed: str, first: str, middle: str) -> None:
    record = called(first, middle)
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(a_person(first_name="JR", trn=record.trn), called("Jade", "Ann"))) is None


def test_an_address_in_the_box_of_the_first_name_is_no_name() -> None:
    record = called("Harriet")
    stated = a_person(record, first_name="alex.f@example.com", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn
    assert not isinstance(outcome_of(replace(stated, trn="", last_name="Quigley"), record), NoMatch)


def test_a_record_that_has_an_x_for_the_first_name_has_none() -> None:
    record = called("X", "Anne")
    assert linked(outcome_of(a_person(record, first_name="Hayley", trn=record.trn), record)) == record.trn
    assert linked(outcome_of(a_person(record, first_name="Hayley"), record)) is None
    xin = called("Xin")
    assert linked(outcome_of(a_person(xin, first_name="X", trn=xin.trn), xin)) == xin.trn, "an initial"
    assert linked(outcome_of(a_person(xin, first_name="X", trn=xin.trn), called("Wei"))) is None


def test_newly_married_with_the_boxes_swapped_takes_a_number() -> None:
    record = called("Alexandra")
    stated = a_person(record, first_name="Quigley", last_name="Alexandra")
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(stated, record)) is None
    assert linked(outcome_of(replace(stated, trn=record.trn, date_of_birth=date(1990, 1, 2)), record)) is None


def test_twins_of_one_middle_name_are_told_apart_where_their_names_rhyme_or_are_a_mans_and_a_womans() -> None:
    for typed, held, middle in (("Sadia", "Nadia", "Hassan"), ("Carla", "Carl", "Lee"), ("Reema", "Seema", "Rajesh")):
        record = called(held, middle)
        others = [called(typed, trn=f"30000{n:02d}", last_name="Brodie", nino="") for n in range(20)]
        stated = a_person(record, first_name=typed, middle_name=middle, trn=record.trn)
        assert linked(outcome_of(stated, record, *others)) is None, typed
    meena = called("Meena", "Preet Kaur")
    others = [called("Meera", trn=f"30000{n:02d}", last_name="Brodie", nino="") for n in range(20)]
    sister = a_person(meena, first_name="Meera", middle_name="Jeet Kaur", trn=meena.trn)
    assert linked(outcome_of(sister, meena, *others)) is None


@pytest.mark.parametrize("middle", ["Rose", "Kaur"])
def test_a_slip_that_makes_another_name_is_one_where_the_middle_name_is_the_record_s(middle: str) -> None:
    record = called("Laura", middle)
    stated = a_person(record, first_name="Lara", trn=record.trn)
    twin_like = [called("Lara", trn=f"30000{n:02d}", last_name="Brodie", nino="") for n in range(20)]
    assert linked(outcome_of(stated, record, *twin_like)) is None
    told = replace(stated, middle_name=middle)
    assert linked(outcome_of(told, record, *twin_like)) == (record.trn if middle == "Rose" else None)
    assert linked(outcome_of(replace(told, trn=""), record, *twin_like)) is None
    assert linked(outcome_of(replace(told, date_of_birth=date(1984, 5, 16)), record, *twin_like)) is None


@pytest.mark.parametrize(("typed", "middle"), [("Claire", "Clare"), ("Catherine", "Katherine"), ("Kathy", "Kathleen")])
def test_another_spelling_of_the_middle_name_is_as_often_a_twin_s_a_short_one_is_not(typed: str, middle: str) -> None:
    record = called("Nicole", middle)
    found = linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record))
    assert found == (record.trn if typed == "Kathy" else None)
