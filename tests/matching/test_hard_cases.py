"""People who are hard to tell apart or hard to recognise: each of these was once decided wrongly."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching import normalise
from matching.comparisons import Field, Level
from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, PotentialMatches, Reason
from matching.records import RecordStatus
from matching.statements import prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record, outcome_of, strangers


def linked(outcome: MatchOutcome) -> str | None:
    return outcome.record.trn if isinstance(outcome, DefiniteMatch) else None


@pytest.mark.parametrize("twin", ["Julian", "Juliana", "Julius"])
def test_a_twin_of_a_like_name_is_not_linked_by_the_trn_of_the_other(twin: str) -> None:
    bearers = [
        a_record(trn=f"300000{n}", first_name=twin, last_name="Hughes", date_of_birth=date(1960 + n, 2, 3), nino="")
        for n in range(5)
    ]
    julie = a_record(first_name="Julie", middle_name="")
    outcome = outcome_of(a_person(julie, first_name=twin, trn=julie.trn), julie, *bearers)
    assert linked(outcome) is None


def test_a_misspelling_that_nobody_is_called_is_still_linked_by_the_trn() -> None:
    assert linked(outcome_of(a_person(first_name="Alxandrea", trn=ALEX.trn), ALEX)) == ALEX.trn


def test_brother_and_sister_are_two_though_their_names_differ_in_one_letter() -> None:
    paul = a_record(first_name="Paul", middle_name="")
    assert linked(outcome_of(a_person(paul, first_name="Paula", trn=paul.trn), paul)) is None
    assert linked(outcome_of(a_person(paul, first_name="Paula"), paul)) is None


LIKE_NAMES = [
    ("Emma", "Emily"), ("Amir", "Amira"), ("Karim", "Karima"), ("Nadir", "Nadira"), ("Jamil", "Jamila"),
    ("Jamil", "Jamilah"), ("Theodore", "Theodora"), ("Fernando", "Fernanda"), ("Louise", "Lewis"), ("Louise", "Louis"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "held"), [*LIKE_NAMES, *((b, a) for a, b in LIKE_NAMES)])
def test_brothers_and_sisters_of_like_names_are_not_linked_by_the_trn_of_the_other(typed: str, held: str) -> None:
    sibling = a_record(first_name=held, middle_name="")
    few = [
        a_record(trn=f"300000{n}{m}"[-7:], first_name=name, date_of_birth=date(1960 + n, 2, 3), nino="")
        for n in range(3)
        for m, name in enumerate((typed, held))
    ]
    stated = a_person(sibling, first_name=typed, trn=sibling.trn)
    assert linked(outcome_of(stated, sibling, *few)) is None


@pytest.mark.parametrize(
    ("typed", "held"), [("Alic", "Alice"), ("Victori", "Victoria"), ("Anna", "Ann"), ("Nicolaa", "Nicola")]
)
def test_an_ending_left_out_is_still_a_slip_where_nobody_is_called_so(typed: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="")
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


def test_a_short_form_that_is_also_another_person_s_name_is_believed_with_the_same_middle_name() -> None:
    emily = a_record(first_name="Emily", middle_name="Louise")
    stated = a_person(emily, first_name="Emma", nino=emily.nino)
    assert linked(outcome_of(stated, emily)) is None
    assert linked(outcome_of(replace(stated, middle_name="Louise"), emily)) == emily.trn


def test_another_name_is_believed_with_both_numbers_only() -> None:
    """Nothing else is one's own in a family: neither a number by itself nor an address, which both of them read."""
    emily = a_record(first_name="Emily", middle_name="")
    stated = a_person(emily, first_name="Emma", email=emily.email)
    assert linked(outcome_of(replace(stated, trn=emily.trn), emily)) is None
    assert linked(outcome_of(replace(stated, nino=emily.nino), emily)) is None
    assert linked(outcome_of(replace(stated, trn=emily.trn, nino=emily.nino), emily)) == emily.trn
    assert linked(outcome_of(replace(stated, trn=emily.trn, nino="CE654321A"), emily)) is None


@pytest.mark.parametrize(("first", "sibling"), [("Amir", "Amira"), ("Laura", "Lara"), ("Theodore", "Theodora")])
def test_a_middle_name_that_a_family_shares_makes_no_other_first_name_theirs(first: str, sibling: str) -> None:
    record = a_record(first_name=first, middle_name="Kaur")
    stated = a_person(record, first_name=sibling, middle_name="Kaur", trn=record.trn)
    assert linked(outcome_of(stated, record)) is None
    assert linked(outcome_of(replace(stated, last_name="Guilfoyle"), record)) is None


