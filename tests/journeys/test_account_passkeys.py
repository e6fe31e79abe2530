"""A person's passkeys in their account: added and removed by who has just proved who they are."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, Journey, Passkey, User
from identity_provider.services import accounts, browser_sessions, journeys, passkeys
from identity_provider.services.audit import SYSTEM
from identity_provider.services.passkeys import Place
from tests.builders import NOW, a_user
from tests.console.agents import messages
from tests.journeys.travel import a_request, count_of, newest_code
from tests.kit.authenticator import Authenticator
from tests.kit.page import Browser, Page

LIST, NEW = "/account/passkeys", "/account/passkeys/new"
FORM = "/account/prove-again"


class Owner(Browser):
    """A person in their account, whose browser runs the page's script."""

    def __init__(self, app: Flask, user: User) -> None:
        super().__init__(app)
        self.user = user
        with transaction():
            _, secret = browser_sessions.begin(user, amr=["otp"], now=NOW)
        self.client.set_cookie("session", secret)
        self.client.set_cookie("browser", "o" * 43)

    def options(self, address: str) -> dict[str, Any]:
        answer = self.client.post(address, data={"csrf_token": self._csrf_token(FORM)})
        assert answer.status_code == 200, answer.text
        asked: dict[str, Any] = answer.get_json()
        return asked

    def add(self, device: Authenticator, name: str = "") -> Page:
        self.get(NEW)
        return self.post(NEW, passkey=device.create(self.options(f"{NEW}/options")), name=name)


@pytest.fixture
def owner(app: Flask) -> Owner:
    return Owner(app, a_user())


def test_a_passkey_is_added_listed_renamed_and_removed(owner: Owner) -> None:
    assert "You have no passkeys" in owner.get(LIST).text
    page = owner.add(Authenticator(), "My phone")
    assert page.path == LIST
    assert "My phone" in page.text
    assert "Created 2 March 2026" in page.text
    owner.click("Rename")
    assert owner.submit(name="").errors == ["Enter a name"]
    assert "Old phone" in owner.submit(name="Old phone").text
    owner.click("Remove")
    assert "You have no passkeys" in owner.submit("Remove").text
    assert count_of(Passkey) == 0


def test_one_without_a_name_gets_one(owner: Owner) -> None:
    owner.add(Authenticator())
    assert [each.name for each in passkeys.of(owner.user)] == ["Passkey"]


def test_what_is_no_passkey_is_refused_in_words(owner: Owner) -> None:
    owner.get(NEW)
    page = owner.post(NEW, passkey="{}", name="")
    assert (page.status, page.errors) == (422, ["That passkey could not be added. You can try again"])


def test_an_account_that_has_enough_is_told_so(owner: Owner) -> None:
    for _ in range(passkeys.MOST):
        owner.add(Authenticator())
    assert "You have as many passkeys as you can have" in owner.get(LIST).text
    assert owner.get(NEW).path == LIST
    assert owner.client.post(f"{NEW}/options", data={"csrf_token": owner._csrf_token(FORM)}).status_code == 409


def test_nobody_touches_the_passkeys_of_somebody_else(app: Flask, owner: Owner) -> None:
    Owner(app, other := a_user()).add(Authenticator())
    [theirs] = passkeys.of(other)
    owner.get(FORM)
    for address in (f"{LIST}/{theirs.id}/rename", f"{LIST}/{theirs.id}/remove"):
        assert owner.get(address).status == 404
        owner.get(FORM)
        assert owner.post(address, name="mine").status == 404


@pytest.mark.parametrize("way", ["code", "passkey"])
def test_who_signed_in_some_time_ago_proves_it_once_more_and_goes_on(
    app: Flask, owner: Owner, clock: ManualClock, way: str
) -> None:
    device = Authenticator()
    owner.add(device)
    clock.advance(timedelta(minutes=16))
    assert owner.get(NEW).h1 == "Check that it is you"
    if way == "code":
        owner.submit("Send a code")
        assert owner.submit(code="000000" if newest_code(owner.user.email) != "000000" else "1" * 6).status == 422
        owner.submit(code=newest_code(owner.user.email))
    else:
        answer = device.get(owner.options("/account/sign-in/passkey/options"))
        owner.post("/account/prove-again/passkey?next=/account/passkeys/new", passkey=answer)
    assert owner.page is not None
    assert owner.page.path == NEW
    db.session.rollback()
    [session] = db.session.query(BrowserSession).filter(BrowserSession.user_id == owner.user.id)
    assert session.authenticated_at == clock.now()


def test_removing_takes_a_recent_proof_whatever_is_posted(owner: Owner, clock: ManualClock) -> None:
    owner.add(Authenticator())
    [passkey] = passkeys.of(owner.user)
    clock.advance(timedelta(minutes=16))
    assert owner.post(f"{LIST}/{passkey.id}/remove").h1 == "Check that it is you"
    assert count_of(Passkey) == 1


