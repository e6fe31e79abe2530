"""Absurd and hostile statements: whatever was typed, the lookup has an outcome that can be kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import date

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from identity_provider.adapters.dqt_api import DqtApi
from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import Unanswered
from identity_provider.models import Lookup
from identity_provider.services import kept_lookups, lookup_replay, lookups
from identity_provider.services.register_search import Occasion
from matching.records import PersonDetails, TeacherRegister
from tests.builders import NOW, a_record
from tests.kit import stand_ins
from tests.kit.registers import write_register

KATE = a_record()
NASTY = (
    "", " ", "\x00", "\x00Kate\x00", "\ud800", "\udfff\ud800", "K" * 200, "K" * 100_000, "1234567890",
    "\u202eetaK\u202c", "K\u0301" * 90, "👩🏽‍🏫", "'; DROP TABLE lookups; --", "<script>alert(1)</script>",
    "{{7*7}}", "%s%s%n", "../../etc", "\r\nX: y", "ﷺ" * 50, "İıſ", "ẞ", "\u2028", "-" * 50, "' ' '", "Mrs",
    "Mc", "O'", "de la", "ᴷᵃᵗᵉ", "Ｋａｔｅ", "Kate", "Bush", "NULL", "None",
)  # fmt: skip
DATES = (date(1, 1, 1), date(9999, 12, 31), date(1900, 1, 1), date(2026, 3, 2), date(2000, 2, 29), KATE.date_of_birth)

texts = st.sampled_from(NASTY) | st.text(max_size=60)
statements = st.builds(
    PersonDetails,
    first_name=texts,
    middle_name=texts,
    last_name=texts,
    previous_first_names=st.lists(texts, max_size=4).map(tuple),
    previous_last_names=st.lists(texts, max_size=4).map(tuple),
    date_of_birth=st.none() | st.sampled_from(DATES) | st.dates(),
    trn=texts | st.sampled_from(["1234567", "0000000", "٠١٢٣٤٥٦", "1" * 300, "²³⁴⁵⁶⁷⁸"]),
    nino=texts | st.sampled_from(["AB123456C", "QQ123456C", "ÄB123456C", "AB 12 34 56"]),
    email=texts | st.sampled_from(["kate@example.com", "@", "a@b", "kate@" + "x" * 300, "k\x00@b.com", "a@\ud800.com"]),
    email_verified=st.booleans(),
)  # fmt: skip


def outcome_that_can_be_kept(person: PersonDetails, register: TeacherRegister) -> Lookup:
    search = lookups.look_up(person, register, MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=NOW)
    assert not search.is_fault
    with transaction():
        kept = kept_lookups.keep(search, user_id=None, journey_id=None)
    row = db.session.get_one(Lookup, kept)
    assert row.outcome in ("match", "ambiguous", "not_determinable", "none", "unanswered")
    return row


# What is kept is deleted at the end; how long an example takes says more of the machine than of the example.
UNCHECKED = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@settings(max_examples=150, deadline=None, suppress_health_check=UNCHECKED)
@given(statements)
@example(PersonDetails())
@example(PersonDetails(first_name="\x00", last_name="\ud800", date_of_birth=date(1, 1, 1), trn="\x00", nino="\x00"))
def test_anything_typed_has_an_outcome_that_is_kept_and_replayed(
    app: Flask, register: MemoryRegister, person: PersonDetails
) -> None:
    register.records = [KATE]
    row = outcome_that_can_be_kept(person, register)
    assert row.outcome != "unanswered"
    found = lookup_replay.report(lookup_replay.replay([row.id], register))
    assert (found.replayed, found.changes) == (1, [])


@pytest.mark.parametrize(
    "field", [each.name for each in fields(PersonDetails) if each.type == "str" or each.type is str]
)
@pytest.mark.parametrize("typed", NASTY)
def test_one_hostile_answer_among_good_ones_is_borne(
    app: Flask, register: MemoryRegister, field: str, typed: str
) -> None:
    register.records = [KATE]
    good = {"first_name": "Kate", "last_name": "Bush", "date_of_birth": KATE.date_of_birth}
    assert outcome_that_can_be_kept(PersonDetails(**(good | {field: typed})), register).outcome != "unanswered"  # type: ignore[arg-type]  # a str for a str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DqtApi]:
    folder = tmp_path_factory.mktemp("hostile")
    file = write_register(folder / "register.csv", [KATE])
    with stand_ins.dqt_api(folder, file) as running:
        asked = DqtApi(running.url, stand_ins.DQT_API_KEY, seconds=120)
        yield asked
        asked.close()


@settings(max_examples=60, deadline=None, suppress_health_check=UNCHECKED)
@given(statements)
@example(PersonDetails(first_name="\x00", last_name="\ud800", date_of_birth=date(1, 1, 1), trn="\x00", nino="\x00"))
def test_the_api_is_asked_about_anything_typed_and_answers(app: Flask, api: DqtApi, person: PersonDetails) -> None:
    """No statement may make the API refuse us: a refusal would pass for a register that is down."""
    search = lookups.look_up(person, api, MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=NOW)
    assert not search.is_fault
    assert not isinstance(search.answer, Unanswered)


@pytest.mark.parametrize("typed", NASTY)
def test_the_api_bears_each_hostile_text(app: Flask, api: DqtApi, typed: str) -> None:
    person = PersonDetails(typed, typed, typed, (typed,), (typed,), KATE.date_of_birth, typed, typed, typed)
    search = lookups.look_up(person, api, MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=NOW)
    assert not search.is_fault
    assert not isinstance(search.answer, Unanswered), typed