def test_a_middle_name_used_as_the_first_is_known_although_it_is_like_the_first() -> None:
    jemma = a_record(first_name="Jemma", middle_name="Emma")
    assert linked(outcome_of(a_person(jemma, first_name="Emma", trn=jemma.trn), jemma)) == jemma.trn


@pytest.mark.parametrize(
    ("held", "typed"),
    [("Kathleen", "Catherine"), ("Kathleen", "Catherine Ann"), ("Eileen", "Helen")],
)
def test_forms_that_are_often_two_people_s_link_by_a_number_only(held: str, typed: str) -> None:
    record = a_record(first_name=held, middle_name="")
    stated = a_person(record, first_name=typed)
    assert linked(outcome_of(stated, record)) is None
    assert linked(outcome_of(replace(stated, trn=record.trn), record)) == record.trn


def test_somebody_else_of_exactly_this_name_and_birthday_is_no_obstacle_to_a_number_with_the_same_names() -> None:
    molly = a_record(first_name="Molly", middle_name="Lynda")
    lynda = a_record(trn="7654321", first_name="Lynda", middle_name="", nino="", email="")
    stated = a_person(molly, first_name="Lynda", middle_name="Molly", trn=molly.trn)
    assert linked(outcome_of(stated, molly, lynda)) == molly.trn
    assert linked(outcome_of(replace(stated, middle_name=""), molly, lynda)) is None


def test_the_number_of_a_namesake_of_nearly_one_s_birthday_does_not_outweigh_one_s_own_record() -> None:
    """Whoever looks a number up by the name finds the other's."""
    mine = a_record(trn="7654321", date_of_birth=date(1984, 3, 12), nino="", email="")
    other = a_record(date_of_birth=date(1984, 3, 13))
    stated = a_person(other, date_of_birth=mine.date_of_birth, trn=other.trn)
    assert linked(outcome_of(stated, mine, other)) is None


def test_names_of_which_one_more_is_shared_are_not_the_same_names_in_another_order() -> None:
    mine = a_record(trn="7654321", first_name="Preet", middle_name="Kaur", nino="", email="")
    other = a_record(first_name="Simran", middle_name="Preet Kaur")
    stated = a_person(mine, trn=other.trn, middle_name="Kaur")
    assert linked(outcome_of(stated, mine, other)) is None


def test_a_merged_record_that_resembles_little_still_contradicts_a_link_to_its_survivor() -> None:
    mine = a_record(nino="", email="")
    merged = a_record(
        trn="7654321", last_name="Quill", previous_last_names=(), date_of_birth=date(1984, 5, 18), nino="CE654321A",
        status=RecordStatus.MERGED, merged_into=mine.trn,
    )  # fmt: skip
    stated = a_person(mine, nino="AB123456C")
    assert linked(outcome_of(replace(stated, nino=""), mine, merged)) == mine.trn
    assert linked(outcome_of(stated, mine, merged)) is None


def test_a_true_previous_name_that_the_record_knows_never_lowers_the_weight() -> None:
    record = a_record(last_name="Jones", previous_last_names=("Walsh",))
    alone = outcome_of(a_person(record), record, *strangers(500))
    both = outcome_of(a_person(record, previous_last_names=("Walsh",)), record, *strangers(500))
    assert both.candidates[0].weight >= alone.candidates[0].weight - 1e-9


@pytest.mark.parametrize("again", ["Smith", "SmithJones", "Jones Smith", "smith-jones"])
def test_a_part_of_a_name_or_another_way_to_write_it_is_not_one_more(again: str) -> None:
    stated = prepare(a_person(last_name="Smith-Jones", previous_last_names=(again,)), TODAY)
    assert stated.last_names_stated == 1


def test_names_and_a_birthday_do_not_link_who_states_another_middle_name() -> None:
    record = a_record(middle_name="Amber")
    assert linked(outcome_of(a_person(record, middle_name="Susan"), record)) is None
    assert linked(outcome_of(a_person(record, middle_name="Susan", trn=record.trn), record)) == record.trn


