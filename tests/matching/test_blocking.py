"""Keys: a record is found by every slip that the design names."""

from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity_provider.models.register_layout import IN_COLUMNS, stored_key, stored_keys, stored_keys_of_all
from identity_provider.sandbox.people import COLUMNS, generate_blocks
from identity_provider.sandbox.people_errors import ERRORS, DoesNotApplyError, Stated
from matching.batch import read_record
from matching.blocking import (
    counted_names,
    date_slips,
    keys_of_last_look,
    pair_year_keys,
    person_keys,
    record_keys,
    sound,
    trn_slips,
)
from matching.normalise import read_date
from matching.records import PersonDetails
from matching.statements import prepare
from tests.kit.people import ALEX, TODAY, a_person, a_record


def shared(person: PersonDetails) -> set[str]:
    return set(person_keys(prepare(person, TODAY), TODAY)) & set(record_keys(ALEX))


def test_keys_are_stable_text_that_a_register_may_store() -> None:
    assert record_keys(ALEX) == (
        "t:1234567",
        "n:AB123456",
        "e:alex.featherstone@example.com",
        "d:19840517",
        "l:19840517:1362",
        "l:19840517:a216",
        "f:19840517:a425",
        "y:1984:alexandra:featherstone",
        "y:1984:alexandra:okafor",
    )


@pytest.mark.parametrize(
    "stated",
    [
        {"last_name": "Somethingelse"},
        {"first_name": "Zoe", "last_name": "Somethingelse"},
        {"date_of_birth": date(1984, 5, 18), "first_name": "Zoe"},
        {"date_of_birth": date(1948, 5, 17), "last_name": "Somethingelse"},
        {"date_of_birth": date(1984, 9, 3)},
        {"date_of_birth": None},
        {"date_of_birth": None, "first_name": "", "last_name": "", "trn": "1234576"},
        {"date_of_birth": None, "first_name": "", "last_name": "", "nino": "ab123456"},
        {"date_of_birth": None, "first_name": "", "last_name": "", "email": "Alex.Featherstone@example.com"},
        {"first_name": "Featherstone", "last_name": "Alexandra", "date_of_birth": date(1984, 1, 1)},
    ],
)
def test_a_record_is_found_in_spite_of(stated: dict[str, Any]) -> None:
    person = a_person(**stated)
    assert shared(person)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("smith", "smyth"), ("hussain", "husein"), ("choudhry", "chowdhury"), ("read", "reid"),
        ("stephen", "steven"), ("philip", "fillip"), ("catherine", "kathryn"), ("shaikh", "sheikh"),
    ],
)  # fmt: skip
def test_names_that_sound_alike_have_one_sound(one: str, other: str) -> None:
    assert sound(one) == sound(other)


def test_date_slips_are_few_and_hold_the_design_s_kinds() -> None:
    slips = date_slips(1984, 5, 17)
    assert list(slips) == sorted(set(slips)), "where a cap holds, the order says who is found"
    assert len(slips) < 50
    assert {"19480517", "19840571"} & set(slips) == {"19480517"}
    assert {"19840518", "19840817", "19740517"} <= set(slips)
    assert "19840305" in date_slips(1984, 5, 3)
    assert "19791231" in date_slips(1980, 1, 1), "the day before"
    assert "19590517" in date_slips(1960, 5, 17), "the year before"


def test_every_trn_one_slip_away_is_asked_for() -> None:
    slips = trn_slips("1234567")
    assert len(slips) == 69
    assert {"1234576", "2134567", "1234568"} <= set(slips)


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{7}", fullmatch=True))
def test_trn_slips_are_symmetric(trn: str) -> None:
    assert all(trn in trn_slips(slip) for slip in trn_slips(trn))


@settings(deadline=None)
@given(st.dates(date(1930, 1, 1), date(2008, 1, 1)))
def test_a_date_slip_of_a_date_is_mostly_mutual(born: date) -> None:
    for slip in date_slips(born.year, born.month, born.day):
        back = date_slips(int(slip[:4]), int(slip[4:6]), int(slip[6:]))
        assert f"{born:%Y%m%d}" in back


