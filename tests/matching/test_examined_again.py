"""What a tenth examiner and a second attacker found."""

from dataclasses import replace
from datetime import date

import pytest

from matching.cuts import lacks_its_end
from matching.given_names import are_brother_and_sister, are_two_short_forms, is_borne
from matching.matcher import NoMatch
from matching.normalise import read_date
from matching.orthography import are_spelled_alike
from matching.policy import Block, Policy, blocks
from matching.records import TeachingRecord
from matching.statements import MOST_PREVIOUS, prepare
from tests.kit.people import TODAY, a_person, a_record, outcome_of
from tests.matching.test_seen_by_a_reviewer import called, linked

LETTERS = "abcdefghijklmnopqrstuvwxyz"
START = {"Si": "siewnee", "va": "vandenborn", "Ma": "macnee", "Ne": "nee"}
SLIP = date(1984, 7, 5)
"""Of 5 July and 7 May."""


def born(record: TeachingRecord, day: date) -> TeachingRecord:
    return replace(record, date_of_birth=day)


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Rima", "Rina"), ("Hamad", "Hamid"), ("Zahid", "Zaid"), ("Sahar", "Sahir"), ("Zoha", "Zoya"), ("Eva", "Evan"),
     ("Leo", "Leon"), ("Hayden", "Jayden"), ("Betsy", "Lisa"), ("Daisy", "Megan"), ("René", "Renée"),
     ("Samuella", "Samuel"), ("Bhavini", "Bhavin"), ("Carwen", "Carwyn"), ("Prince", "Princess")],
)  # fmt: skip
def test_two_names_that_people_bear_link_nobody_without_a_number(typed: str, held: str) -> None:
    record = called(held, last_name="Featherstonehaugh")
    for policy in (Policy.LINKAGE, Policy.VERIFIED):
        assert linked(outcome_of(a_person(record, first_name=typed), record, policy=policy)) is None
    assert not isinstance(outcome_of(a_person(record, first_name=typed), record), NoMatch)


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Waleed", "Walid"), ("Zahra", "Zara"), ("Safiya", "Safia"), ("Conor", "Connor"), ("Hellen", "Helen"),
     ("Juergen", "Jürgen"), ("Olha", "Olga"), ("Serhii", "Sergiy"), ("Constantinos", "Konstantinos"),
     ("Nell", "Eleanor"), ("Linsey", "Lindsay"), ("Kaylee", "Kayleigh"), ("Aislinn", "Aisling")],
)  # fmt: skip
def test_two_spellings_of_one_name_are_one_all_the_same(typed: str, held: str) -> None:
    record = called(held, last_name="Featherstonehaugh")
    assert linked(outcome_of(a_person(record, first_name=typed), record)) == record.trn


@pytest.mark.parametrize(("one", "other"), [("rene", "renee"), ("zahid", "zaid"), ("maya", "mya"), ("jon", "joan")])
def test_what_is_said_otherwise_is_no_other_spelling(one: str, other: str) -> None:
    assert is_borne(one)
    assert is_borne(other)
    assert not are_spelled_alike(one, other)


@pytest.mark.parametrize(("one", "other"), [("kate", "katherine"), ("maggie", "mags"), ("kate", "kay")])
def test_a_short_form_is_its_formal_name(one: str, other: str) -> None:
    assert not are_two_short_forms(one, other)


@pytest.mark.parametrize(
    ("one", "other", "are"),
    [("mayur", "mayuri", True), ("raphael", "raphaella", True), ("arwen", "arwyn", True), ("ali", "alii", False)],
)
def test_a_brother_s_and_a_sister_s_name(one: str, other: str, are: bool) -> None:
    assert are_brother_and_sister(one, other) is are_brother_and_sister(other, one) is are


def test_whoever_was_verified_is_linked_by_the_very_first_name() -> None:
    """Proved identities bear formal names: Ellen is no Helen there, who is often meant by it elsewhere."""
    helen = called("Helen", last_name="Pritchard")
    assert linked(outcome_of(a_person(helen), helen, policy=Policy.VERIFIED)) == helen.trn
    for other in ("Ellen", "Nell"):
        assert linked(outcome_of(a_person(helen, first_name=other), helen, policy=Policy.VERIFIED)) is None
    stephen = called("Stephen", last_name="Pritchard")
    for spelled, opens in (("Steven", True), ("Ste", False)):
        by_spelling = outcome_of(a_person(stephen, first_name=spelled), stephen, policy=Policy.VERIFIED)
        assert (linked(by_spelling) == stephen.trn) is opens


