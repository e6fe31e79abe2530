"""Attacks by way of GOV.UK One Login, and the answer that each gets."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, OneLoginIdentity
from identity_provider.services import one_login_links, rate_limits
from identity_provider.services.one_login import TRIPS_PER_IP
from identity_provider.services.one_login_told import Told
from tests.builders import NOW, a_user
from tests.journeys.test_passkeys import PasskeyHolder, a_device_of
from tests.journeys.travel import Traveller, count_of, newest_code
from tests.kit.one_login import LEAVE, OneLoginNearby
from tests.kit.page import Browser
from tests.one_login.people import (
    CONNECT,
    NOT_SIGNED_IN,
    PHILIPPA,
    asked_whether_to_connect,
    connected,
    philippa,
    set_out,
    way_back,
)


def test_a_callback_is_good_once(app: Flask, one_login: OneLoginNearby) -> None:
    philippa()
    person = set_out(app)
    back = way_back(one_login, person, "philippa")
    person.get(back)
    page = person.get(back)
    assert page.path == person.step("code"), "the journey goes on where it stands"
    assert one_login.app.extensions["visits"].codes == {}
    assert count_of(OneLoginIdentity) == 0


def test_the_callback_of_another_browser_leads_nowhere(app: Flask, one_login: OneLoginNearby) -> None:
    """Login CSRF: the attacker's own answer of One Login, shown to the victim's browser (attack 24)."""
    attacker, victim = set_out(app), Traveller(app, "v" * 43)
    back = way_back(one_login, attacker, "philippa")
    victim.set_out()
    page = victim.get(back)
    assert (page.status, page.h1) == (400, "This page cannot be used any more")
    assert victim.journey.one_login_attempt_id is None
    assert attacker.get(back).path == attacker.step("code"), "nor did it use up the trip of who began it"


def test_an_address_that_a_service_wrote_into_an_account_connects_no_one_login_to_it(
    app: Flask, one_login: OneLoginNearby
) -> None:
    """Whoever holds a passkey of that account may sit at a computer where its owner by name is signed in there."""
    user = philippa(email_verified_at=None)
    device, person = a_device_of(user), PasskeyHolder(app, "p" * 43)
    person.set_out()
    one_login.go_through(person, "philippa")
    person.show(device)
    assert person.here.path == person.step("connect-one-login")
    assert count_of(OneLoginIdentity) == 0


def test_a_code_of_another_trip_is_refused(app: Flask, one_login: OneLoginNearby) -> None:
    """Code injection: PKCE and the nonce bind a code to the trip that it was given for (RFC 9700 4.5)."""
    attacker, victim = set_out(app), set_out(app, "v" * 43)
    stolen = parse_qs(urlsplit(way_back(one_login, attacker, "philippa")).query)["code"][0]
    own = parse_qs(urlsplit(way_back(one_login, victim, "leopold")).query)["state"][0]
    page = victim.get("/one-login/callback", state=own, code=stolen)
    assert page.h1 == NOT_SIGNED_IN


def test_a_trip_that_took_too_long_is_over(app: Flask, one_login: OneLoginNearby, clock: ManualClock) -> None:
    person = set_out(app)
    back = way_back(one_login, person, "philippa")
    clock.advance(timedelta(minutes=61))
    assert person.get(back).path == person.step("email")
    assert person.journey.one_login_attempt_id is None


def test_the_address_of_a_one_login_opens_no_account(app: Flask, one_login: OneLoginNearby) -> None:
    """Attack 35: whoever has a One Login of somebody's address has nothing of their account here."""
    philippa()
    person = set_out(app)
    one_login.go_through(person, "philippa")
    assert count_of(BrowserSession) == 0
    assert person.get(person.step("outcome")).path == person.step("code")
    person.submit(code="000000")
    assert count_of(OneLoginIdentity) == 0


def test_an_account_made_beforehand_is_not_handed_over(app: Flask, one_login: OneLoginNearby) -> None:
    """Pre-hijacking: an account of the victim's address whose One Login is the attacker's. It can not be made.

    A One Login is connected to whoever proves an address by our code, and the attacker can not read the victim's mail;
    an unverified address of One Login is not even written to.
    """
    attacker = set_out(app)
    one_login.go_through(attacker, "leopold")
    attacker.get(attacker.step("email"))
    attacker.submit("Continue", email=PHILIPPA)
    for _ in range(5):
        attacker.submit(code="000000")
    assert count_of(OneLoginIdentity) == 0
    victim = set_out(app, "v" * 43)
    victim.prove(PHILIPPA)
    assert count_of(OneLoginIdentity) == 0


def test_somebody_elses_one_login_at_a_shared_computer_is_connected_only_on_request(
    app: Flask, one_login: OneLoginNearby
) -> None:
    """A colleague is still signed in to One Login; the person proves their own address, and is asked."""
    _user, person = asked_whether_to_connect(app, one_login)
    page = person.here
    assert (page.path, page.h1) == (person.step("connect-one-login"), "Is this your GOV.UK One Login?")
    assert "leopold@example.com" in page.text
    person.submit("Continue without connecting")
    assert person.here.path == person.answer_path
    assert count_of(OneLoginIdentity) == 0