def test_namesakes_are_counted_within_five_years() -> None:
    keys = pair_year_keys("alexandra", "featherstone", 1984)
    assert len(keys) == 11
    assert keys[0] == "y:1979:alexandra:featherstone"


def test_every_form_of_every_known_name_is_counted() -> None:
    record = a_record(last_name="Smith-Jones", previous_last_names=("O'Neil",))
    assert counted_names(record).last_names == ("smithjones", "smith", "jones", "oneil")


def test_a_person_with_a_date_and_a_trn_asks_for_few_hundred_keys() -> None:
    assert len(person_keys(prepare(a_person(trn="1234567"), TODAY), TODAY)) < 300


SYNTHETIC = next(generate_blocks(200, 3))


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_the_keys_find_nearly_everybody_who_misstates_themselves(name: str) -> None:
    """Recall of the design: 99.8 % given a date, whatever else is wrong; a name and a birthday at least."""
    rng, found, asked = Random(7), 0, 0  # noqa: S311 -- errors at random, no secrets
    for row in SYNTHETIC:
        record = read_record(dict(zip(COLUMNS, row, strict=True)))
        truth = Stated(row[1], row[2], row[3], "", row[5], row[4], "Quillfeather")
        try:
            said = ERRORS[name].change(truth, rng)
        except DoesNotApplyError:
            continue
        person = PersonDetails(said.first, said.middle, said.last, (), (said.previous,), read_date(said.born))
        asked += 1
        found += bool(set(person_keys(prepare(person, TODAY), TODAY)) & set(record_keys(record)))
    assert asked == 0 or found / asked >= (0.95 if name in {"married_typo", "two_errors", "typo_both"} else 0.99)


def test_a_record_without_a_birthday_is_found_by_how_its_names_sound() -> None:
    undated = a_record(date_of_birth=None, nino="", email="")
    person = a_person(first_name="Aleksandra", last_name="Fetherstone")
    assert set(person_keys(prepare(person, TODAY), TODAY)) & set(record_keys(undated)) == {"u:a425:1362"}


def test_the_keys_that_are_asked_for_are_a_sequence_of_text_without_any_twice() -> None:
    keys = person_keys(prepare(a_person(trn="1234567", nino="AB123456C", email=ALEX.email), TODAY), TODAY)
    listed = list(keys)
    assert len(listed) == len(set(listed)) == len(keys)
    assert (keys[0], keys[-1], keys[1:3]) == (listed[0], listed[-1], tuple(listed[1:3]))
    assert {key[0] for key in listed} == set("tnedlfyu")
    assert not list(person_keys(prepare(PersonDetails(), TODAY), TODAY))


@pytest.mark.parametrize(
    "stated", [a_person(trn="1234567"), a_person(date_of_birth=None), a_person(last_name="Okafor-Rose")]
)
def test_the_keys_of_many_days_and_years_are_made_together_as_each_is_by_itself(stated: PersonDetails) -> None:
    statement = prepare(stated, TODAY)
    for keys in (person_keys(statement, TODAY), keys_of_last_look(statement, TODAY)):
        each = list(keys)
        assert len(each) == len(set(each)) == len(keys)
        assert stored_keys(keys).tolist() == [stored_key(key) for key in each if key[0] not in IN_COLUMNS]


def test_keys_of_many_questions_are_made_together_as_those_of_each_are() -> None:
    people = [a_person(trn="1234567"), PersonDetails(), a_person(date_of_birth=None), a_person(last_name="Okafor-Rose")]
    asked: list[Sequence[str]] = [person_keys(prepare(person, TODAY), TODAY) for person in people]
    asked.append(("t:1234567", "n:AB123456"))
    numbers, whose = stored_keys_of_all(asked)
    for at, keys in enumerate(asked):
        assert sorted(numbers[whose == at].tolist()) == sorted(stored_keys(keys).tolist())
    assert len(numbers) == len(whose) == sum(len(stored_keys(keys)) for keys in asked)
