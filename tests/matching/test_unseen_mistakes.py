"""Mistakes that no set of data had on which the rules were made: an examiner found each with data of their own."""

from dataclasses import replace
from datetime import date

import pytest

from matching import normalise
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, match
from matching.memory import InMemoryRegister
from matching.policy import Block, Policy
from matching.records import PersonDetails, RecordStatus, TeachingRecord
from matching.statements import prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record, outcome_of, strangers


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


@pytest.mark.parametrize(("first", "last"), [("A", "Quigley"), ("A.", "Quigley"), ("Alexandra", "F")])
def test_an_initial_that_is_in_no_record_does_not_say_that_there_is_none(first: str, last: str) -> None:
    many = [a_record(trn=f"300000{n}", first_name="Una", last_name="Brodie", nino="", email="") for n in range(9)]
    newly_married = a_person(first_name=first, last_name=last)
    assert not isinstance(outcome_of(newly_married, *many), NoMatch)


UNKNOWN_BIRTHDAY = date(1900, 1, 1)


def test_a_record_whose_birthday_nobody_knew_is_near_to_everybody_of_its_name() -> None:
    undated = a_record(date_of_birth=UNKNOWN_BIRTHDAY)
    more = [a_record(trn=f"300000{n}", date_of_birth=date(1960 + n, 2, 3), nino="", email="") for n in range(9)]
    assert not isinstance(outcome_of(a_person(date_of_birth=date(1984, 5, 17)), undated, *more), NoMatch)


def test_a_record_whose_birthday_nobody_knew_is_linked_by_a_number_and_both_names() -> None:
    undated = a_record(date_of_birth=UNKNOWN_BIRTHDAY)
    born = date(1984, 5, 17)
    assert linked(outcome_of(a_person(undated, date_of_birth=born, trn=undated.trn), undated)) == undated.trn
    assert linked(outcome_of(a_person(undated, date_of_birth=born), undated)) is None
    assert (
        linked(outcome_of(a_person(undated, first_name="Ruth", date_of_birth=born, trn=undated.trn), undated)) is None
    )


def test_a_birthday_that_stands_for_none_is_no_evidence() -> None:
    undated = a_record(date_of_birth=UNKNOWN_BIRTHDAY)
    assert linked(outcome_of(a_person(undated), undated)) is None
    assert not isinstance(outcome_of(a_person(first_name="Una", date_of_birth=UNKNOWN_BIRTHDAY), ALEX), NoMatch)


def test_who_states_that_no_birthday_is_known_is_linked_by_a_number_and_both_names() -> None:
    stated = a_person(date_of_birth=UNKNOWN_BIRTHDAY)
    for numbered in (replace(stated, trn=ALEX.trn), replace(stated, nino=ALEX.nino)):
        assert linked(outcome_of(numbered, ALEX)) == ALEX.trn
        assert linked(outcome_of(replace(numbered, last_name="Quigley"), ALEX)) is None
        assert linked(outcome_of(numbered, ALEX, policy=Policy.DEFAULT)) is None, "who knows no birthday may be anybody"
    assert linked(outcome_of(stated, ALEX)) is None


def test_a_birthday_in_the_next_row_of_the_calendar_is_near() -> None:
    stated = a_person(date_of_birth=date(1984, 5, 31))
    record = a_record(date_of_birth=date(1984, 6, 7))
    assert linked(outcome_of(replace(stated, trn=ALEX.trn), record)) == record.trn
    assert linked(outcome_of(stated, record)) is None
    assert not isinstance(outcome_of(stated, record), NoMatch)


@pytest.mark.parametrize(("first", "last"), [("Featherstone", "Alexandra"), ("Featherstone", "Alexamdra")])
def test_swapped_boxes_are_seen_although_the_previous_name_is_right(first: str, last: str) -> None:
    stated = a_person(first_name=first, last_name=last, previous_last_names=("Okafor",))
    assert linked(outcome_of(replace(stated, trn=ALEX.trn), ALEX)) == ALEX.trn


def test_nobody_is_told_that_there_is_none_who_swaps_two_boxes_and_mistypes_the_day() -> None:
    stated = a_person(first_name="Featherstone", last_name="Alexandra", previous_last_names=("Okafor",))
    assert not isinstance(outcome_of(replace(stated, date_of_birth=date(1984, 5, 16)), ALEX), NoMatch)