def test_beside_a_record_of_exactly_this_name_one_that_resembles_it_is_no_obstacle() -> None:
    """The other is as likely as its posterior says; of two that only resemble, neither is linked."""
    whole = a_record(first_name="Laura", last_name="Smith-Mitchell", previous_last_names=(), middle_name="")
    half = a_record(trn="7654321", first_name="Laura", last_name="Smith", previous_last_names=(), nino="", email="")
    stated = a_person(whole)
    many = [replace(each, last_name="Smith") for each in strangers(5_000)]
    assert linked(outcome_of(stated, whole, half, *many)) == whole.trn
    assert linked(outcome_of(replace(stated, last_name="Smyth"), whole, half, *many)) is None


@pytest.mark.parametrize("first", ["Alexnadra", "Sandra", "A", "Alexan"])
@pytest.mark.parametrize("contradiction", [{"nino": "CE654321A"}, {"middle_name": "Philippa"}])
def test_a_trn_with_another_number_or_middle_name_and_not_this_first_name_is_perhaps_a_twin_s(
    first: str, contradiction: dict[str, Any]
) -> None:
    stated = a_person(first_name=first, trn=ALEX.trn)
    assert linked(outcome_of(stated, ALEX)) == ALEX.trn
    assert linked(outcome_of(replace(stated, **contradiction), ALEX)) is None
    exactly = replace(stated, first_name=ALEX.first_name)
    assert linked(outcome_of(replace(exactly, **contradiction), ALEX)) == ALEX.trn


def test_a_name_that_somebody_is_known_by_does_not_make_her_a_twin() -> None:
    assert linked(outcome_of(a_person(first_name="Alexandra (Bobbie)", trn=ALEX.trn), ALEX)) == ALEX.trn


def test_both_numbers_outweigh_a_first_name_that_is_another_s() -> None:
    paul = a_record(first_name="Paul", middle_name="")
    stated = a_person(paul, first_name="Paula", trn=paul.trn, nino=paul.nino)
    assert linked(outcome_of(stated, paul)) == paul.trn


@pytest.mark.parametrize("typed", ["TN170584F", "TN 17 05 84 M", "OO999999D"])
def test_a_temporary_national_insurance_number_contradicts_nobody(typed: str) -> None:
    assert linked(outcome_of(a_person(nino=typed), ALEX)) == ALEX.trn


def test_a_number_that_could_be_somebody_s_does_contradict() -> None:
    assert linked(outcome_of(a_person(nino="CE999999A"), ALEX)) is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [("I0O4567", "1004567"), ("12O4567", "1204567"), ("RP l2/34567", "1234567"), ("no 1234567", "1234567"),
     ("123456", "0123456"), ("Trn No 1204567", "1204567")],
)  # fmt: skip
def test_letters_among_the_digits_of_a_trn_are_digits(typed: str, read: str) -> None:
    number = normalise.trn(typed)
    assert number is not None
    assert number.value == read


def test_letters_among_the_digits_of_a_national_insurance_number_are_digits() -> None:
    number = normalise.nino("AB I2 34 5O C")
    assert number is not None
    assert number.value == "AB123450"


def test_letters_of_another_script_that_look_the_same_are_the_same() -> None:
    assert linked(outcome_of(a_person(first_name="Аlехаndrа", last_name="Fеаthеrstоnе"), ALEX)) == ALEX.trn


@pytest.mark.parametrize("name", ["李明", "Олександра Ткаченко", "محمد"])
def test_names_in_another_script_are_never_said_to_be_in_no_record(name: str) -> None:
    outcome = outcome_of(a_person(first_name=name, last_name=name, date_of_birth=date(1971, 2, 3)), ALEX)
    assert isinstance(outcome, PotentialMatches)
    assert outcome.reason is Reason.TOO_LITTLE_GIVEN


@pytest.mark.parametrize(
    ("first", "last", "typed_first", "typed_last"),
    [
        ("Sara", "Horvat", "Сара", "Хорват"),
        ("Vera", "Horvat", "Вера", "Хорват"),
        ("Sara", "Nanov", "Сара", "Нанов"),
        ("Nonna", "Vekova", "Нонна", "Векова"),
        ("Ioanna", "Kontou", "Ιοαννα", "Κοντου"),
    ],
)
def test_a_name_wholly_of_look_alike_letters_is_in_another_script(
    first: str, last: str, typed_first: str, typed_last: str
) -> None:
    record = a_record(first_name=first, last_name=last)
    stated = a_person(first_name=typed_first, last_name=typed_last, nino="", trn="", email="")
    assert normalise.given_name(typed_first).joined == normalise.fold(typed_first)
    assert not normalise.given_name(typed_first).joined.isascii()
    assert isinstance(outcome_of(stated, record), PotentialMatches)


