"""The account's page about GOV.UK One Login."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, VerificationLevel
from identity_provider.models import ChangeRequest, IdentityCheck, OneLoginIdentity, OutboxMessage, User
from identity_provider.services import accounts, audit, erasure, one_login_links, subject_access
from identity_provider.services.one_login_told import Told
from tests.builders import NOW, a_user
from tests.journeys.travel import Traveller, count_of, user_at
from tests.kit.one_login import PROVE, OneLoginNearby
from tests.kit.page import Browser
from tests.one_login.people import CONNECT, LEOPOLDS_RECORD, PHILIPPA, leopold
from tests.test_jobs import work

PAGE = "/account/one-login"


def signed_in(app: Flask, user: User, secret: str = "s" * 43) -> Traveller:
    person = Traveller(app, secret)
    person.set_out(scope="openid email")
    person.prove(user.email)
    person.get(PAGE)
    return person


def told_of(one_login: OneLoginNearby, who: str, email: str) -> Told:
    return Told(one_login.issuer, f"urn:fdc:gov.uk:2022:sandbox-{who}", email)


def test_it_is_connected_and_disconnected_and_both_are_told(app: Flask, one_login: OneLoginNearby) -> None:
    user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Merriweather", date_of_birth=date(1980, 1, 25))
    person = signed_in(app, user)
    assert "not connected" in person.here.text
    page = one_login.go_through(person, "philippa", CONNECT)
    assert page.path == PAGE
    assert PHILIPPA in page.text
    assert "has proved your name and date of birth" in page.text
    person.click("Disconnect")
    page = person.submit("Disconnect")
    assert "no longer opens your account" in page.response.text
    assert one_login_links.connections_of(user) == []
    kinds = {each.kind for each in db.session.query(OutboxMessage).filter(OutboxMessage.recipient == PHILIPPA)}
    assert {one_login_links.LINKED, one_login_links.UNLINKED} <= kinds
    assert person.get(PAGE).path == PAGE, "the session that asked for it goes on"


def test_a_one_login_of_another_address_is_confirmed_first(app: Flask, one_login: OneLoginNearby) -> None:
    user = a_user(email="teacher@example.com", first_name="Philippa", last_name="Merriweather")
    person = signed_in(app, user)
    page = one_login.go_through(person, "philippa", CONNECT)
    assert page.h1 == "Is this your GOV.UK One Login?"
    assert count_of(OneLoginIdentity) == 0
    address = page.path
    stranger = signed_in(app, a_user(email="stranger@example.com"), "x" * 43)
    assert stranger.get(address).status == 404
    person.submit(CONNECT)
    assert len(one_login_links.connections_of(user)) == 1


def test_a_session_that_was_left_open_connects_and_disconnects_nothing(
    app: Flask, one_login: OneLoginNearby, clock: ManualClock
) -> None:
    user = a_user(email=PHILIPPA)
    person = signed_in(app, user)
    clock.advance(timedelta(minutes=16))
    page = person.submit(CONNECT)
    assert page.h1 == "Check that it is you"
    assert page.response.request.full_path == f"/account/prove-again?next={PAGE}"
    with transaction():
        made = one_login_links.connect(user, told_of(one_login, "leopold", "leopold@example.com"), now=clock.now())
    assert person.post(f"{PAGE}/{made.id}/end").h1 == "Check that it is you"
    assert len(one_login_links.connections_of(user)) == 1


def test_details_that_differ_are_kept_beside_the_account_and_change_nothing(
    app: Flask, one_login: OneLoginNearby
) -> None:
    user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Somebody", date_of_birth=date(1980, 1, 26))
    person = signed_in(app, user)
    page = one_login.go_through(person, "philippa", CONNECT)
    assert "is not the one in your account" in page.text
    db.session.refresh(user)
    assert (user.last_name, user.date_of_birth) == ("Somebody", date(1980, 1, 26))
    check = db.session.query(IdentityCheck).one()
    assert (check.differs, check.led_to) == (["lastName", "dateOfBirth"], "review")
    asked = db.session.query(ChangeRequest).order_by(ChangeRequest.kind).all()
    assert {(each.kind.value, each.identity_check_id) for each in asked} == {
        ("name", check.id),
        ("date_of_birth", check.id),
    }


def test_the_same_facts_proved_again_are_kept_once(app: Flask, one_login: OneLoginNearby) -> None:
    user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Somebody", date_of_birth=date(1980, 1, 25))
    person = signed_in(app, user)
    one_login.go_through(person, "philippa", CONNECT)
    one_login.go_through(person, "philippa", PROVE)
    assert count_of(IdentityCheck) == 1
    assert count_of(ChangeRequest) == 1


@pytest.mark.parametrize("trn", [None, "9000115"])
def test_what_is_proved_in_the_account_completes_a_match_or_makes_one_surer(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister, clock: ManualClock, trn: str | None
) -> None:
    register.records = [LEOPOLDS_RECORD]
    user = leopold(trn=trn)
    person = signed_in(app, user)
    one_login.go_through(person, "leopold", CONNECT)
    work()
    user = user_at(user.email)
    assert (user.trn, user.verification_level) == ("9000115", VerificationLevel.MEDIUM)
    assert user.lookup_reason is (LookupReason.MATCHED if trn else LookupReason.ONE_LOGIN)


def test_ones_own_account_is_entered_by_it_only_once_it_is_connected(app: Flask, one_login: OneLoginNearby) -> None:
    user = a_user(email=PHILIPPA)
    browser = Browser(app)
    browser.get("/account/sign-in")
    page = one_login.go_through(browser, "philippa", "Sign in with GOV.UK One Login")
    assert page.h1 == "Your GOV.UK One Login is not connected to an account yet"
    with transaction():
        one_login_links.connect(user, told_of(one_login, "philippa", PHILIPPA), now=NOW)
    browser.get("/account/sign-in")
    assert one_login.go_through(browser, "philippa", "Sign in with GOV.UK One Login").path == PAGE


def test_a_connection_of_an_account_that_was_merged_opens_the_one_that_remains(
    app: Flask, one_login: OneLoginNearby
) -> None:
    survivor, other = a_user(email="survivor@example.com"), a_user(email=PHILIPPA)
    told = told_of(one_login, "philippa", PHILIPPA)
    with transaction():
        one_login_links.connect(other, told, now=NOW)
        accounts.become_part_of(accounts.held(other.id), survivor, actor=audit.SYSTEM, reason="one person", now=NOW)
    person = one_login_links.person_of(told)
    assert person is not None
    assert person.id == survivor.id
    assert len(one_login_links.connections_of(survivor)) == 1


def test_it_is_exported_and_erased(app: Flask, one_login: OneLoginNearby) -> None:
    user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Merriweather")
    person = signed_in(app, user)
    one_login.go_through(person, "philippa", CONNECT)
    told = subject_access.everything_about(db.session.get_one(User, user.id), now=NOW)
    assert [each["email"] for each in told["one_logins_connected"]] == [PHILIPPA]
    assert len(told["trips_to_one_login"]) == 1
    assert [each["verified"]["last_name"] for each in told["identity_checks"]] == ["Merriweather"]
    with transaction():
        erasure.erase(db.session.get_one(User, user.id), actor=audit.SYSTEM, reason="asked for it", now=NOW)
    assert count_of(OneLoginIdentity) == 0
    assert count_of(IdentityCheck) == 0
