"""What somebody who had not written the rules found wrong with them."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.blocking import date_slips, two_parts_of
from matching.comparisons import Field, Level
from matching.evidence import FieldComparison
from matching.explain import sentence, sentences
from matching.given_names import are_family_name_forms
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from matching.policy import Block, Policy
from matching.records import RecordStatus, TeachingRecord
from tests.kit.people import a_person, a_record, outcome_of

EVERY = [Policy.LINKAGE, Policy.DEFAULT, Policy.VERIFIED, Policy.STRICT]


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


def called(first: str, middle: str = "", **changes: object) -> TeachingRecord:
    return a_record(**({"first_name": first, "middle_name": middle, "previous_last_names": (), "email": ""} | changes))


@pytest.mark.parametrize(("stated", "held"), [("Orton", "Norton"), ("Owens", "Bowens"), ("Norton", "Orton")])
def test_only_an_o_in_front_is_the_irish_one(stated: str, held: str) -> None:
    assert not are_family_name_forms(stated.lower(), held.lower())
    record = called("Agnieszka", last_name=held)
    assert linked(outcome_of(a_person(record, last_name=stated), record, policy=Policy.VERIFIED)) is None


def test_the_irish_o_may_be_left_out_or_added() -> None:
    assert are_family_name_forms("odonnell", "donnell")
    assert are_family_name_forms("donnell", "odonnell")


@pytest.mark.parametrize(("first", "earlier"), [("Sean", "John"), ("Kathleen", "Catherine")])
def test_a_previous_first_name_opens_nothing_to_whoever_proved_the_present_one(first: str, earlier: str) -> None:
    record = called(earlier)
    proved = a_person(record, first_name=first)
    assert linked(outcome_of(proved, record, policy=Policy.VERIFIED)) is None
    assert linked(outcome_of(replace(proved, previous_first_names=(earlier,)), record, policy=Policy.VERIFIED)) is None


def test_a_previous_last_name_that_is_right_loses_nobody_whose_names_are_exchanged() -> None:
    record = a_record(middle_name="", email="")
    swapped = a_person(record, first_name=record.last_name, last_name=record.first_name)
    assert linked(outcome_of(swapped, record, policy=Policy.VERIFIED)) == record.trn
    for earlier in (record.last_name, *record.previous_last_names):
        more = replace(swapped, previous_last_names=(earlier,))
        assert linked(outcome_of(more, record, policy=Policy.VERIFIED)) == record.trn, earlier


@pytest.mark.parametrize("policy", EVERY)
@pytest.mark.parametrize("number", ["trn", "nino"])
def test_a_part_of_the_name_and_a_number_do_not_hide_who_has_exactly_the_name(policy: Policy, number: str) -> None:
    record = called("Alice", last_name="Smith-Jones")
    namesake = called("Alice", last_name="Jones", trn="7654321", nino="")
    stated = a_person(record, last_name="Jones", **{number: getattr(record, number)})
    outcome = outcome_of(stated, record, namesake, policy=policy)
    assert linked(outcome) is None
    assert Block.ANOTHER_FITS_EXACTLY in outcome.explanation.blocked_by


@pytest.mark.parametrize(
    ("stated", "held"),
    [
        ("Byron", "Brian"), ("Mario", "Mark"), ("Grace", "George"), ("Bryony", "Brian"), ("Annabelle", "Ann"),
        ("Dion", "Donna"), ("Joanne", "John"), ("Stephanie", "Steven"), ("Hannah", "Susan"),
    ],
)  # fmt: skip
def test_in_a_small_register_the_lists_know_who_bears_a_name_of_their_own(stated: str, held: str) -> None:
    record = called(held)
    for number in ("trn", "nino"):
        person = a_person(record, first_name=stated, **{number: getattr(record, number)})
        assert linked(outcome_of(person, record)) is None, number


@pytest.mark.parametrize("policy", [Policy.LINKAGE, Policy.DEFAULT, Policy.STRICT])
@pytest.mark.parametrize(
    ("first", "middle", "stated", "said"),
    [("Paul", "James", "Paula", "Jane"), ("Mohammed", "Imran", "Mohammed", "Ali")],
)
def test_both_numbers_link_nobody_of_two_other_names(
    policy: Policy, first: str, middle: str, stated: str, said: str
) -> None:
    record = called(first, middle)
    person = a_person(record, first_name=stated, middle_name=said, trn=record.trn, nino=record.nino)
    assert linked(outcome_of(person, record, policy=policy)) is None


@pytest.mark.parametrize("last", ["Fetherstone", "Featherstone-Hale"])
def test_both_numbers_with_another_birthday_take_exactly_the_name(last: str) -> None:
    record = called("Alexandra")
    other_day = {"date_of_birth": date(1971, 11, 2), "trn": record.trn, "nino": record.nino}
    assert linked(outcome_of(a_person(record, **other_day), record)) == record.trn
    assert linked(outcome_of(a_person(record, last_name=last, **other_day), record)) is None


@pytest.mark.parametrize("day", [date(1975, 12, 20), date(1975, 12, 26), date(1975, 1, 1), date(1975, 6, 13)])
@pytest.mark.parametrize("changes", [{"first_name": "Kate"}, {"last_name": "Blanqaurt"}, {"first_name": "Rose"}])
def test_nobody_hears_none_for_another_form_of_a_name_and_another_day(day: date, changes: dict[str, str]) -> None:
    record = called("Katherine", "Rose", last_name="Blanquart", date_of_birth=date(1975, 12, 13), nino="")
    assert not isinstance(outcome_of(a_person(record, date_of_birth=day, **changes), record), NoMatch)


def test_the_first_of_january_stands_for_every_day_of_its_year() -> None:
    for year, days in ((1984, 366), (1985, 365)):
        near = {*two_parts_of(year, 1, 1), *date_slips(year, 1, 1), f"{year}0101"}
        assert len([day for day in near if day.startswith(str(year))]) == days


def test_the_middle_name_that_is_right_loses_nobody_beside_a_similar_name() -> None:
    record = called("Kevin", "James", nino="")
    other = called("Kelvin", "James", trn="7654321", nino="")
    for middle in ("", "J", "James"):
        assert linked(outcome_of(a_person(record, middle_name=middle), record, other)) == record.trn, middle


def test_an_address_that_merged_records_of_one_person_have_is_not_shared() -> None:
    address = "alex@example.com"
    record = a_record(email=address, nino="")
    merged: dict[str, Any] = {"status": RecordStatus.MERGED, "nino": "", "email": address}
    chain = [
        replace(record, trn="2222222", merged_into=record.trn, **merged),
        replace(record, trn="3333333", merged_into="2222222", **merged),
    ]
    stated = a_person(record, email=address, email_verified=True)
    assert linked(outcome_of(stated, record, *chain, policy=Policy.DEFAULT)) == record.trn


@pytest.mark.parametrize("trn", ["", "n/a", "none", "don't know"])
def test_words_in_the_box_of_the_trn_take_nothing_from_a_whole_name_in_one_box(trn: str) -> None:
    record = called("Katherine", last_name="Blanquart")
    stated = a_person(record, first_name="", last_name="Katherine Blanquart", trn=trn)
    assert linked(outcome_of(stated, record)) == record.trn


def test_a_last_name_of_two_words_in_two_boxes_is_the_record_s() -> None:
    record = called("Jane", last_name="Wallis-Jones")
    namesake = called("Jane", "Lorraine", last_name="Jones", trn="7654321", nino="")
    stated = a_person(record, middle_name="Wallis", last_name="Jones", trn=record.trn)
    assert linked(outcome_of(stated, record, namesake)) == record.trn


def test_the_stated_middle_name_tells_from_somebody_of_exactly_the_first_and_last_name() -> None:
    record = called("Tracey", "Alice", last_name="Parsons-Brown")
    stated = a_person(record, middle_name="Alice", last_name="Brown", trn=record.trn)
    for middle in ("", "Kelly"):
        namesake = called("Tracey", middle, last_name="Brown", trn="7654321", nino="")
        assert linked(outcome_of(stated, record, namesake)) == record.trn, middle
        assert linked(outcome_of(replace(stated, middle_name=""), record, namesake)) is None


def test_the_whole_last_name_in_both_boxes_is_no_first_name() -> None:
    record = called("Mohammed", "Utkarsh", last_name="Tiwari Rout")
    stated = a_person(record, first_name="Mohammed Tiwari Rout", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn


def test_names_that_differ_in_their_first_vowel_are_two() -> None:
    record = called("Kira")
    seen = called("Kara", trn="7654321", nino="", last_name="Mills", date_of_birth=date(1970, 2, 3))
    assert linked(outcome_of(a_person(record, first_name="Kara", trn=record.trn), record, seen)) is None


@pytest.mark.parametrize(
    ("field", "level", "stated", "held", "said"),
    [
        (Field.DATE_OF_BIRTH, Level.ONE_DIGIT, "2001-05-17", "1991-05-17", "ten years or a century off"),
        (Field.DATE_OF_BIRTH, Level.ONE_DIGIT, "1984-05-17", "1984-05-16", "differs in one digit"),
        (Field.DATE_OF_BIRTH, Level.TWO_PARTS, "1984-01-01", "1984-05-17", "first of January"),
        (Field.MIDDLE_NAME, Level.SAME, "molly", "lynda", "in each other's place"),
        (Field.MIDDLE_NAME, Level.SAME, "roseanne", "rose", "one in common"),
        (Field.FIRST_NAME, Level.SIMILAR, "mohammed", "mohammed", "another one behind it"),
        (Field.FIRST_NAME, Level.PART, "lisa", "lisa", "further ones on one side"),
        (Field.TRN, Level.SAME, "7654321", "7654321", "merged into this one"),
    ],
)
def test_a_sentence_says_what_the_values_are(field: Field, level: Level, stated: str, held: str, said: str) -> None:
    assert said in sentence(FieldComparison(field, level, 1.0, stated, held), "1234567")


def test_nothing_is_said_of_whose_an_address_is_before_others_were_looked_at() -> None:
    record = a_record(email="family@example.com")
    other = called("Ruth", trn="7654321", nino="", email="family@example.com")
    outcome = outcome_of(a_person(record, trn=record.trn, email="family@example.com"), record, other)
    assert isinstance(outcome, DefiniteMatch)
    assert not any("which only this record has" in said for said in sentences(outcome.candidates[0]))


@pytest.mark.parametrize("number", ["trn", "nino"])
@pytest.mark.parametrize(("held", "stated"), [("H??ng", "Hương"), ("ANDR?", "André"), ("?nan?l?", "İnançlı")])
def test_letters_that_the_register_lost_make_no_other_name_of_it(held: str, stated: str, number: str) -> None:
    record = called(held)
    assert linked(outcome_of(a_person(record, first_name=stated, **{number: getattr(record, number)}), record))
    assert linked(outcome_of(a_person(record, first_name="Marek", **{number: getattr(record, number)}), record)) is None


def test_of_a_name_that_lost_most_letters_nothing_is_guessed() -> None:
    for held in ("?a" * 45, "?\ufffdn"):
        record = called(held)
        assert linked(outcome_of(a_person(record, first_name="Annaaan", trn=record.trn), record)) is None


@pytest.mark.parametrize(
    ("first", "last", "stated_first", "stated_last"),
    [("Susan", "Reyes", "Reyes", "Sue"), ("Peter", "Fletcher", "Fletcher", "Pete"), ("Eliza", "Owen", "Owen", "Liza")],
)
def test_names_in_each_other_s_box_may_be_short_beside_a_number(
    first: str, last: str, stated_first: str, stated_last: str
) -> None:
    record = called(first, last_name=last)
    stated = a_person(record, first_name=stated_first, last_name=stated_last)
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(stated, record)) is None


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2000, 1, 1), date(1990, 1, 1)])
def test_a_birthday_that_programs_write_for_none_is_no_proof_that_there_is_nobody(day: date) -> None:
    record = called("Reem", last_name="Viscarro", date_of_birth=date(1981, 4, 3), nino="")
    assert not isinstance(outcome_of(a_person(record, date_of_birth=day), record), NoMatch)
    assert not isinstance(outcome_of(a_person(record), replace(record, date_of_birth=day)), NoMatch)


@pytest.mark.parametrize(
    ("stated", "held"), [("Horák", "Horáková"), ("Hruška", "Hrušková"), ("Němec", "Němcová"), ("Novotná", "Novotná")]
)
def test_a_czech_woman_s_last_name_is_her_father_s(stated: str, held: str) -> None:
    record = called("Libuše", last_name=held)
    assert linked(outcome_of(a_person(record, last_name=stated), record)) == record.trn


def test_sikhs_write_the_family_s_name_before_kaur() -> None:
    record = called("Sukhvinder", "Kaur", last_name="Bhogal")
    stated = a_person(record, middle_name="Bhogal", last_name="Kaur")
    assert linked(outcome_of(stated, record)) == record.trn
    assert linked(outcome_of(replace(stated, middle_name="Gill"), record)) is None


@pytest.mark.parametrize(("one", "other"), [("Ji-Hun", "Ji-Hoon"), ("Kyung-Su", "Kyung-Soo"), ("Hyun-Wu", "Hyun-Woo")])
@pytest.mark.parametrize(("last", "held_last"), [("Gang", "Kang"), ("Gim", "Kim"), ("Yi", "Lee"), ("Jeong", "Jung")])
def test_korean_names_are_written_in_several_ways(one: str, other: str, last: str, held_last: str) -> None:
    record = called(other, last_name=held_last)
    assert linked(outcome_of(a_person(record, first_name=one, last_name=last, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"), [("Harmah", "Hannah"), ("Grairme", "Grainne"), ("Christopher", "Chrristopher")]
)
def test_two_letters_read_as_two_others_and_one_keyed_twice_are_slips(typed: str, held: str) -> None:
    record = called(held)
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


def in_use(field: str, *names: str) -> list[TeachingRecord]:
    """Make people of these names, so that a register knows them to be borne."""
    known: dict[str, Any] = {"first_name": "Ruth", "last_name": "Mills", "nino": ""}
    return [
        a_record(**known | {"trn": f"{8_000_000 + 100 * at + n}", "date_of_birth": date(1950 + n, 3, 4), field: name})
        for at, name in enumerate(names)
        for n in range(8)
    ]


@pytest.mark.parametrize(("stated", "held"), [("Chan", "Khan"), ("Shaw", "Shah"), ("Ball", "Bell"), ("Hale", "Hall")])
def test_two_last_names_that_people_bear_and_say_otherwise_are_two_families(stated: str, held: str) -> None:
    record = called("Uzma", last_name=held)
    others = in_use("last_name", stated, held)
    assert linked(outcome_of(a_person(record, last_name=stated), record, *others)) is None
    assert linked(outcome_of(a_person(record, last_name=stated, trn=record.trn), record, *others)) == record.trn


@pytest.mark.parametrize(("stated", "held"), [("Dina", "Diana"), ("Siwan", "Sian"), ("Mara", "Maria")])
def test_a_vowel_that_makes_one_syllable_more_makes_another_name(stated: str, held: str) -> None:
    record = called(held)
    others = in_use("first_name", stated, held)
    assert linked(outcome_of(a_person(record, first_name=stated), record, *others)) is None


@pytest.mark.parametrize(("typed", "held"), [("Jan", "Jane"), ("Denis", "Denise")])
def test_no_brother_has_a_middle_name_that_only_his_sister_can_have(typed: str, held: str) -> None:
    for middle, expected in (("Janet", True), ("Lee", False), ("Kaur", False), ("Ramesh", False), ("", False)):
        record = called(held, middle)
        stated = a_person(record, first_name=typed, middle_name=middle, trn=record.trn)
        assert (linked(outcome_of(stated, record)) == record.trn) is expected, middle
