"""The audit shows when somebody with the keys of the database, and of nothing else, has been at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from identity_provider.db import db, transaction
from identity_provider.services import audit, audit_chain
from identity_provider.services.audit import SYSTEM, Subject
from tests.builders import NOW

FORGED = (
    "INSERT INTO audit_events (id, at, actor_type, actor_id, action, subject_type, subject_id, reason, before, after,"
    " request_id, recorded_at) SELECT gen_random_uuid(), at, actor_type, actor_id, 'forged', subject_type, subject_id,"
    " reason, before, after, request_id, {} FROM audit_events WHERE action = 'first'"
)


def record(action: str, *, minutes_ago: float = 60, times: int = 1) -> None:
    """Events that the database wrote down a while ago."""
    with transaction():
        for _ in range(times):
            audit.record(action, Subject("user", "1"), actor=SYSTEM, now=NOW, change=({"name": "é"}, {"name": "e"}))
        db.session.flush()
        with meddling():
            db.session.execute(
                text("UPDATE audit_events SET recorded_at = clock_timestamp() - :ago WHERE action = :action"),
                {"ago": timedelta(minutes=minutes_ago), "action": action},
            )


@contextmanager
def meddling() -> Iterator[None]:
    """What only a superuser can do: triggers and grants out of the way."""
    db.session.execute(text("SET LOCAL session_replication_role = replica"))
    yield
    db.session.execute(text("SET LOCAL session_replication_role = origin"))


def sealed(action: str, *, minutes_ago: float = 60, times: int = 1) -> None:
    """Such events, under a seal that reaches no further than half a minute after them."""
    record(action, minutes_ago=minutes_ago, times=times)
    with transaction():
        assert audit_chain.seal_what_has_settled(timedelta(minutes=minutes_ago - 0.5)) is not None


def tampered(statement: str) -> audit_chain.Verdict:
    with transaction(), meddling():
        db.session.execute(text(statement))
    return audit_chain.verify()


def test_what_settled_is_sealed_and_the_rest_is_counted(app: Flask) -> None:
    sealed("first", minutes_ago=60, times=3)
    sealed("second", minutes_ago=30)
    record("just_now", minutes_ago=1, times=2)
    verdict = audit_chain.verify()
    assert verdict.holds
    assert (verdict.seals, verdict.events, verdict.unsealed) == (2, 4, 2)


def test_there_is_nothing_to_seal_before_it_has_settled(app: Flask) -> None:
    record("just_now", minutes_ago=1)
    with transaction():
        assert audit_chain.seal_what_has_settled() is None
    record("long_ago", minutes_ago=60)
    with transaction():
        seal = audit_chain.seal_what_has_settled()
        assert seal is not None
        assert seal.events == 1
    with transaction():
        assert audit_chain.seal_what_has_settled() is None


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE audit_events SET reason = 'another' WHERE action = 'first'", "was changed"),
        ("UPDATE audit_events SET before = '{}' WHERE action = 'second'", "was changed"),
        ("UPDATE audit_events SET recorded_at = recorded_at + interval '1 ms' WHERE action = 'first'", "was changed"),
        ("DELETE FROM audit_events WHERE action = 'first'", "added or deleted"),
        (FORGED.format("recorded_at"), "added or deleted"),
        (FORGED.format("recorded_at - interval '1 day'"), "added before the first seal"),
        ("UPDATE audit_seals SET digest = '\\x00' WHERE number = 1", "was changed"),
        ("DELETE FROM audit_seals WHERE number = 1", "missing"),
        ("DELETE FROM audit_seals WHERE number = 2", "missing"),
    ],
)
def test_tampering_shows(app: Flask, statement: str, words: str) -> None:
    sealed("first", minutes_ago=90)
    sealed("second", minutes_ago=60)
    sealed("third", minutes_ago=30)
    assert audit_chain.verify().holds
    verdict = tampered(statement)
    assert not verdict.holds
    assert words in verdict.broken[0].reason


def test_a_chain_that_was_cut_short_has_another_head(app: Flask) -> None:
    sealed("first", minutes_ago=60)
    sealed("second", minutes_ago=30)
    head = audit_chain.verify().head
    assert tampered("DELETE FROM audit_seals WHERE number = 2").head != head


def test_events_go_after_six_years_and_the_chain_still_holds(app: Flask) -> None:
    sealed("old", minutes_ago=(audit_chain.KEPT + timedelta(days=400)).total_seconds() / 60)
    sealed("nearly", minutes_ago=(audit_chain.KEPT - timedelta(days=1)).total_seconds() / 60)
    sealed("new")
    with transaction():
        assert audit_chain.remove_what_is_too_old() == 1
    verdict = audit_chain.verify()
    assert verdict.holds
    assert verdict.events == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET reason = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "UPDATE audit_seals SET events = 0",
        "DELETE FROM audit_seals",
        "TRUNCATE audit_seals",
    ],
)
def test_the_database_refuses_what_is_not_adding(app: Flask, statement: str) -> None:
    sealed("first")
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(text(statement))


def test_the_owner_of_the_tables_has_no_right_to_change_them(app: Flask) -> None:
    held = db.session.execute(
        text(
            "SELECT privilege_type FROM aclexplode((SELECT relacl FROM pg_class WHERE oid = CAST(:table AS regclass)))"
            " WHERE grantee = (SELECT relowner FROM pg_class WHERE oid = CAST(:table AS regclass))"
        ),
        {"table": "audit_events"},
    ).scalars()
    assert set(held).isdisjoint({"UPDATE", "TRUNCATE"})