@pytest.mark.parametrize("unseen", ["\u200b", "\u200e", "\u202e", "\u2060", "\u00ad"])
def test_signs_that_cannot_be_seen_are_not_there(unseen: str) -> None:
    assert normalise.family_name(f"Feather{unseen}stone").joined == "featherstone"


def test_the_year_of_today_is_no_year_of_birth() -> None:
    outcome = outcome_of(a_person(date_of_birth=date(2026, 5, 17)), ALEX)
    assert isinstance(outcome, PotentialMatches)
    assert normalise.birth_date(date(2012, 5, 17), TODAY) is None
    assert normalise.birth_date(date(2010, 5, 17), TODAY) is not None


@pytest.mark.parametrize(
    ("first", "last"),
    [("Featherstona", "Alexandra"), ("Featherstone", "Alexandar"), ("Fetherstonee", "Alexandra")],
)
def test_swapped_names_are_seen_when_one_of_them_is_misspelt_too(first: str, last: str) -> None:
    stated = a_person(first_name=first, last_name=last)
    assert not isinstance(outcome_of(stated, ALEX), NoMatch)
    assert linked(outcome_of(a_person(first_name=first, last_name=last, trn=ALEX.trn), ALEX)) == ALEX.trn


@pytest.mark.parametrize(("first", "last"), [("Brown", "Alexandra"), ("Featherstone", "Agnes"), ("Okafor", "Agnes")])
def test_somebody_newly_married_who_swaps_the_boxes_is_not_said_to_be_nobody(first: str, last: str) -> None:
    outcome = outcome_of(a_person(first_name=first, last_name=last), ALEX)
    assert isinstance(outcome, PotentialMatches)
    assert outcome.reason is Reason.NEAR_MATCH


def test_theodora_is_not_theodore_where_the_register_has_neither() -> None:
    theodore = a_record(first_name="Theodore", middle_name="")
    stated = a_person(theodore, first_name="Theodora", trn=theodore.trn)
    assert linked(outcome_of(stated, theodore)) is None


@pytest.mark.parametrize(
    ("first", "last"), [("Alexandra Featherstone", "Featherstone"), ("Alexandra", "Alexandra Featherstone")]
)
def test_a_whole_name_in_one_of_two_boxes_is_taken_apart(first: str, last: str) -> None:
    outcome = outcome_of(a_person(first_name=first, last_name=last), ALEX)
    assert linked(outcome) == ALEX.trn
    assert isinstance(outcome, DefiniteMatch)
    assert outcome.candidate.level(Field.FIRST_NAME) is outcome.candidate.level(Field.LAST_NAME) is Level.SAME


def test_a_record_merged_twice_is_followed_to_the_last() -> None:
    first = a_record(trn="2000001", status=RecordStatus.MERGED, merged_into="2000002", nino="")
    second = a_record(trn="2000002", status=RecordStatus.MERGED, merged_into=ALEX.trn, nino="")
    assert linked(outcome_of(a_person(), first, second, ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(trn="2000002"), first, second, ALEX)) == ALEX.trn


def test_records_merged_in_a_ring_are_linked_to_nobody() -> None:
    one = a_record(trn="2000001", status=RecordStatus.MERGED, merged_into="2000002")
    other = a_record(trn="2000002", status=RecordStatus.MERGED, merged_into="2000001")
    assert linked(outcome_of(a_person(trn="2000001"), one, other)) is None


def test_a_rare_name_is_near_although_the_birthday_is_wholly_different() -> None:
    outcome = outcome_of(a_person(date_of_birth=date(1979, 11, 2)), ALEX)
    assert isinstance(outcome, PotentialMatches)
    assert outcome.reason is Reason.NEAR_MATCH


@pytest.mark.parametrize(
    ("stated", "held"), [(date(1984, 1, 31), date(1984, 2, 1)), (date(1983, 12, 31), date(1984, 1, 1))]
)
def test_the_day_before_or_after_is_near(stated: date, held: date) -> None:
    smith = a_record(first_name="Sarah", last_name="Jones", date_of_birth=held)
    assert not isinstance(outcome_of(a_person(smith, date_of_birth=stated), smith), NoMatch)


@pytest.mark.parametrize(
    "changes", [{"first_name": "Oleksandra"}, {"first_name": "Aleksandra"}, {"first_name": "Alexandr", "trn": ALEX.trn}]
)
def test_names_from_other_alphabets_have_many_spellings(changes: dict[str, Any]) -> None:
    assert linked(outcome_of(a_person(**changes), ALEX)) == ALEX.trn


