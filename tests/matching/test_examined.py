"""What an examiner found who had never seen the rules."""

from dataclasses import replace
from datetime import date

import pytest

from matching.comparisons import Field, Level
from matching.evidence import NOBODY_S
from matching.given_names import are_brother_and_sister, are_given_name_forms, is_borne, is_short_for
from matching.matcher import NoMatch
from matching.parts import are_both_borne
from matching.policy import Policy
from tests.kit.people import a_person, outcome_of
from tests.matching.test_seen_by_a_reviewer import EVERY, called, linked

NAMES = (
    "rakesh",
    "sukhdev",
    "reena",
    "naima",
    "hamed",
    "mita",
    "lowri",
    "fraser",
    "tomos",
    "chioma",
    "rhodri",
    "yinka",
)


@pytest.mark.parametrize("policy", EVERY)
@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("Mita", "Nita"), ("Hollie", "Mollie"), ("Sajid", "Majid"), ("Rakesh", "Rajesh"), ("Omar", "Amar"),
        ("Umran", "Imran"), ("Naima", "Saima"), ("Sukhdeep", "Sukhdev"), ("Bhavini", "Bhavna"),
        ("Ray", "Roy"), ("Kristin", "Kirstie"),
    ],
)  # fmt: skip
def test_a_twin_of_a_name_that_people_bear_is_not_the_one_whose_number_it_is(
    policy: Policy, typed: str, held: str
) -> None:
    twin = called(held, last_name="Shah")
    for number in ({"trn": twin.trn}, {"nino": twin.nino}, {}):
        assert linked(outcome_of(a_person(twin, first_name=typed, **number), twin, policy=policy)) is None


@pytest.mark.parametrize(
    ("typed", "held"), [("Marian", "Marion"), ("Benjamim", "Benjamin"), ("Rebceca", "Rebecca"), ("Linda", "Lida")]
)
def test_a_slip_is_one_all_the_same(typed: str, held: str) -> None:
    assert not are_both_borne(typed.lower(), held.lower())
    record = called(held, last_name="Featherstonehaugh")
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize("name", NAMES)
def test_the_lists_know_what_people_are_called(name: str) -> None:
    assert is_borne(name)


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Lisa-Marie", "Lisa-Jane"), ("Sung-Ho", "Sung-Min"), ("Abdul Rahman", "Abdul Rahim"), ("Emily", "Emma")],
)
def test_a_middle_name_that_twins_have_in_common_makes_one_of_them_no_other(typed: str, held: str) -> None:
    record = called(held, "Daniel", last_name="Lee")
    assert linked(outcome_of(a_person(record, first_name=typed, middle_name="Daniel"), record)) is None


def test_words_of_the_first_name_may_stand_among_the_middle_names() -> None:
    record = called("Mary Ann", "Jane", last_name="Featherstonehaugh")
    stated = a_person(record, first_name="Mary Jane", middle_name="Ann", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn


@pytest.mark.parametrize(("typed", "held"), [("Gabriel", "Gabrielle"), ("Garth", "Gary")])
def test_names_that_are_often_two_people_s_take_a_number(typed: str, held: str) -> None:
    record = called(held)
    assert linked(outcome_of(a_person(record, first_name=typed), record)) is None


@pytest.mark.parametrize(
    ("typed", "first", "middle"),
    [("Emma", "Olivia", "Emily"), ("Cathryn", "Sarah", "Kate"), ("Rosemary", "Susan", "Rose")],
)
def test_only_the_short_form_of_a_middle_name_is_used_for_it(typed: str, first: str, middle: str) -> None:
    assert not is_short_for(typed.lower(), middle.lower())
    twin = called(first, middle, last_name="Hartcroft")
    assert linked(outcome_of(a_person(twin, first_name=typed, trn=twin.trn), twin)) is None
    keith = called("Keith", "Daniel", last_name="Hartcroft")
    assert linked(outcome_of(a_person(keith, first_name="Dan", trn=keith.trn), keith)) == keith.trn


def test_another_middle_name_beside_a_near_birthday_is_somebody_else() -> None:
    owner = called("Anthony", "Lee", last_name="Crowington")
    newly_married = a_person(owner, last_name="Oaker", date_of_birth=date(1984, 5, 18), trn=owner.trn)
    assert linked(outcome_of(newly_married, owner)) == owner.trn
    assert linked(outcome_of(replace(newly_married, middle_name="Alexander"), owner)) is None


def test_a_child_of_another_middle_name_is_not_the_parent() -> None:
    parent = called("Mark", "Robert", last_name="Langworthy", date_of_birth=date(1969, 4, 10))
    child = a_person(parent, middle_name="Thomas", date_of_birth=date(1996, 4, 10), trn=parent.trn)
    assert linked(outcome_of(child, parent)) is None
    assert linked(outcome_of(replace(child, middle_name=""), parent)) == parent.trn, "the digits may be exchanged"


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Chr", "date_of_birth": date(1984, 5, 18)},
        {"date_of_birth": date(2001, 5, 17)},
        {"first_name": "Cou", "date_of_birth": date(1984, 6, 17)},
    ],
)
def test_nobody_hears_none_for_a_beginning_or_another_century(changes: dict[str, object]) -> None:
    record = called("Courtney" if changes.get("first_name") == "Cou" else "Christine", last_name="Chesterley")
    assert not str(record.date_of_birth).endswith(NOBODY_S)
    assert not isinstance(outcome_of(a_person(record, **changes), record), NoMatch)


def test_that_nobody_of_seventeen_is_found_proves_nothing() -> None:
    record = called("Beatrice", last_name="Buckwood", date_of_birth=date(1989, 9, 18))
    child = a_person(record, date_of_birth=date(2009, 2, 5))
    assert not isinstance(outcome_of(child, record), NoMatch)
    assert linked(outcome_of(replace(child, trn=record.trn), record)) is None, "it is read all the same"


