"""Signing out of GOV.UK One Login ends what it began here; a notice that does not hold ends nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db
from identity_provider.models import BrowserSession, OneLoginSession
from identity_provider.sandbox.one_login_people import SUBJECT
from tests.journeys.travel import Traveller
from tests.kit.one_login import OneLoginNearby
from tests.one_login.people import PHILIPPA, connected, philippa, set_out

SUB = SUBJECT.format("philippa")


@pytest.fixture
def person(app: Flask, one_login: OneLoginNearby, clock: ManualClock) -> Traveller:
    """Somebody whom One Login signed in."""
    philippa()
    connected(app, one_login)
    second = set_out(app, "s" * 43)
    one_login.go_through(second, "philippa")
    return second


def live_sessions() -> int:
    db.session.rollback()
    return db.session.query(BrowserSession).filter(BrowserSession.ended_at.is_(None)).count()


def told(app: Flask, token: str) -> int:
    with app.app_context():
        return app.test_client().post("/one-login/sign-out", data={"logout_token": token}).status_code


def test_every_session_that_it_began_ends(app: Flask, one_login: OneLoginNearby, person: Traveller) -> None:
    assert live_sessions() == 2
    assert told(app, one_login.tokens.logout_token(SUB)) == 200
    assert live_sessions() == 0
    assert person.get("/account/one-login").path == "/account/sign-in"


def test_where_it_names_its_session_only_that_ones_end(
    app: Flask, one_login: OneLoginNearby, person: Traveller
) -> None:
    db.session.rollback()
    sid = db.session.query(OneLoginSession).order_by(OneLoginSession.begun_at).all()[0].upstream_sid
    assert told(app, one_login.tokens.logout_token(SUB, sid=sid)) == 200
    assert live_sessions() == 1


def test_a_session_that_began_otherwise_stays(app: Flask, one_login: OneLoginNearby, person: Traveller) -> None:
    other = set_out(app, "o" * 43)
    other.prove(PHILIPPA)
    told(app, one_login.tokens.logout_token(SUB))
    assert live_sessions() == 1


def test_a_sign_out_is_believed_once(app: Flask, one_login: OneLoginNearby, person: Traveller) -> None:
    token = one_login.tokens.logout_token(SUB)
    assert told(app, token) == 200
    again = set_out(app, "a" * 43)
    one_login.go_through(again, "philippa")
    assert live_sessions() == 1
    assert told(app, token) == 400
    assert live_sessions() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://somebody.example/"},
        {"aud": "another-client"},
        {"aud": None},
        {"iat": 4_000_000_000},
        {"exp": 1},
        {"exp": None},
        {"events": {}},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": "yes"}},
        {"events": None},
        {"nonce": "n"},
        {"jti": None},
        {"sub": None},
    ],
    ids=str,
)
def test_a_notice_that_does_not_hold_ends_nothing(
    app: Flask, one_login: OneLoginNearby, person: Traveller, changes: dict[str, Any]
) -> None:
    assert told(app, one_login.tokens.logout_token(SUB, **changes)) == 400
    assert live_sessions() == 2


def test_what_was_never_a_notice_ends_nothing(
    app: Flask, one_login: OneLoginNearby, person: Traveller, clock: ManualClock
) -> None:
    good = one_login.tokens.logout_token(SUB)
    header, payload, _ = good.split(".")
    foreign = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    for token in ("", "x", "a.b.c", f"{header}.{payload}.", foreign, "." * 9_999):
        assert told(app, token) == 400, token[:20]
    clock.advance(timedelta(minutes=5))
    assert told(app, good) == 400, "expired by now"
    assert live_sessions() == 2


def test_while_one_login_is_down_a_notice_with_an_unknown_key_is_asked_for_again(
    app: Flask, one_login: OneLoginNearby, person: Traveller
) -> None:
    app.extensions["ports"].broker._jwks._kept = None
    one_login.misbehave("down")
    assert told(app, one_login.tokens.logout_token(SUB)) == 503
    assert live_sessions() == 2