def test_a_previous_name_does_not_make_another_first_name_a_swapped_one() -> None:
    twin = a_person(first_name="Ruth", previous_last_names=("Okafor",), trn=ALEX.trn)
    assert linked(outcome_of(twin, ALEX)) is None


@pytest.mark.parametrize("held", ["TN170584F", "TN 17 05 84 M", "OO999999D"])
def test_a_temporary_number_on_the_record_contradicts_nobody(held: str) -> None:
    record = a_record(nino=held)
    assert linked(outcome_of(a_person(nino="CE999999A"), record)) == record.trn


def test_a_misspelt_first_name_with_the_same_middle_and_last_name_is_near() -> None:
    andrea = a_record(first_name="Andrea")
    stated = a_person(andrea, first_name="Anclrea", middle_name="Rose", date_of_birth=date(1985, 5, 17))
    assert not isinstance(outcome_of(stated, andrea), NoMatch)
    assert isinstance(outcome_of(replace(stated, first_name="Ruth", middle_name="Ann"), andrea), NoMatch)


def test_a_last_name_typed_as_the_middle_name_too_is_no_other_middle_name() -> None:
    assert linked(outcome_of(a_person(middle_name="Featherstone"), ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(middle_name="Joan"), ALEX)) is None


@pytest.mark.parametrize(
    ("typed", "held", "held_middle"),
    [
        ("Mike (Michael)", "Michael", "Thomas"), ("Matthew aka Matt", "Matthew", "Anthony"),
        ("Thi Mai", "Mai", "Thi"), ("Mohammed Nadeem", "Nadeem", "Yaaseen"), ("M Javed", "Javed", ""),
        ("Ruth Ruth", "Ruth", "Joan"), ("SJ", "Sarah", "Jane"), ("S.J.", "Sarah", "Jane"), ("SM.", "Sarah", "Marie"),
        ("AE", "Alan", "Edward"), ("SA.", "Stephanie", "Amy"), ("CH.", "Cynthia", ""),
        ("Zow Denise", "Zoe", "Denise"), ("Km", "Kim", ""), ("KM", "Ka-Yan", "Marie"),
        ("Rebeccaanne", "Rebecca", "Anne"),
        ("Iaoming", "Xiaoming", ""), ("Ing-Sze", "Wing-Sze", ""), ("Mej-Yee", "Mei-Yee", ""),
    ],
)  # fmt: skip
def test_given_names_said_twice_or_in_another_order_are_linked_by_a_number(
    typed: str, held: str, held_middle: str
) -> None:
    record = a_record(first_name=held, middle_name=held_middle)
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held", "held_middle"),
    [
        ("Mohammed Ali", "Mohammed", "Imran"), ("Mohammed", "Mohammed Imran", ""), ("Abdul Karim", "Abdul", "Rahim"),
        ("Jo", "James", "Oliver"), ("SJ", "Sarah", "Marie"), ("AH", "Adrian", ""), ("Md", "Mark", "John"),
        ("Thi Mai", "Lan", "Thi"), ("M Javed", "Nadeem", "Asif"),
    ],
)  # fmt: skip
def test_what_brothers_and_sisters_share_makes_nobody_the_other_one(typed: str, held: str, held_middle: str) -> None:
    record = a_record(first_name=held, middle_name=held_middle)
    stated = a_person(record, first_name=typed, trn=record.trn)
    if typed == "Mohammed":  # he may well be Imran, and just not say so
        stated = replace(stated, middle_name="Ali")
    assert linked(outcome_of(stated, record)) is None


def test_a_national_insurance_number_in_the_box_of_the_trn_is_read_there() -> None:
    assert linked(outcome_of(a_person(trn=ALEX.nino, middle_name="Joan"), ALEX)) == ALEX.trn
    misplaced = prepare(a_person(trn="ab 12 34 56 c"), TODAY)
    assert (misplaced.trn, misplaced.nino, misplaced.misread) == ("", "AB123456", False)


def test_a_trn_in_the_box_of_the_national_insurance_number_is_no_evidence() -> None:
    """Neither limits nor the list of leaked numbers would know of it."""
    misplaced = prepare(a_person(nino=ALEX.trn), TODAY)
    assert (misplaced.trn, misplaced.nino, misplaced.misread) == ("", "", True)


