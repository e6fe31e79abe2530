"""Stored lookups asked again: what would change is told, and nothing is written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.models import Lookup
from identity_provider.services import kept_lookups, lookup_replay, lookups
from identity_provider.services.lookup_replay import Report
from identity_provider.services.register_search import Occasion, asked_json, asked_person
from matching.records import PersonDetails, RecordStatus
from matching.weights import VERSION
from tests.builders import NOW, a_record

KATE = PersonDetails(
    first_name="Kate",
    last_name="Bush",
    previous_last_names=("Bishop",),
    date_of_birth=date(1985, 3, 4),
    nino="AB123456C",
)


def kept(person: PersonDetails, register: MemoryRegister, *, days_ago: int = 0) -> Lookup:
    at = NOW - timedelta(days=days_ago)
    search = lookups.look_up(person, register, MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=at)
    with transaction():
        lookup_id = kept_lookups.keep(search, user_id=None, journey_id=None)
        return db.session.get_one(Lookup, lookup_id)


def replayed(register: MemoryRegister, limit: int | None = None) -> Report:
    return lookup_replay.report(lookup_replay.replay(lookup_replay.chosen(None, limit), register))


def test_nothing_changes_while_nothing_changed(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    kept(KATE, register)
    kept(replace(KATE, first_name="Zenobia", last_name="Winterbourne", nino=""), register)
    found = replayed(register)
    assert (found.replayed, found.changes, found.grave) == (2, [], 0)
    assert found.versions == {VERSION: 2}


def test_a_link_that_is_lost_is_grave_and_one_that_is_gained_is_not(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    lost = kept(KATE, register)
    gained = kept(replace(KATE, first_name="Aloysius", nino="CE654321A"), register)
    register.records = [
        a_record(status=RecordStatus.DEACTIVATED),
        a_record("7654321", first_name="Aloysius", nino="CE654321A"),
    ]
    found = replayed(register)
    kinds = {each.lookup_id: each.kind for each in found.changes}
    assert kinds == {lost.id: "match -> not_determinable", gained.id: f"{gained.outcome} -> match"}
    assert found.grave == 1


def test_a_link_to_another_record_is_a_change(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    kept(KATE, register)
    register.records = [a_record("7654321")]
    (change,) = replayed(register).changes
    assert change.kind == "match -> match (another record)"
    assert change.is_grave


def test_the_day_and_the_policy_are_those_of_the_lookup(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    search = lookups.look_up(KATE, register, MatchPolicy.STRICT, occasion=Occasion.JOURNEY, now=NOW)
    with transaction():
        row = db.session.get_one(Lookup, kept_lookups.keep(search, user_id=None, journey_id=None))
    assert row.outcome != "match"
    assert replayed(register).changes == []


def test_what_one_login_proved_is_replayed_as_proved(app: Flask, register: MemoryRegister) -> None:
    """Name and birthday are enough then, and only then; lookups of before that was noted say it by their policy."""
    register.records = [a_record()]
    told: dict[str, Any] = {"occasion": Occasion.ONE_LOGIN, "now": NOW, "proved": True}
    for asked in (replace(KATE, nino="", previous_last_names=()), replace(KATE, last_name="Bishop")):
        search = lookups.look_up(asked, register, MatchPolicy.DEFAULT, **told)
        with transaction():
            kept_lookups.keep(search, user_id=None, journey_id=None)
    rows = db.session.scalars(select(Lookup)).all()
    assert {each.explanation["proved"] for each in rows} == {True}
    assert "match" in {each.outcome for each in rows}
    assert (replayed(register).changes, replayed(register).grave) == ([], 0)
    with transaction():
        for each in rows:
            row = db.session.get_one(Lookup, each.id)
            row.explanation = {name: fact for name, fact in row.explanation.items() if name != "proved"}
    assert replayed(register).grave == 0


def test_a_register_that_is_being_loaded_is_no_answer(app: Flask, register: MemoryRegister) -> None:
    """Nobody is told that links would be lost because nothing was there to find."""
    register.records = [a_record()]
    kept(KATE, register)
    register.records = []
    with pytest.raises(RegisterUnavailable):
        replayed(register)


def test_what_was_never_answered_or_cannot_be_read_is_counted_apart(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    row = kept(KATE, register)
    register.down = True
    kept(KATE, register)
    register.down = False
    with transaction():
        db.session.execute(update(Lookup).where(Lookup.id == row.id).values(asked_encrypted=b"spoilt" * 8))
    found = replayed(register)
    assert (found.replayed, found.unanswered, found.unread) == (0, 1, 1)


def test_the_newest_are_replayed_first_and_only_so_many_and_only_so_old(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    rows = [kept(KATE, register, days_ago=days) for days in (3, 0, 1)]
    newest = [rows[1].id, rows[2].id, rows[0].id]
    assert lookup_replay.chosen(None, None) == newest
    assert lookup_replay.chosen(None, 2) == newest[:2]
    assert lookup_replay.chosen(NOW - timedelta(days=2), None) == newest[:2]


def test_a_replay_writes_nothing(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    row = kept(KATE, register)
    before = (row.outcome, row.at, row.weights_version, dict(row.explanation))
    register.records = [a_record("7654321", last_name="Quill")]
    assert replayed(register).grave == 1
    (after,) = db.session.scalars(select(Lookup)).all()
    assert (after.outcome, after.at, after.weights_version, dict(after.explanation)) == before


def test_a_register_that_is_silent_is_no_answer(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    kept(KATE, register)
    register.down = True
    with pytest.raises(RegisterUnavailable):
        replayed(register)


def test_every_lookup_is_kept_with_its_explanation_and_versions(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    row = kept(KATE, register)
    assert (row.weights_version, row.policy) == (VERSION, "Default")
    assert row.explanation["weights_version"] == VERSION
    assert row.explanation["candidates"][0]["fields"]


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        PersonDetails,
        first_name=st.text(max_size=20),
        last_name=st.text(max_size=20),
        previous_last_names=st.tuples() | st.tuples(st.text(max_size=9), st.text(max_size=9)),
        date_of_birth=st.none() | st.dates(),
        nino=st.text(max_size=12),
        email_verified=st.booleans(),
    )
)
def test_what_was_asked_is_read_back_as_it_was(person: PersonDetails) -> None:
    assert asked_person(asked_json(person)) == person


@pytest.mark.parametrize("missing", ["previous_first_names", "email_verified", "date_of_birth"])
def test_what_an_older_version_kept_is_read_too(missing: str) -> None:
    facts: dict[str, Any] = json.loads(asked_json(KATE))
    del facts[missing]
    assert asked_person(json.dumps(facts | {"gone": 1})).first_name == "Kate"