def test_a_passkey_of_somebody_else_confirms_nothing(app: Flask, owner: Owner, clock: ManualClock) -> None:
    stranger = Authenticator()
    Owner(app, a_user()).add(stranger)
    clock.advance(timedelta(minutes=16))
    owner.get(FORM)
    answer = stranger.get(owner.options("/account/sign-in/passkey/options"))
    assert owner.post("/account/prove-again/passkey", passkey=answer).h1 == "Check that it is you"
    assert owner.get(NEW).h1 == "Check that it is you"


def test_a_passkey_opens_the_account_of_a_live_person_only(app: Flask, owner: Owner) -> None:
    device = Authenticator()
    owner.add(device)

    def enter() -> Page:
        browser = Owner(app, a_user())
        browser.client.delete_cookie("session")
        browser.get("/account/sign-in")
        asked = browser.client.post(
            "/account/sign-in/passkey/options", data={"csrf_token": browser._csrf_token("/account/sign-in")}
        )
        return browser.post("/account/sign-in/passkey", passkey=device.get(json.loads(asked.text)))

    assert enter().path not in {"/account/sign-in"}
    survivor = a_user()
    with transaction():
        accounts.become_part_of(accounts.held(owner.user.id), survivor, actor=SYSTEM, reason="one person", now=NOW)
    assert enter().path not in {"/account/sign-in"}
    sessions = db.session.scalars(select(BrowserSession.user_id).where(BrowserSession.amr.contains(["pop"])))
    assert set(sessions) == {owner.user.id, survivor.id}
    with transaction():
        accounts.lock(accounts.held(survivor.id), actor=SYSTEM, reason="lost", now=NOW)
    assert enter().path == "/account/sign-in"


def test_passkeys_of_an_account_that_became_part_of_theirs_are_theirs_to_see_and_remove(
    app: Flask, owner: Owner
) -> None:
    former = Owner(app, a_user())
    former.add(Authenticator(), "Old laptop")
    with transaction():
        accounts.become_part_of(accounts.held(former.user.id), owner.user, actor=SYSTEM, reason="one person", now=NOW)
    assert "Old laptop" in owner.get(LIST).text
    owner.add(Authenticator(), "New phone")
    handles = db.session.scalars(select(Passkey.user_handle)).all()
    assert len(set(handles)) == 2, "should the two be parted again, no device takes one account for the other"
    owner.get(LIST)
    [old] = [each for each in passkeys.of(owner.user) if each.name == "Old laptop"]
    owner.get(f"{LIST}/{old.id}/remove")
    assert "Old laptop" not in owner.submit("Remove").text.partition("removed")[2]
    [told] = messages(passkeys.REMOVED)
    assert told.recipient == owner.user.email


def half_done(browser: str, user: User | None = None) -> UUID:
    """A journey in this browser that waits for an answer."""
    asked = a_request()
    with transaction():
        journey = journeys.begin(asked, browser, NOW)
        journey.user_id = user.id if user is not None else None
    return journey.id


def living() -> set[UUID]:
    db.session.rollback()
    return set(db.session.scalars(select(Journey.id).where(Journey.expires_at > NOW)))


def test_whoever_signs_in_to_their_account_finds_nothing_that_somebody_else_had_half_done(
    app: Flask, owner: Owner
) -> None:
    device = Authenticator()
    owner.add(device)
    here, mine = "b" * 43, half_done("b" * 43, owner.user)
    elsewhere, theirs, nobodys = half_done("e" * 43), half_done(here), half_done(here, a_user())
    assert living() == {mine, elsewhere, theirs, nobodys}
    shared = Owner(app, a_user())
    shared.client.set_cookie("browser", here)
    asked = shared.client.post(
        "/account/sign-in/passkey/options", data={"csrf_token": shared._csrf_token("/account/sign-in")}
    )
    shared.post("/account/sign-in/passkey", passkey=device.get(json.loads(asked.text)))
    assert living() == {mine, elsewhere}


@pytest.mark.parametrize("way", ["/account/sign-out", "/account/sign-out-everywhere"])
def test_signing_out_of_the_account_leaves_nothing_half_done_in_this_browser(
    app: Flask, owner: Owner, way: str
) -> None:
    half_done("o" * 43, owner.user)
    half_done("o" * 43)
    elsewhere = half_done("e" * 43, owner.user)
    owner.get("/account/sessions")
    owner.post(way)
    assert living() == {elsewhere}


def test_nobody_is_led_out_of_the_account_afterwards(owner: Owner) -> None:
    page = owner.get(FORM, next="https://evil.example")
    assert "evil" not in page.response.text


def test_a_site_is_named_by_the_issuer_and_not_by_the_request(app: Flask, owner: Owner) -> None:
    token = owner._csrf_token(FORM)
    answer = owner.client.post(
        "/account/sign-in/passkey/options", data={"csrf_token": token}, headers={"X-Forwarded-Host": "evil.example"}
    )
    assert answer.get_json()["rpId"] == "localhost"
    assert Place("http://localhost", "localhost", "x", "y").host == "localhost"