def test_a_one_login_of_another_address_is_connected_when_its_person_says_so(
    app: Flask, one_login: OneLoginNearby
) -> None:
    user, person = asked_whether_to_connect(app, one_login)
    person.submit(CONNECT)
    assert person.here.path == person.answer_path
    [connection] = one_login_links.connections_of(user)
    assert connection.email == "leopold@example.com"


def test_a_session_that_was_left_open_is_not_enough_to_connect_one_on_the_way_to_a_service(
    app: Flask, one_login: OneLoginNearby, clock: ManualClock
) -> None:
    """Else whoever sits down at the computer has a key of their own to the account, for good."""
    user, person = asked_whether_to_connect(app, one_login)
    clock.advance(timedelta(minutes=16))
    assert person.submit(CONNECT).path == person.step("code")
    assert count_of(OneLoginIdentity) == 0
    page = person.submit(code=newest_code(user.email))
    assert page.path == person.step("connect-one-login")
    person.submit(CONNECT)
    assert len(one_login_links.connections_of(user)) == 1


def test_a_one_login_of_another_account_is_not_taken_over(app: Flask, one_login: OneLoginNearby) -> None:
    owner = philippa()
    connected(app, one_login)
    thief = a_user(email="thief@example.com", trn="9000120")
    person = set_out(app, "t" * 43)
    person.prove(thief.email)
    person.get("/account/one-login")
    page = one_login.go_through(person, "philippa", CONNECT)
    assert (page.status, page.h1) == (409, "This GOV.UK One Login belongs to another account")
    told = Told(one_login.issuer, "urn:fdc:gov.uk:2022:sandbox-philippa", PHILIPPA)
    with transaction(), pytest.raises(one_login_links.AnotherAccount):
        one_login_links.connect(thief, told, now=NOW)
    [connection] = one_login_links.connections_of(owner)
    assert connection.user_id == owner.id


def test_a_journey_of_one_account_is_not_continued_as_another(app: Flask, one_login: OneLoginNearby) -> None:
    philippa()
    connected(app, one_login)
    user = a_user(email="teacher@example.com", trn="9000120")
    person = set_out(app, "t" * 43, parameters={"subject": str(user.id)})
    page = one_login.go_through(person, "philippa")
    assert (page.status, page.h1) == (409, "This GOV.UK One Login belongs to another account")
    assert person.click("Continue with your email address").path == person.step("email")


def test_a_sign_in_of_some_time_ago_is_no_fresh_proof(
    app: Flask, one_login: OneLoginNearby, clock: ManualClock
) -> None:
    """`prompt=login`: One Login answered without asking anybody, so a code of ours is asked for."""
    user = philippa()
    connected(app, one_login)
    person = Traveller(app, "t" * 43)
    clock.advance(timedelta(hours=2))
    person.set_out(prompt="login", created_at=clock.now() + timedelta(seconds=5))
    page = one_login.go_through(person, "philippa")
    assert page.path == person.step("code")
    person.submit(code=newest_code(user.email))
    assert person.here.path == person.answer_path


def test_starting_needs_the_form_of_this_browser(app: Flask, one_login: OneLoginNearby) -> None:
    person = set_out(app)
    assert person.post(f"/one-login/{person.journey_id}", token=False).status == 400
    other = Browser(app)
    other.get("/account/sign-in")
    page = other.post(f"/one-login/{person.journey_id}")
    assert page.h1 == "You need to start again"


def test_trips_are_limited_by_visitor(app: Flask, one_login: OneLoginNearby, clock: ManualClock) -> None:
    with transaction():
        for _ in range(TRIPS_PER_IP.count):
            rate_limits.count(TRIPS_PER_IP, "127.0.0.1", now=clock.now())
    person = set_out(app)
    page = person.submit(LEAVE)
    assert page.status == 429
    assert int(page.response.headers["Retry-After"]) > 0


def test_where_it_is_off_there_is_nothing(app: Flask) -> None:
    person = Traveller(app)
    page = person.set_out()
    assert LEAVE not in page.response.text
    assert person.post(f"/one-login/{person.journey_id}").status == 404
    assert person.post("/one-login/sign-out", token=False, logout_token="x").status == 404
    assert person.get("/one-login/callback", state="x").status == 404


def test_neither_code_nor_subject_nor_name_stands_in_the_log(
    app: Flask, one_login: OneLoginNearby, capsys: pytest.CaptureFixture[str]
) -> None:
    philippa()
    person = set_out(app)
    back = way_back(one_login, person, "philippa")
    person.get(back)
    asked = parse_qs(urlsplit(back).query)
    written = capsys.readouterr().out
    for secret in (asked["code"][0], asked["state"][0], "sandbox-philippa", PHILIPPA):
        assert secret not in written
    db.session.rollback()
