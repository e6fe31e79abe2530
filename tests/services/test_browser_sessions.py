"""Sessions live on the server: the cookie's secret is recognised, ages, and is dead once ended."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from identity_provider.db import transaction
from identity_provider.models import BrowserSession, StaffUser, User
from identity_provider.services import browser_sessions
from identity_provider.services.browser_sessions import PERSON, STAFF
from tests.builders import NOW, a_staff_user, a_user


def begun(person: User | StaffUser) -> tuple[BrowserSession, str]:
    with transaction():
        return browser_sessions.begin(person, amr=["otp"], now=NOW)


def test_a_session_is_found_by_its_secret_which_is_not_stored(app: Flask) -> None:
    session, secret = begun(a_user())
    assert browser_sessions.find(secret, now=NOW) is session
    assert secret.encode() not in session.secret_hmac
    assert browser_sessions.find(secret[:-1] + "x", now=NOW) is None


def test_a_session_ends_without_use_and_in_any_case(app: Flask) -> None:
    session, secret = begun(a_user())
    assert browser_sessions.find(secret, now=NOW + PERSON.idle + timedelta(seconds=1)) is None
    session.last_seen_at = NOW + PERSON.absolute
    assert browser_sessions.find(secret, now=NOW + PERSON.absolute) is None


def test_staff_sessions_are_shorter(app: Flask) -> None:
    _, secret = begun(a_staff_user())
    assert browser_sessions.find(secret, now=NOW + STAFF.idle + timedelta(seconds=1)) is None


def test_proving_oneself_anew_changes_the_secret_and_kills_the_old_one(app: Flask) -> None:
    session, secret = begun(a_user())
    with transaction():
        anew = browser_sessions.authenticate_again(session, amr=["otp"], now=NOW + timedelta(minutes=5))
    assert browser_sessions.find(secret, now=NOW) is None
    found = browser_sessions.find(anew, now=NOW + timedelta(minutes=5))
    assert found is not None
    assert found.authenticated_at == NOW + timedelta(minutes=5)


def test_an_ended_session_is_dead_whoever_keeps_the_cookie(app: Flask) -> None:
    session, secret = begun(a_user())
    with transaction():
        browser_sessions.end(session, now=NOW)
    assert browser_sessions.find(secret, now=NOW) is None


def test_somebody_who_is_locked_or_disabled_is_out_at_once(app: Flask) -> None:
    user, staff = a_user(), a_staff_user()
    secrets = [begun(user)[1], begun(staff)[1]]
    with transaction():
        user.locked_at = NOW
        staff.disabled_at = NOW
    assert [browser_sessions.find(secret, now=NOW) for secret in secrets] == [None, None]


def test_signing_out_everywhere_ends_every_browser(app: Flask) -> None:
    user = a_user()
    secrets = [begun(user)[1] for _ in range(3)]
    with transaction():
        browser_sessions.end_all_of(user, now=NOW)
    assert [browser_sessions.find(secret, now=NOW) for secret in secrets] == [None] * 3
