"""Names as they are written and shortened: long and short forms, abbreviations, boxes, and what stands for none."""

from dataclasses import replace
from datetime import date

import pytest

from matching.comparisons import Level, first_name, last_name
from matching.given_names import are_given_name_forms, are_long_and_short, are_often_two_people
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch
from matching.normalise import NO_NAME, family_name, given_name, known, whole_nino
from matching.records import PersonDetails
from matching.statements import prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record, outcome_of


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("oluwabukola", "bukola"), ("oluwabukola", "bukky"), ("aderonke", "ronke"), ("olusola", "sola"),
        ("oluwafemi", "olufemi"), ("adebayo", "bayo"), ("omolara", "lara"), ("titilayo", "layo"),
    ],
)  # fmt: skip
def test_a_yoruba_name_is_its_long_form(one: str, other: str) -> None:
    assert are_long_and_short(one, other)
    assert are_long_and_short(other, one)
    assert first_name(given_name(one), NO_NAME, given_name(other), NO_NAME).level is Level.VARIANT
    record = a_record(first_name=one, previous_last_names=())
    assert linked(outcome_of(a_person(record, first_name=other, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("adebayo", "adewale"),
        ("oluwaseun", "oluwatobi"),
        ("adebayo", "olubayo"),
        ("ade", "adebayo"),
        ("adelina", "carolina"),
    ],
)
def test_what_brothers_and_sisters_share_is_no_form(one: str, other: str) -> None:
    assert not are_long_and_short(one, other)
    assert first_name(given_name(one), NO_NAME, given_name(other), NO_NAME).level is not Level.VARIANT


@pytest.mark.parametrize(
    ("formal", "short"),
    [
        ("Susan", "Suzy"), ("Rebecca", "Bex"), ("Rebecca", "Beccy"), ("Jacqueline", "Jacky"), ("Christopher", "Topher"),
        ("Manpreet", "Mani"), ("Gurpreet", "Gurp"), ("Alexandra", "Sasha"), ("Oleksandr", "Sasha"), ("Olivia", "Livvy"),
        ("Abimbola", "Bimbo"), ("Kuldeep", "Kuli"), ("Mohammed", "Md"), ("Muhammad", "Mhd"), ("Maria", "Ma"),
        ("Wojciech", "Wojtek"), ("Erzsébet", "Erzsi"), ("José", "Joseph"), ("Siân", "Sharn"), ("Francesca", "Frankie"),
        ("Elin", "Ellen"), ("Hannah", "Chana"),
    ],
)  # fmt: skip
def test_a_short_or_other_form_links_by_a_number(formal: str, short: str) -> None:
    record = a_record(first_name=formal, middle_name="")
    assert linked(outcome_of(a_person(record, first_name=short, trn=record.trn), record)) == record.trn
    outcome = outcome_of(a_person(record, first_name=short, date_of_birth=date(1984, 5, 19)), record)
    assert not isinstance(outcome, NoMatch), "neither does a slip in the birthday hide a short form"


@pytest.mark.parametrize(("one", "other"), [("Sasha", "Alexandra"), ("Joseph", "José"), ("Lara", "Larisa")])
def test_a_form_that_is_a_name_of_its_own_takes_a_number(one: str, other: str) -> None:
    assert are_often_two_people(one.lower(), given_name(other))
    record = a_record(first_name=other, middle_name="")
    assert linked(outcome_of(a_person(record, first_name=one), record)) is None


@pytest.mark.parametrize(("first", "last"), [("Ma. Cristina", "Navarro"), ("Mª Cristina", "Navarro")])
def test_maria_is_abbreviated(first: str, last: str) -> None:
    record = a_record(first_name="Maria Cristina", middle_name="", last_name=last)
    assert linked(outcome_of(a_person(record, first_name=first, trn=record.trn), record)) == record.trn
    sister = replace(record, first_name="Maria Theresa")
    assert linked(outcome_of(a_person(sister, first_name=first, trn=record.trn), sister)) is None


def test_a_tamil_writes_the_initial_of_the_fathers_name_before_the_own() -> None:
    record = a_record(first_name="Abirami", middle_name="", last_name="Sinnathamby", previous_last_names=())
    stated = a_person(record, first_name="S.", last_name="Abirami")
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn
    assert linked(outcome_of(stated, record)) is None
    assert linked(outcome_of(replace(stated, first_name="K.", trn=record.trn), record)) is None


@pytest.mark.parametrize("nobody", ["Unknown", "FNU", "Not known", "xxx"])
def test_what_says_that_no_name_was_known_is_none(nobody: str) -> None:
    assert known(given_name(nobody)) == known(family_name(nobody)) == NO_NAME
    assert known(given_name("Una")) == given_name("Una")
    unnamed = a_record(first_name=nobody, middle_name="")
    assert linked(outcome_of(a_person(first_name="Alexandra", trn=unnamed.trn), unnamed)) == unnamed.trn
    assert linked(outcome_of(a_person(first_name=nobody, trn=ALEX.trn), ALEX)) == ALEX.trn
    nameless = a_record(last_name=nobody, previous_last_names=())
    assert linked(outcome_of(a_person(ALEX, trn=nameless.trn), nameless)) == nameless.trn
    assert linked(outcome_of(a_person(first_name=nobody), ALEX)) is None


def test_a_last_name_in_both_boxes_says_nothing_of_the_first() -> None:
    stated = a_person(first_name="Featherstone", last_name="Featherstone")
    assert linked(outcome_of(replace(stated, trn=ALEX.trn), ALEX)) == ALEX.trn
    assert linked(outcome_of(stated, ALEX)) is None
    hyphened = a_record(last_name="Brady-Jones", previous_last_names=())
    both = a_person(hyphened, first_name="Brady-Jones", trn=hyphened.trn)
    assert linked(outcome_of(both, hyphened)) == hyphened.trn
    many = [a_record(trn=f"300000{n}", first_name="Una", last_name="Brodie", nino="", email="") for n in range(9)]
    assert not isinstance(outcome_of(a_person(first_name="Quigley", last_name="Quigley"), *many), NoMatch)
    bennett = a_record(first_name="Una", last_name="Bennett", previous_last_names=())
    others = [a_record(trn=f"32{n:05d}", last_name="Bennett") for n in range(20)]
    said = a_person(bennett, first_name="Bennett", trn=bennett.trn)
    assert linked(outcome_of(said, bennett, a_record(trn="3299999", first_name="Bennett"), *others)) == bennett.trn
    james = a_record(first_name="Una", last_name="James", previous_last_names=())
    assert linked(outcome_of(a_person(james, first_name="James", trn=james.trn), james)) == james.trn


@pytest.mark.parametrize(
    ("first", "last"),
    [("Featherstone Alexandra", "Featherstone"), ("Alexandra", "Featherstone Alexandra")],
)
def test_the_last_name_is_written_first(first: str, last: str) -> None:
    assert linked(outcome_of(a_person(first_name=first, last_name=last, trn=ALEX.trn), ALEX)) == ALEX.trn


def test_who_bears_the_last_name_as_a_first_one_too_is_still_found() -> None:
    record = a_record(first_name="Thomas John", middle_name="", last_name="Thomas", previous_last_names=())
    assert linked(outcome_of(a_person(record), record)) == record.trn


def test_a_key_that_stuck_typed_one_letter() -> None:
    stated = prepare(a_person(first_name="Hannahhhhh", last_name="Smithhhh"), TODAY)
    assert [name.joined for name in (*stated.firsts, *stated.lasts)] == ["hannah", "smith"]
    assert [name.joined for name in prepare(a_person(first_name="Aaaqil", last_name="Scottt"), TODAY).lasts] == [
        "scottt"
    ]
    assert [name.joined for name in prepare(a_person(last_name="Ford III"), TODAY).lasts] == ["ford"]


def test_a_lacking_suffix_does_not_hide_a_number_in_the_other_box() -> None:
    misplaced = whole_nino("AB 12 34 56")
    assert misplaced is not None
    assert misplaced.value == "AB123456"
    assert whole_nino("RP 123456") is None
    assert whole_nino("NO 123456") is None


@pytest.mark.parametrize("whole", ["Alexandra Featherstone", "Featherstone, Alexandra", "Featherstone,Alexandra"])
def test_a_whole_name_in_the_last_box_is_taken_apart(whole: str) -> None:
    stated = prepare(PersonDetails(last_name=whole), TODAY)
    assert [name.joined for name in (*stated.firsts, *stated.lasts)] == ["alexandra", "featherstone"]
    assert stated.misread
    assert linked(outcome_of(a_person(first_name="", last_name=whole), ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(first_name="", last_name=whole, trn=ALEX.trn), ALEX)) == ALEX.trn


def test_a_last_name_of_two_words_stays_whole_where_no_first_one_stands_there() -> None:
    for stated in (PersonDetails(last_name="Fernsby Quill"), PersonDetails(last_name="Grace Quill", trn="1234567")):
        assert not prepare(stated, TODAY).firsts


@pytest.mark.parametrize(("one", "other"), [("Gu", "Wu"), ("Cox", "Fox"), ("Yu", "Hu")])
def test_a_slip_in_a_last_name_of_few_letters_makes_another(one: str, other: str) -> None:
    record = a_record(last_name=one, previous_last_names=())
    bearer = a_record(
        trn="3000001", first_name="Ruth", last_name=other, date_of_birth=date(1950, 1, 2), nino="", email=""
    )
    assert linked(outcome_of(a_person(record, last_name=other), record, bearer)) is None
    assert linked(outcome_of(a_person(record, last_name=other), record)) == record.trn, "what nobody bears is a slip"
    assert linked(outcome_of(a_person(record, last_name=other, trn=record.trn), record, bearer)) == record.trn


@pytest.mark.parametrize(("one", "other"), [("O'Donnell", "Donnell"), ("Brien", "O Brien")])
def test_an_irish_name_is_the_same_without_its_o(one: str, other: str) -> None:
    assert last_name(family_name(one), family_name(other)).level is Level.VARIANT
    assert last_name(family_name("Olam"), family_name("Lam")).level is not Level.VARIANT
    assert last_name(family_name("Ofenton"), family_name("Genton")).level is not Level.VARIANT


def test_a_trn_of_which_a_digit_is_missing_contradicts_nobody() -> None:
    record = a_record(trn="7654321")
    assert linked(outcome_of(a_person(record, trn="765421"), record)) == record.trn
    assert linked(outcome_of(a_person(record, trn="765421", date_of_birth=date(1984, 5, 16)), record)) is None
    assert linked(outcome_of(a_person(record, trn="118421"), record)) is None
    other = a_record(trn="0765421", first_name="Ruth")
    assert linked(outcome_of(a_person(record, trn="765421"), record, other)) is None, "the number is somebody's"


def test_alla_is_no_alexandra() -> None:
    assert not are_given_name_forms("alla", "alexandra")


@pytest.mark.parametrize("first", ["First name: Alexandra", "forename:Alexandra", " Name : Alexandra"])
def test_what_was_copied_with_a_name_is_none_of_it(first: str) -> None:
    stated = a_person(first_name=first, last_name="Surname: Featherstone", trn=ALEX.trn)
    assert linked(outcome_of(stated, ALEX)) == ALEX.trn


@pytest.mark.parametrize("first", ["n/a", "N / A", "None", "asdf", "First name"])
def test_what_stands_for_no_name_contradicts_nobody(first: str) -> None:
    stated = a_person(first_name=first, trn=ALEX.trn)
    assert linked(outcome_of(stated, ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(first_name="Na", trn=ALEX.trn), ALEX)) is None, "Na is a name"
    assert not isinstance(outcome_of(a_person(first_name=first, last_name="Quigley"), ALEX), NoMatch)


@pytest.mark.parametrize(
    ("first", "middle", "held"),
    [("Xiao-Hong", "", "Xiaohong"), ("Xiaohong", "", "Xiao Hong"), ("Da id", "", "David"), ("Wai", "Man", "Waiman")],
)
def test_the_parts_of_a_name_are_no_middle_names(first: str, middle: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="Yingying", nino="")
    stated = a_person(record, first_name=first, middle_name=middle)
    assert linked(outcome_of(stated, record)) == record.trn


@pytest.mark.parametrize(("first", "held", "middle"), [("Su Jin", "Sumin", "Grace"), ("Ji Won", "Jiwoo", "Grace")])
def test_a_syllable_exchanged_is_a_twin_s_name(first: str, held: str, middle: str) -> None:
    twin = a_record(first_name=held, middle_name=middle, last_name="Kim", previous_last_names=(), nino="")
    assert linked(outcome_of(a_person(twin, first_name=first, middle_name="", trn=twin.trn), twin)) is None


@pytest.mark.parametrize(
    "written",
    ["Pearson (née Robinson-Hopper)", "PEARSON NEE ROBINSON-HOPPER", "Pearson, formerly known as Robinson Hopper",
     "Pearson / previously Robinson-Hopper", "Pearson – maiden name: Robinson-Hopper", "Pearson born Robinson-Hopper"],
)  # fmt: skip
def test_a_name_of_birth_behind_the_last_name_is_a_previous_one(written: str) -> None:
    assert [name.joined for name in prepare(a_person(last_name=written), TODAY).lasts] == ["pearson", "robinsonhopper"]
    assert prepare(a_person(last_name=written), TODAY).present[1] == 1
    ours = a_record(first_name="Jane", last_name="Robinson-Hopper", previous_last_names=())
    stranger = replace(ours, trn="6731172", last_name="Ward", previous_last_names=("Pearson",), nino="")
    assert linked(outcome_of(a_person(ours, last_name=written, trn=ours.trn), ours, stranger)) == ours.trn


@pytest.mark.parametrize("written", ["Nee", "Nee Wong", "Smith Nee", "Smith-Nee Jones", "Born", "Formerly"])
def test_who_is_called_nee_or_born_has_one_last_name(written: str) -> None:
    assert len(prepare(a_person(last_name=written), TODAY).lasts) == 1