@pytest.mark.parametrize(
    ("first", "middle", "typed", "second"),
    [("Mohammed Bilal", "", "Bilal", ""), ("Anne Sophie", "", "Sophie", ""), ("Wai-Ling", "", "Jenny", "Wai-Ling"),
     ("Bilal", "", "Mohammed", "Bilal")],
)  # fmt: skip
def test_a_word_of_the_first_name_is_near_beside_a_slip_in_the_day(
    first: str, middle: str, typed: str, second: str
) -> None:
    record = born(called(first, middle_name=middle, last_name="Qureshi", nino="", email=""), date(1984, 5, 7))
    stated = a_person(record, first_name=typed, middle_name=second, date_of_birth=SLIP)
    strangers = [called(f"Una{letter}", trn=f"310000{n}", last_name="Brodie") for n, letter in enumerate("abcdefghi")]
    assert not isinstance(outcome_of(stated, record, *strangers), NoMatch)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"first_name": "Sarah", "middle_name": "Katherine"}, {"first_name": "Kate", "last_name": "Smith"}),
        ({"first_name": "Keith", "middle_name": "Daniel"}, {"first_name": "Dan", "last_name": "Pierce"}),
        ({"first_name": "Nguyen Thi", "last_name": "Lan"}, {"first_name": "Lan Thi", "last_name": "Nguyen"}),
        ({"first_name": "Chan Wai", "last_name": "Ling"}, {"first_name": "Jenny Wai Ling", "last_name": "Chan"}),
    ],
)
def test_who_goes_by_a_middle_name_or_fills_boxes_otherwise_is_not_told_that_there_is_none(
    changes: dict[str, str], said: dict[str, str]
) -> None:
    record = a_record(**{"middle_name": "", "previous_last_names": (), "nino": "", "email": "", **changes})
    assert linked(outcome_of(a_person(record, **said), record)) is None
    assert not isinstance(outcome_of(a_person(record, **said), record), NoMatch)


def test_of_two_slips_the_record_with_fewer_fits_better() -> None:
    carys = called("Carys", last_name="Jones", nino="", email="")
    cerys = called("Cerys", trn="3000002", last_name="Jones", nino="", email="")
    stated = a_person(carys, first_name="Carsy", trn=cerys.trn)
    found = {each.record.trn: each for each in outcome_of(stated, carys, cerys).candidates}
    assert blocks(found[cerys.trn], [found[carys.trn]], 0.0) == (Block.ANOTHER_FITS_BETTER,)


def test_newly_married_the_record_of_the_very_first_name_may_be_meant() -> None:
    carys = called("Carys", last_name="Jones", nino="", email="")
    cerys = called("Cerys", trn="3000002", last_name="Jones", nino="", email="")
    stated = a_person(carys, last_name="Featherstonehaugh", trn=cerys.trn)
    assert linked(outcome_of(stated, carys, cerys)) is None
    assert linked(outcome_of(replace(stated, trn=carys.trn), carys, cerys)) == carys.trn


def test_a_number_without_a_birthday_takes_the_first_name_without_a_slip() -> None:
    cerys = called("Cerys", last_name="Pritchard")
    without = a_person(cerys, trn=cerys.trn, date_of_birth=None)
    assert linked(outcome_of(without, cerys)) == cerys.trn
    assert linked(outcome_of(replace(without, first_name="Carys"), cerys)) is None


@pytest.mark.parametrize(("first", "links"), [("Abdisamad", False), ("Abdisalaan", True)])
def test_beside_two_new_years_days_a_slip_may_be_a_brother_s_name(first: str, links: bool) -> None:
    held = called("Abdisalan", last_name="Warsame", date_of_birth=date(1985, 1, 1))
    stated = a_person(held, first_name=first, trn=held.trn, date_of_birth=date(1983, 1, 1))
    assert (linked(outcome_of(stated, held)) == held.trn) is links


@pytest.mark.parametrize(
    ("day", "links"), [(date(1951, 6, 14), False), (date(1974, 6, 9), True), (date(1970, 1, 1), True)]
)
def test_both_numbers_of_a_parent_of_the_very_name_link_no_child(day: date, links: bool) -> None:
    parent = called("John", last_name="Whitfield", middle_name="", date_of_birth=day)
    child = a_person(parent, date_of_birth=date(1983, 11, 2), trn=parent.trn, nino=parent.nino)
    assert (linked(outcome_of(child, parent)) == parent.trn) is links


def test_a_singh_is_no_kaur_of_the_same_first_name() -> None:
    his = called("Gurdeep", middle_name="Singh", last_name="Bains", date_of_birth=date(1962, 12, 9))
    hers = a_person(his, middle_name="Kaur", date_of_birth=date(1962, 3, 9), trn=his.trn)
    assert linked(outcome_of(hers, his, policy=Policy.DEFAULT)) is None