def test_the_digits_of_a_national_insurance_number_are_nobody_s_trn() -> None:
    stated = prepare(a_person(trn="AB123456C", nino="CE999999A"), TODAY)
    assert (stated.trn, stated.nino, stated.misread) == ("", "CE999999", True)


@pytest.mark.parametrize(
    ("typed", "read"), [("RP 123456", "0123456"), ("TRN 123456", "0123456"), ("QTS123456", "0123456")]
)
def test_letters_before_a_short_trn_do_not_make_it_a_national_insurance_number(typed: str, read: str) -> None:
    stated = prepare(a_person(trn=typed), TODAY)
    assert (stated.trn, stated.nino) == (read, "")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("12S4567", "1254567"), ("1B34567", "1834567"), ("1234Z67", "1234267"), ("269378Z", "2693782"),
        ("B693782", "8693782"),
        ("5388454.0", "5388454"), ("9668221,00", "9668221"), ("1,234,000", "1234000"),
        ("12345S", "0012345"), ("S 123456", "0123456"), ("TRNS123456", "0123456"),
    ],
)  # fmt: skip
def test_letters_for_digits_and_signs_of_spreadsheets_are_read_in_a_trn(typed: str, read: str) -> None:
    number = normalise.trn(typed)
    assert number is not None
    assert number.value == read


def test_a_small_l_for_a_one_and_a_date_of_full_width_are_read() -> None:
    number = normalise.nino("CAl0782lB")
    assert number is not None
    assert number.value == "CA107821"
    assert normalise.read_date("１９８３－１２－２１") == date(1983, 12, 21)


@pytest.mark.parametrize("title", ["Mrs", "Ms.", "Dr"])
def test_a_title_alone_is_no_first_name(title: str) -> None:
    assert linked(outcome_of(a_person(first_name=title, trn=ALEX.trn), ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(first_name=title), ALEX)) is None
    assert not isinstance(outcome_of(a_person(first_name=title, last_name="Quigley"), ALEX), NoMatch)


@pytest.mark.parametrize("middle", ["N/A", "NA", "x", "none", "Nil", "no middle name", "None given", "unknown"])
def test_what_says_that_there_is_no_middle_name_is_none(middle: str) -> None:
    assert linked(outcome_of(a_person(middle_name=middle), ALEX)) == ALEX.trn


def test_na_is_a_middle_name_of_who_is_called_so() -> None:
    assert prepare(a_person(first_name="Na", middle_name="NA"), TODAY).middle.joined == "na"
    assert not prepare(a_person(middle_name="NA"), TODAY).middle


@pytest.mark.parametrize("title", ["Sister", "Fr", "Captain", "Lady"])
def test_a_rarer_title_is_a_title(title: str) -> None:
    assert linked(outcome_of(a_person(first_name=f"{title} Alexandra", trn=ALEX.trn), ALEX)) == ALEX.trn


PARTS_SHARED = [
    ("Rajpreet", "Harpreet"), ("Kulpreet", "Gurpreet"), ("Manvinder", "Balvinder"), ("Xiaofeng", "Xiaoming"),
    ("Jianyu", "Jianguo"), ("Guoping", "Guoqiang"), ("Ji-Won", "Ji-Woo"), ("Ka-Yin", "Ka-Yan"), ("Eun-Jin", "Eun-Ji"),
    ("Kei-Yan", "Ka-Yan"), ("Jun-Wah", "Kin-Wah"), ("Fai-Ling", "Wai-Ling"), ("Yin-Yin", "Ho-Yin"), ("Ji-Ji", "Ji-Woo"),
    ("Ping", "Wing-Yan"), ("Xiaoping", "Xiaoming"), ("Meiping", "Meiling"), ("Sukhpreet", "Jaspreet"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "held"), [*PARTS_SHARED, *((b, a) for a, b in PARTS_SHARED)])
def test_twins_whose_names_share_a_part_are_two_though_nobody_else_is_called_so(typed: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="")
    for stated in (a_person(record, first_name=typed), a_person(record, first_name=typed, trn=record.trn)):
        assert linked(outcome_of(stated, record)) is None
    assert not isinstance(outcome_of(a_person(record, first_name=typed), record), NoMatch)


