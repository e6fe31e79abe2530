"""Refresh tokens: exchanged in a family, forgiving a lost answer, unforgiving of a stolen copy (case 44 of oidc.md)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, User
from identity_provider.services import accounts, browser_sessions, grants, retention
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, Reply, SignedIn

SCOPE = "openid profile trn offline_access"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, scope=SCOPE)


@pytest.fixture
def signed_in(app: Flask, service: RelyingParty) -> SignedIn:
    asked = service.ask()
    return service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)


def refresh(service: RelyingParty, token: str, **more: str) -> Reply:
    return service.token({"grant_type": "refresh_token", "refresh_token": token} | more)


def test_each_exchange_gives_the_next_refresh_token_and_an_id_token_about_the_same_sign_in(
    service: RelyingParty, signed_in: SignedIn
) -> None:
    first = signed_in.token["refresh_token"]
    reply = refresh(service, first)
    assert reply.status == 200, reply.text
    assert reply.json["refresh_token"] not in {None, first}
    claims = service.validate(reply.json["id_token"], nonce=None, access_token=reply.json["access_token"])
    for name in ("sub", "auth_time", "sid", "aud"):
        assert claims[name] == signed_in.claims[name]
    assert service.userinfo(reply.json["access_token"])["trn"] == "1234567"


def test_without_offline_access_there_is_no_refresh_token(app: Flask) -> None:
    service = a_relying_party(app, number=2, scope="openid trn")
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, a_user(trn="7654321")).get(asked.path).location, asked)
    assert "refresh_token" not in signed_in.token


def test_44_a_second_exchange_within_the_grace_is_a_lost_answer(
    service: RelyingParty, signed_in: SignedIn, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 44: the same family, and written down."""
    first = signed_in.token["refresh_token"]
    assert refresh(service, first).status == 200
    clock.advance(timedelta(seconds=20))
    assert refresh(service, first).status == 200
    assert "refresh_token_used_twice_within_grace" in capsys.readouterr().out


def test_44_a_later_reuse_ends_the_whole_family(service: RelyingParty, signed_in: SignedIn, clock: ManualClock) -> None:
    """Case 44: RFC 9700 4.14.2."""
    first = signed_in.token["refresh_token"]
    second = refresh(service, first).json
    clock.advance(timedelta(seconds=31))
    assert refresh(service, first).json["error"] == "invalid_grant"
    assert refresh(service, second["refresh_token"]).json["error"] == "invalid_grant"
    reply = service.http.call("GET", "/connect/userinfo", headers={"Authorization": f"Bearer {second['access_token']}"})
    assert reply.status == 401


def test_44_the_scope_may_be_narrowed_and_never_widened(service: RelyingParty, signed_in: SignedIn) -> None:
    narrowed = refresh(service, signed_in.token["refresh_token"], scope="openid").json
    assert narrowed["scope"] == "openid"
    assert refresh(service, narrowed["refresh_token"], scope=" openid  trn ").json["scope"] == "openid trn"
    assert "trn" not in service.userinfo(narrowed["access_token"])
    widened = refresh(service, narrowed["refresh_token"], scope="openid email")
    assert widened.json["error"] == "invalid_scope"
    assert refresh(service, narrowed["refresh_token"]).json["scope"] == SCOPE


def test_44_another_service_can_not_use_it_and_does_no_harm_by_trying(
    app: Flask, service: RelyingParty, signed_in: SignedIn
) -> None:
    other = a_relying_party(app, number=2)
    token = signed_in.token["refresh_token"]
    assert refresh(other, token).json["error"] == "invalid_grant"
    assert refresh(service, token).status == 200


def test_44_it_ends_with_the_account(service: RelyingParty, signed_in: SignedIn, clock: ManualClock) -> None:
    with transaction():
        person = db.session.scalars(db.select(User)).one()
        person.locked_at = clock.now()
    assert refresh(service, signed_in.token["refresh_token"]).json["error"] == "invalid_grant"


def test_it_is_forgotten_after_two_weeks_without_use(
    service: RelyingParty, signed_in: SignedIn, clock: ManualClock
) -> None:
    clock.advance(timedelta(days=14))
    assert refresh(service, signed_in.token["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.parametrize("everywhere", [False, True])
def test_44_the_end_of_a_session_ends_what_was_granted_in_it(app: Flask, clock: ManualClock, everywhere: bool) -> None:
    """Also when somebody else signs in at this browser, and when accounts become one."""
    service = a_relying_party(app, scope="openid offline_access")
    person, asked = a_user(), service.ask()
    token = service.finish(a_browser_of(app, person).get(asked.path).location, asked).token
    with transaction():
        if everywhere:
            browser_sessions.end_all_of(person, now=clock.now())
        else:
            browser_sessions.end(db.session.query(BrowserSession).one(), now=clock.now())
    refreshed = service.token({"grant_type": "refresh_token", "refresh_token": token["refresh_token"]})
    assert refreshed.json["error"] == "invalid_grant"


def test_44_an_address_that_is_given_up_ends_families_older_than_the_row_of_their_session(
    service: RelyingParty, signed_in: SignedIn, clock: ManualClock
) -> None:
    """Sessions are forgotten after a month, families live three."""
    token = signed_in.token["refresh_token"]
    for _ in range(4):
        clock.advance(timedelta(days=10))
        token = refresh(service, token).json["refresh_token"]
    retention.remove_expired(clock.now())
    assert db.session.query(BrowserSession).count() == 0
    with transaction():
        person = accounts.held(db.session.query(User).one().id)
        accounts.give_address(person, "new@example.org", actor=SYSTEM, now=clock.now(), reason="stolen mailbox")
    assert refresh(service, token).json["error"] == "invalid_grant"


@pytest.mark.parametrize("forgotten", [False, True])
def test_44_a_sign_out_from_a_session_that_is_over_ends_what_was_granted_in_it(
    app: Flask, service: RelyingParty, signed_in: SignedIn, clock: ManualClock, forgotten: bool
) -> None:
    clock.advance(timedelta(hours=13))
    if forgotten:
        db.session.query(BrowserSession).delete()
        db.session.commit()
    reply = refresh(service, signed_in.token["refresh_token"]).json
    assert (
        app.test_client().get("/connect/signout", query_string={"id_token_hint": reply["id_token"]}).status_code == 200
    )
    assert refresh(service, reply["refresh_token"]).json["error"] == "invalid_grant"


def test_44_a_hint_from_another_browser_ends_nothing_of_a_session_in_use(
    app: Flask, service: RelyingParty, signed_in: SignedIn
) -> None:
    app.test_client().get("/connect/signout", query_string={"id_token_hint": signed_in.token["id_token"]})
    assert refresh(service, signed_in.token["refresh_token"]).status == 200


def test_44_a_code_that_was_issued_while_the_person_signed_out_is_good_for_nothing(
    app: Flask, service: RelyingParty, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign-out finds no grant yet to end, and the code comes after it."""
    asked, browser, issue_code = service.ask(), a_browser_of(app, a_user(trn="1234567")), grants.issue_code

    def too_late(*given: Any, **named: Any) -> str:
        with transaction():
            browser_sessions.end(db.session.query(BrowserSession).one(), now=clock.now())
        return issue_code(*given, **named)

    monkeypatch.setattr(grants, "issue_code", too_late)
    code = service.code_in(browser.get(asked.path).location, asked)
    assert service.redeem(code, asked.verifier).json["error"] == "invalid_grant"