@pytest.mark.parametrize("shared", ["Syeda", "Umme", "Abul", "Nur"])
def test_sisters_share_a_first_word(shared: str) -> None:
    fatima = called(shared, middle_name="Fatima", last_name="Shah")
    zainab = a_person(fatima, middle_name="Zainab", trn=fatima.trn)
    assert linked(outcome_of(zainab, fatima)) is None


@pytest.mark.parametrize("number", [{}, {"trn": "1234567"}])
def test_the_last_name_first_and_all_given_names_in_the_other_box(number: dict[str, str]) -> None:
    record = called("Ian", middle_name="Stuart", last_name="Webster", trn="1234567")
    stated = a_person(record, first_name="Webster", last_name="Ian Stuart", **number)
    assert linked(outcome_of(stated, record)) == record.trn
    other = a_person(record, first_name="Webster", last_name="Ian James", **number)
    assert linked(outcome_of(other, record)) is None


def test_the_name_of_birth_in_a_record_is_a_previous_one() -> None:
    record = called("Sally", last_name="Kumar (née Pandya)")
    for last in ("Kumar", "Pandya"):
        assert linked(outcome_of(a_person(record, last_name=last), record)) == record.trn


@pytest.mark.parametrize("said", ["formerly Smith", "née Smith", "Nee: Smith", "previously known as Smith"])
def test_what_says_that_a_name_is_a_previous_one_is_no_part_of_it(said: str) -> None:
    lasts = prepare(a_person(last_name="Jones", previous_last_names=(said,)), TODAY).lasts
    assert [name.joined for name in lasts] == ["jones", "smith"]


@pytest.mark.parametrize(
    ("cut", "name", "lacks"),
    [("agnieszk", "agnieszka", True), ("magdalen", "magdalena", True), ("charlott", "charlotte", True),
     ("priyank", "priyanka", False), ("valentin", "valentina", False), ("alexandr", "alexandra", False)],
)  # fmt: skip
def test_a_register_may_have_had_room_for_eight_letters(cut: str, name: str, lacks: bool) -> None:
    assert lacks_its_end(cut, name) is lacks


def test_of_absurdly_many_previous_names_the_first_are_read() -> None:
    many = tuple(f"Quigley-{one}{other}{third}" for one in LETTERS for other in LETTERS for third in LETTERS)
    stated = prepare(a_person(previous_last_names=many, previous_first_names=many), TODAY)
    assert len(stated.lasts) == len(stated.firsts) == MOST_PREVIOUS + 1


@pytest.mark.parametrize(
    ("first", "last"),
    [("", "Siew Nee Tan"), ("Maaike", "van den Born-Jansen"), ("Anne", "Mac Nee-Quill"), ("Ida", "Nee")],
)
def test_some_are_called_so_themselves(first: str, last: str) -> None:
    assert len(prepare(a_person(first_name=first, last_name=last), TODAY).lasts) == 1
    assert prepare(a_person(first_name=first, last_name=last), TODAY).lasts[0].joined.startswith(START[last[:2]])


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Annabel", "Annabelle"), ("Bronwyn", "Bronwen"), ("Isobelle", "Isobel")],
)
def test_a_woman_s_name_in_another_spelling_is_no_brother_s(typed: str, held: str) -> None:
    assert not are_brother_and_sister(typed.lower(), held.lower())
    record = called(held, last_name="Featherstonehaugh")
    many = [called(typed, trn=f"310000{n}", last_name="Brodie", nino="") for n in range(6)]
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record, *many)) == record.trn


def test_a_slip_that_makes_no_name_links_by_a_number_without_a_birthday() -> None:
    record = called("Christopher", last_name="Pritchard")
    for typed in ("Christpher", "Cristopher"):
        stated = a_person(record, first_name=typed, trn=record.trn, date_of_birth=None)
        assert linked(outcome_of(stated, record)) == record.trn


def test_empty_previous_names_are_not_counted() -> None:
    stated = prepare(a_person(previous_last_names=("",) * MOST_PREVIOUS + ("Brown",)), TODAY)
    assert [name.joined for name in stated.lasts] == ["featherstone", "brown"]


@pytest.mark.parametrize(
    "written",
    ["1985-03-14 00:00:00+00", "1985-03-14T00:00:00.000+0000", "1985-03-14 00:00:00 UTC", "1985-03-14 0:00",
     "14/03/1985 12:00:00 AM", "1985-03-14,"],
)  # fmt: skip
def test_what_programs_write_behind_a_birthday_is_left_out(written: str) -> None:
    assert read_date(written) == date(1985, 3, 14)