@pytest.mark.parametrize(
    ("typed", "held"),
    [("Christohpre", "Christopher"), ("Jenniefr", "Jennifer"), ("Elizabteh", "Elizabeth"), ("Stephnaie", "Stephanie")],
)
def test_slips_in_a_long_name_are_slips(typed: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="")
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("Anna aria", "Anna Maria"), ("Amy-eLe", "Amy-Lee"), ("Jee-Young", "Ji-Young"), ("Gyung-Soo", "Kyung-Soo"),
        ("Joe-Anne", "Jo-Anne"), ("Georgia-LLee", "Georgia-Lee"), ("Amie-Lee", "Amy-Lee"), ("Marry-Jane", "Mary-Jane"),
    ],
)  # fmt: skip
def test_slips_in_one_of_two_given_names_are_slips(typed: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="")
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


def test_a_twin_whose_own_name_is_the_middle_name_of_both_is_another() -> None:
    lowri = a_record(first_name="Lowri", middle_name="Sian")
    stated = a_person(lowri, first_name="Sian", trn=lowri.trn)
    assert linked(outcome_of(replace(stated, middle_name="Sian"), lowri)) is None
    assert linked(outcome_of(stated, lowri)) == lowri.trn


def test_half_of_a_last_name_typed_as_the_middle_name_makes_nobody_his_brother() -> None:
    record = a_record(first_name="Mohammed", middle_name="Udarsh", last_name="Murthy Wood")
    stated = a_person(record, middle_name="Murthy", last_name="Wood", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn
    assert linked(outcome_of(replace(stated, middle_name="Ali"), record)) is None


@pytest.mark.parametrize("held", ["Mohammed", "Abdul"])
def test_what_brothers_share_is_no_first_name_that_agrees_beside_another_one(held: str) -> None:
    record = a_record(first_name=held, middle_name="Imran")
    stated = a_person(record, trn=record.trn)
    assert linked(outcome_of(replace(stated, middle_name="Ali"), record)) is None
    assert linked(outcome_of(replace(stated, middle_name="Imraan"), record)) == record.trn
    assert linked(outcome_of(stated, record)) == record.trn
    sarah = a_record(first_name="Sarah", middle_name="Jane")
    assert linked(outcome_of(a_person(sarah, middle_name="Louise", trn=sarah.trn), sarah)) == sarah.trn


def test_a_number_without_a_birthday_does_not_link_who_has_another_middle_name() -> None:
    stated = a_person(date_of_birth=None, trn=ALEX.trn)
    assert linked(outcome_of(stated, ALEX)) == ALEX.trn
    assert linked(outcome_of(replace(stated, middle_name="Joan"), ALEX)) is None
    assert linked(outcome_of(replace(stated, middle_name="Joan", date_of_birth=ALEX.date_of_birth), ALEX)) == ALEX.trn


@pytest.mark.parametrize(
    ("whole", "cut"),
    [("Balasubramanian", "Balasubraman"), ("Alexandra-Marie", "Alexandra-Ma"), ("Catherine Louise", "Catherine Lo")],
)
def test_a_name_for_which_there_was_no_room_is_that_name(whole: str, cut: str) -> None:
    for typed, held in ((whole, cut), (cut, whole)):
        record = a_record(first_name=held, middle_name="")
        few = [
            a_record(trn=f"300000{n}", first_name=typed, date_of_birth=date(1960 + n, 2, 3), nino="") for n in range(3)
        ]
        assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record, *few)) == record.trn


@pytest.mark.parametrize(
    ("typed", "held"), [("Constantina", "Constantin"), ("Christina", "Christ"), ("Eun-Jin", "Eun-Ji")]
)
def test_a_name_that_only_begins_another_is_not_cut(typed: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="")
    few = [a_record(trn=f"300000{n}", first_name=typed, date_of_birth=date(1960 + n, 2, 3), nino="") for n in range(3)]
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record, *few)) is None