def test_a_closed_record_with_the_same_number_is_no_rival_of_the_open_one() -> None:
    closed = a_record(trn="1000001", status=RecordStatus.DEACTIVATED)
    assert linked(outcome_of(a_person(nino=ALEX.nino), closed, ALEX)) == ALEX.trn
    assert linked(outcome_of(a_person(nino=ALEX.nino, trn=closed.trn), closed, ALEX)) is None


def test_two_open_records_with_the_same_number_stay_rivals() -> None:
    other = a_record(trn="1000001")
    assert linked(outcome_of(a_person(nino=ALEX.nino), other, ALEX)) is None


def test_a_number_without_a_birthday_does_not_link_a_name_that_is_often_a_relative_s() -> None:
    nicola = a_record(first_name="Nicola", middle_name="")
    assert linked(outcome_of(a_person(nicola, first_name="Nicole", trn=nicola.trn), nicola)) == nicola.trn
    assert linked(outcome_of(a_person(nicola, first_name="Nicole", trn=nicola.trn, date_of_birth=None), nicola)) is None


@pytest.mark.parametrize(("bearers", "expected"), [(1, ALEX.trn), (6, None)])
def test_a_slip_that_is_hardly_likelier_than_chance_is_another_name(bearers: int, expected: str | None) -> None:
    mairtin = a_record(first_name="Maurtin", middle_name="")
    martins = [
        a_record(trn=f"300000{n}", first_name="Martin", last_name="Hughes", date_of_birth=date(1960 + n, 2, 3), nino="")
        for n in range(bearers)
    ]
    assert linked(outcome_of(a_person(mairtin, first_name="Martin"), mairtin, *martins)) == expected


@pytest.mark.parametrize(("middle", "expected"), [("Carole", ALEX.trn), ("", None), ("Patricia", None)])
def test_a_namesake_of_another_middle_name_is_not_exactly_named(middle: str, expected: str | None) -> None:
    lori = a_record(first_name="Lori", middle_name="Carole")
    other = replace(lori, trn="2000001", middle_name="Patricia", nino="", email="", date_of_birth=date(1985, 5, 17))
    stated = a_person(lori, trn=lori.trn, middle_name=middle, date_of_birth=other.date_of_birth)
    assert linked(outcome_of(stated, lori, other)) == expected


def test_an_initial_may_be_that_of_a_further_middle_name() -> None:
    anna = a_record(first_name="Anna", middle_name="Maria Linda")
    assert linked(outcome_of(a_person(anna, first_name="A.", middle_name="L", trn=anna.trn), anna)) == anna.trn
    assert linked(outcome_of(a_person(anna, first_name="A.", middle_name="K", trn=anna.trn), anna)) is None


def test_whoever_writes_one_name_with_look_alikes_does_so_with_the_other() -> None:
    tia = a_record(first_name="Tia", last_name="Atkinson", middle_name="")
    assert linked(outcome_of(a_person(tia, first_name="Тіа", last_name="Аtkіnsоn", trn=tia.trn), tia)) == tia.trn
    assert linked(outcome_of(a_person(tia, first_name="Tіa", last_name="Аткіnsоn", trn=tia.trn), tia)) == tia.trn
    assert not prepare(a_person(tia, first_name="Тіа"), TODAY).firsts[0].joined.isascii()


@pytest.mark.parametrize("bearers", [2, 6])
@pytest.mark.parametrize("born", [ALEX.date_of_birth, date(1985, 5, 17)])
def test_nobody_is_told_that_there_is_none_for_a_slip_and_the_number_of_another(bearers: int, born: date) -> None:
    mairtin = a_record(first_name="Mairtin", middle_name="", email="")
    martins = [
        a_record(trn=f"300000{n}", first_name="Martin", last_name="Hughes", date_of_birth=date(1960 + n, 2, 3), nino="")
        for n in range(bearers)
    ]
    stated = a_person(mairtin, first_name="Martin", nino="CE654321A", date_of_birth=born)
    assert isinstance(outcome_of(stated, mairtin, *martins), PotentialMatches)


def test_that_look_alikes_are_not_found_does_not_say_that_there_is_none() -> None:
    sara = a_record(first_name="Sara", last_name="Atkinson", middle_name="", nino="", email="")
    stated = a_person(sara, first_name="Сара", last_name="Аtkinson", date_of_birth=date(1985, 5, 17))
    assert not isinstance(outcome_of(stated, sara), NoMatch)
