"""A day's traffic, with the worker's cleaning every hour: whatever it left behind is gone when its time has come."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider import jobs
from identity_provider.adapters.memory import ManualClock
from identity_provider.cli.worker import run
from identity_provider.db import db, transaction
from identity_provider.services import sign_in_codes
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

# Each table, how long after the day its last row may still be there, and how many rows the day itself may leave.
ROUNDS = 24
BOUNDS = {
    "rate_counters": (timedelta(days=1), 3 * ROUNDS),
    "used_assertions": (timedelta(hours=1), 0),
    "access_tokens": (timedelta(minutes=30), 3),
    "pushed_requests": (timedelta(minutes=30), 1),
    "code_challenges": (timedelta(days=8), ROUNDS),
    "journeys": (timedelta(days=9), ROUNDS),
    "authorization_requests": (timedelta(days=9), ROUNDS),
    "outbox_messages": (timedelta(days=31), ROUNDS),
    "browser_sessions": (timedelta(days=31), 2 * ROUNDS),
    "refresh_tokens": (timedelta(days=15), 2 * ROUNDS),
    "grants": (timedelta(days=91), 2 * ROUNDS),
    "procrastinate_jobs": (timedelta(), 0),
}


def rows(table: str) -> int:
    db.session.remove()
    return int(db.session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608 -- a name of this file


def clean() -> None:
    db.session.remove()
    jobs.remove_what_has_expired(0)


def an_hour(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    """One person signs in and their service refreshes; one gives up; one asks for a code; one guesses a secret."""
    person = a_user()
    asked = service.ask(scope="openid offline_access")
    answer = a_browser_of(app, person, now=clock.now()).get(asked.path)
    token = service.finish(answer.location, asked).token
    refreshed = service.token({"grant_type": "refresh_token", "refresh_token": token["refresh_token"]})
    assert refreshed.status == 200
    assert a_browser_of(app, person, now=clock.now()).get(service.ask(prompt="login").path).status_code == 303
    assert (
        service.authenticated(
            "/connect/par",
            {
                "response_type": "code",
                "redirect_uri": service.redirect_uri,
                "scope": "openid",
                "code_challenge": "x" * 43,
                "code_challenge_method": "S256",
            },
        ).status
        == 201
    )
    with transaction():
        challenge = sign_in_codes.challenge("sign_in", person.email, uuid4(), now=clock.now())
        sign_in_codes.send(challenge, now=clock.now(), words={"service_name": "Register for an NPQ"})
    service.http.call("POST", "/connect/token", {"client_id": service.client_id, "client_secret": "wrong"})


@pytest.fixture
def after_a_day(app: Flask, clock: ManualClock) -> ManualClock:
    """A day of 24 such hours has just ended, and the worker did its work at the end of each."""
    service = a_relying_party(app, scope="openid profile email")
    for _ in range(ROUNDS):
        an_hour(app, service, clock)
        db.session.remove()
        run(until_idle=True)
        clean()
        clock.advance(timedelta(hours=1))
    clean()
    return clock


def test_every_table_of_a_day_s_traffic_comes_back_to_nothing(after_a_day: ManualClock) -> None:
    end = after_a_day.now()
    left = {table: rows(table) for table in BOUNDS}
    assert [(table, left[table]) for table, (_, bound) in BOUNDS.items() if left[table] > bound] == []
    assert left["grants"] > 0
    assert left["browser_sessions"] > 0
    for table, (lifetime, _) in sorted(BOUNDS.items(), key=lambda each: each[1][0]):
        after_a_day.moment = end + lifetime
        clean()
        assert rows(table) == 0, (table, lifetime)


def test_a_job_that_failed_for_good_is_kept_for_a_month_and_no_longer(app: Flask, clock: ManualClock) -> None:
    with transaction():
        db.session.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)"
                " SELECT 'default', 'gone', CAST(state AS procrastinate_job_status), '{}'"
                " FROM unnest(ARRAY['failed', 'succeeded', 'todo']) state"
            )
        )
        db.session.execute(
            text(
                "INSERT INTO procrastinate_events (job_id, type, at) SELECT id, 'failed', :at FROM procrastinate_jobs"
            ),
            {"at": clock.now()},
        )
        db.session.execute(text("UPDATE procrastinate_events SET at = :at"), {"at": clock.now()})
    clean()
    assert rows("procrastinate_jobs") == 3
    clock.advance(timedelta(days=31))
    clean()
    assert rows("procrastinate_jobs") == 1  # what is still to be done stays