def test_what_a_hyphen_ties_to_a_first_name_is_no_last_name_typed_there() -> None:
    yan = a_record(first_name="Ka-Yan", last_name="Ho", middle_name="")
    assert linked(outcome_of(a_person(yan, first_name="Ka-Ho", trn=yan.trn), yan)) is None
    assert linked(outcome_of(a_person(yan, first_name="Ka-Yan Ho", trn=yan.trn), yan)) == yan.trn
    assert prepare(a_person(first_name="Ali", last_name="Ali-Khan"), TODAY).lasts[0].tokens == ("ali", "khan")
    assert prepare(a_person(first_name="Ali", last_name="Ali Khan"), TODAY).lasts[0].tokens == ("khan",)


@pytest.mark.parametrize("last", ["Featherstone", "Featherstone-Okafor", "Romero Rodríguez"])
def test_a_whole_name_in_both_boxes_is_taken_apart(last: str) -> None:
    record = a_record(last_name=last, previous_last_names=())
    whole = f"Alexandra {last}"
    assert linked(outcome_of(a_person(first_name=whole, last_name=whole), record)) == record.trn
    assert not isinstance(outcome_of(a_person(first_name="Una Quigley", last_name="Una Quigley"), record), NoMatch)


def test_exactly_a_registered_name_born_another_day_of_the_year_is_not_nobody_s() -> None:
    sarah = a_record(first_name="Sarah", middle_name="Rose", last_name="Jones", previous_last_names=())
    stated = a_person(sarah, date_of_birth=date(1984, 11, 29))
    assert isinstance(outcome_of(stated), NoMatch)
    assert not isinstance(outcome_of(stated, sarah), NoMatch)
    assert isinstance(outcome_of(replace(stated, middle_name="Joan"), sarah), NoMatch)
    assert isinstance(outcome_of(replace(stated, nino="CE999999A"), sarah), NoMatch)


class OfMany(InMemoryRegister):
    """A register that says that it has many records, so that a number says as much as it does there."""

    @property
    def size(self) -> int:
        return 160_000


def among_many(person: PersonDetails, *records: TeachingRecord) -> MatchOutcome:
    return match(person, OfMany([*records, *strangers(300)]), Policy.LINKAGE, TODAY)


def test_a_closed_record_of_the_new_name_is_the_person_s_own() -> None:
    married = a_person(middle_name="Rose", last_name="Smith", trn=ALEX.trn)
    other = a_record(trn="3000001", middle_name="", last_name="Smith", previous_last_names=(), nino="", email="")
    closed, ruth = replace(other, status=RecordStatus.DEACTIVATED), a_record(first_name="Ruth")
    assert linked(among_many(married, ALEX, closed)) == ALEX.trn
    assert linked(among_many(married, ALEX, other)) is None
    assert linked(among_many(married, ruth, closed)) is None
    alex = a_record(first_name="Alex")
    assert Block.ANOTHER_FITS_EXACTLY in among_many(married, alex, closed).explanation.blocked_by


def test_a_record_whose_names_are_swapped_is_seen_although_it_knows_half_of_the_last_name() -> None:
    record = a_record(
        first_name="Featherstone-Okafor", last_name="Alexandra", previous_last_names=("Featherstone",), middle_name=""
    )
    stated = a_person(first_name="Alexandra", last_name="Featherstone-Okafor", trn=record.trn)
    assert linked(outcome_of(stated, record)) == record.trn


def test_a_first_name_misspelt_on_the_record_is_linked_by_a_number() -> None:
    satah = a_record(first_name="Satah", middle_name="")
    stated = a_person(satah, first_name="Sarah", trn=satah.trn)
    assert linked(among_many(stated, satah)) == satah.trn
    assert linked(among_many(replace(stated, trn=""), satah)) is None
    several = [
        replace(satah, trn=f"30000{n}", date_of_birth=date(1950 + n, 2, 3), nino="", email="") for n in range(10, 50)
    ]
    assert linked(among_many(stated, satah, *several)) is None, "some are called so"


@pytest.mark.parametrize("born", [date(1979, 5, 10), date(1980, 5, 9)])
def test_nobody_is_told_that_there_is_none_who_misses_the_day_or_year_by_one_and_mistypes_a_name(born: date) -> None:
    record = a_record(date_of_birth=date(1980, 5, 10), last_name="Sharma", previous_last_names=())
    many = [a_record(trn=f"300000{n}", first_name="Una", last_name="Brodie", nino="", email="") for n in range(9)]
    assert not isinstance(outcome_of(a_person(record, last_name="Sharmaa", date_of_birth=born), record, *many), NoMatch)