@pytest.mark.parametrize("number", ["trn", "nino"])
@pytest.mark.parametrize(
    ("typed", "held"), [("Charlotte", "CHARLOTT"), ("Gabrielle", "GABRIELL"), ("Josephine", "JOSEPHIN")]
)
def test_a_register_with_room_for_eight_letters_cut_a_name(number: str, typed: str, held: str) -> None:
    record = called(held)
    stated = a_person(record, first_name=typed, **{number: getattr(record, number)})
    assert linked(outcome_of(stated, record)) == record.trn


@pytest.mark.parametrize(("her", "his"), [("Priyanka", "Priyank"), ("Bhavisha", "Bhavish"), ("Antonina", "Antonin")])
def test_a_brother_s_name_is_no_name_that_was_cut(her: str, his: str) -> None:
    assert are_brother_and_sister(her.lower(), his.lower())
    brother = called(his, last_name="Shah")
    for number in ({"trn": brother.trn}, {"nino": brother.nino}, {}):
        assert linked(outcome_of(a_person(brother, first_name=her, **number), brother)) is None


@pytest.mark.parametrize("policy", [Policy.LINKAGE, Policy.DEFAULT])
def test_names_typed_with_the_last_one_first_are_put_right(policy: Policy) -> None:
    record = called("Michelle", "Frances", last_name="Ward")
    stated = a_person(record, first_name="Ward", middle_name="Michelle", last_name="Frances", trn=record.trn)
    outcome = outcome_of(stated, record, policy=policy)
    assert linked(outcome) == record.trn
    first, middle, last = (
        outcome.candidates[0].compared(field) for field in (Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME)
    )
    assert (first.level, middle.level, last.level) == (Level.SWAPPED, Level.SAME, Level.SWAPPED)
    assert (first.stated, middle.stated, last.stated) == ("michelle", "frances", "ward")


def test_a_sister_in_whose_boxes_the_names_are_turned_is_not_her() -> None:
    record = called("Michelle", "Frances", last_name="Ward")
    sister = a_person(record, first_name="Ward", middle_name="Louise", last_name="Frances", trn=record.trn)
    assert linked(outcome_of(sister, record)) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [("pooja", "puja"), ("lakshmi", "laxmi"), ("kuldeep", "kuldip"), ("yunus", "younis"), ("ihor", "igor")],
)
def test_names_are_known_in_several_transliterations(one: str, other: str) -> None:
    assert are_given_name_forms(one, other)
    assert are_given_name_forms(other, one)


@pytest.mark.parametrize(
    ("stated", "held", "same"),
    [
        ("Jabłońska", "Jabłoński", True), ("Górska", "Górski", True), ("Novotná", "Novotný", True),
        ("Kenna", "Kenny", False), ("Penna", "Penny", False),
    ],
)  # fmt: skip
def test_a_woman_s_ending_makes_no_other_family(stated: str, held: str, same: bool) -> None:
    record = called("Aleksandra", last_name=held)
    found = outcome_of(a_person(record, last_name=stated), record)
    level = found.candidates[0].level(Field.LAST_NAME) if found.candidates else Level.DIFFERENT
    assert (level is Level.VARIANT) is same


def test_a_slip_in_the_number_and_another_middle_name_take_exactly_the_last_name() -> None:
    record = called("Helen", "Lisa", last_name="Griffiths-Jones", trn="3985430")
    stated = a_person(record, middle_name="Luke", trn="9385430")
    assert linked(outcome_of(stated, record)) == record.trn
    assert linked(outcome_of(replace(stated, last_name="Jones"), record)) is None
    assert linked(outcome_of(replace(stated, last_name="Jones", middle_name=""), record)) == record.trn


def test_a_record_without_a_first_name_is_compared_by_the_earlier_one() -> None:
    record = called("-", previous_first_names=("Catherine",))
    own = called("Kate", trn="7654321", nino="")
    assert linked(outcome_of(a_person(record, first_name="Kathryn"), record)) == record.trn
    assert linked(outcome_of(a_person(own, trn=own.trn), record, own)) == own.trn


@pytest.mark.parametrize("day", [date(1998, 4, 10), None])
def test_a_son_who_is_called_after_his_father_s_fathers_is_not_his_father(day: date | None) -> None:
    father = called("Ali", "Hassan", last_name="Ahmed", date_of_birth=date(1968, 4, 10))
    son = a_person(father, first_name="Ahmed", middle_name="Ali", last_name="Hassan", date_of_birth=day)
    for trn, nino in ((father.trn, ""), ("", father.nino), (father.trn, father.nino), ("", "")):
        assert linked(outcome_of(replace(son, trn=trn, nino=nino), father)) is None


def test_a_short_form_of_many_names_takes_a_number() -> None:
    record = called("Abdirahman", last_name="Warsame", date_of_birth=date(1985, 1, 1))
    assert linked(outcome_of(a_person(record, first_name="Abdi"), record)) is None
    assert linked(outcome_of(a_person(record, first_name="Abdi", trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("Charley", "Charlie"), ("Chelsie", "Chelsea"), ("Nathanial", "Nathanael"), ("Sumeyye", "Sumayya"),
        ("Pervez", "Parviz"), ("Tarak", "Tariq"), ("Aileen", "Eileen"), ("Ewan", "Iwan"), ("Kaiser", "Qaiser"),
    ],
)  # fmt: skip
def test_another_spelling_links_beside_a_number(typed: str, held: str) -> None:
    assert not are_both_borne(typed.lower(), held.lower())
    record = called(held, last_name="Featherstonehaugh")
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn
