"""A passkey in place of a code: on the way to a service, offered afterwards, and demanded by a service."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports
from identity_provider.models import OutboxMessage, Passkey, User
from identity_provider.services import accounts, features, passkeys, rate_limits
from identity_provider.services.audit import SYSTEM
from identity_provider.services.passkeys import Place
from tests.builders import NOW, a_user
from tests.console.agents import audited
from tests.journeys.travel import Traveller, count_of, newest_code
from tests.kit.authenticator import Authenticator
from tests.kit.page import Page
from tests.kit.provider import a_browser_of, a_relying_party

ACR = "http://localhost/acr/passkey"


def a_device_of(user: User) -> Authenticator:
    """Somebody's device with a passkey of theirs on it."""
    device, place = Authenticator(), Place("http://localhost", "localhost", "Get an identity", "elsewhere" * 5)
    with transaction():
        options = json.loads(passkeys.options_to_add(user, place, now=NOW))
        assert passkeys.add(user, device.create(options), place, name="Phone", now=NOW)
    return device


class PasskeyHolder(Traveller):
    """A person whose browser runs the page's script."""

    def options(self, name: str = "options", to: str = "") -> dict[str, Any]:
        """What the script is given for the device."""
        here = self.here
        answer = self.client.post(to or self.step(f"passkey/{name}"), data={"csrf_token": self._csrf_token(here.path)})
        assert answer.status_code == 200, answer.text
        asked: dict[str, Any] = answer.get_json()
        return asked

    def show(self, device: Authenticator, **lies: Any) -> Page:
        """Use a passkey on the page that the browser stands on."""
        return self.post(self.step("passkey/show"), passkey=device.get(self.options(), **lies))

    def add(self, device: Authenticator) -> Page:
        """Create a passkey on the page that the browser stands on."""
        return self.post(self.step("passkey/add"), passkey=device.create(self.options("options-to-add")))


def test_a_passkey_leads_back_to_the_service_without_an_address_or_a_code(app: Flask) -> None:
    user = a_user(trn="1234567")
    device, person = a_device_of(user), PasskeyHolder(app)
    assert person.set_out().h1 == "What is your email address?"
    person.show(device)
    assert person.journey.user_id == user.id
    assert (person.here.location or "").startswith("https://npq.example.org/callback?code=")


def test_the_button_is_hidden_until_the_script_says_that_it_works(app: Flask) -> None:
    page = PasskeyHolder(app).set_out()
    [form] = [each for each in page.forms if "passkey" in each.names]
    assert "data-kit-passkey=" in page.response.text
    assert 'data-kit-passkey-options="/sign-in/' in page.response.text
    assert "hidden" in page.response.text.split("data-kit-passkey=")[1].split(">")[0]
    assert form.action.endswith("/passkey/show")


def test_what_does_not_fit_looks_alike_and_leaves_the_other_way_open(app: Flask) -> None:
    known, unknown = a_device_of(a_user()), Authenticator()
    answers = set()
    person = PasskeyHolder(app)
    for device, lies in ((known, {"origin": "http://evil.example"}), (unknown, {})):
        person.set_out()
        if device is unknown:
            device.create(person.options() | {"user": {"id": "eA"}})
        page = person.show(device, **lies)
        answers.add((page.status, page.h1, *page.errors))
    assert answers == {
        (
            422,
            "What is your email address?",
            "We could not sign you in with that passkey. Try again, or use your email address",
        )
    }


def test_what_was_found_for_somebody_else_is_forgotten_when_a_passkey_says_who_it_is(app: Flask) -> None:
    user, person = a_user(), PasskeyHolder(app)
    device = a_device_of(user)
    person.set_out()
    person.prove("somebody.new@example.com")
    person.say_who()
    with transaction():
        person.journey.matched_trn = "1234567"
    person.show(device)
    journey = person.journey
    assert [journey.user_id, journey.matched_trn] == [user.id, None]
    assert person.here.path == person.step("national-insurance-number"), "the person's own questions are asked"


def make_one(other: User, survivor: User) -> None:
    with transaction():
        accounts.become_part_of(accounts.held(other.id), survivor, actor=SYSTEM, reason="one person", now=NOW)


def test_a_locked_account_says_whom_to_ask(app: Flask) -> None:
    locked = a_user()
    device = a_device_of(locked)
    with transaction():
        accounts.lock(accounts.held(locked.id), actor=SYSTEM, reason="lost", now=NOW)
    person = PasskeyHolder(app)
    person.set_out()
    assert person.show(device).status == 403


def test_the_passkey_of_an_account_that_became_part_of_another_opens_that_one(app: Flask) -> None:
    merged, between, survivor = a_user(), a_user(), a_user()
    device = a_device_of(merged)
    make_one(merged, between)
    make_one(between, survivor)
    person = PasskeyHolder(app)
    person.set_out()
    assert person.show(device).status == 200
    assert person.journey.user_id == survivor.id
    [first, second] = audited("passkeys_passed_on")
    assert (first.subject_id, second.subject_id) == (str(between.id), str(survivor.id))
    assert first.after["passkeys"] == second.after["passkeys"] == [str(each.id) for each in passkeys.of(survivor)]
    with transaction():
        accounts.lock(accounts.held(survivor.id), actor=SYSTEM, reason="lost", now=NOW)
    person.set_out()
    assert person.show(device).status == 403, "whether they may come in is the survivor's standing"


def test_a_passkey_of_somebody_else_does_not_take_a_journey_over(app: Flask) -> None:
    mine, other = a_user(email="kate@example.com"), a_user()
    device, person = a_device_of(other), PasskeyHolder(app)
    person.set_out(scope="openid", parameters={"needs_passkey": True})
    person.prove(mine.email)
    assert person.here.path == person.step("passkey")
    assert person.show(device).status == 422
    assert person.journey.user_id == mine.id


def test_tries_are_limited_by_where_they_come_from(app: Flask) -> None:
    person = PasskeyHolder(app)
    person.set_out()
    for _ in range(passkeys.TRIES_PER_IP.count):
        with transaction():
            rate_limits.count(passkeys.TRIES_PER_IP, "127.0.0.1", now=NOW)
    page = person.post(person.step("passkey/show"), passkey="{}")
    assert (page.status, page.h1) == (429, "You have tried too many times")


def test_one_is_offered_after_a_code_where_the_device_could_hold_it_and_may_be_declined(
    app: Flask, clock: ManualClock
) -> None:
    user, person = a_user(trn="1234567"), PasskeyHolder(app)

    def sign_in(possible: str) -> Page:
        clock.advance(timedelta(minutes=1))
        person.set_out(prompt="login")
        person.submit(email=user.email)
        return person.submit(code=newest_code(user.email, person.journey_id), passkey_possible=possible)

    assert sign_in("").location, "a device that cannot hold one is not bothered"
    page = sign_in("yes")
    assert page.h1 == "Do you want to sign in faster next time?"
    assert "code=" in str(person.submit("Not now").location)
    clock.advance(timedelta(days=179))
    assert sign_in("yes").location, "who said not now is left alone"
    clock.advance(timedelta(days=2))
    assert sign_in("yes").h1 == "Do you want to sign in faster next time?"


def test_while_offering_is_switched_off_nobody_is_asked(app: Flask) -> None:
    user, person = a_user(trn="1234567"), PasskeyHolder(app)
    with transaction():
        features.switch(Feature.PASSKEYS, on=False, reason="trouble", actor=SYSTEM, now=ports().clock.now())
    person.set_out()
    person.submit(email=user.email)
    page = person.submit(code=newest_code(user.email, person.journey_id), passkey_possible="yes")
    assert "code=" in str(page.location)


def test_one_that_is_added_when_offered_works_the_next_time(app: Flask) -> None:
    user, person, device = a_user(trn="1234567"), PasskeyHolder(app), Authenticator()
    person.set_out()
    person.submit(email=user.email)
    person.submit(code=newest_code(user.email), passkey_possible="yes")
    assert "code=" in str(person.add(device).location)
    assert count_of(Passkey, Passkey.user_id == user.id) == 1
    assert count_of(OutboxMessage, OutboxMessage.kind == "passkey_added", OutboxMessage.recipient == user.email) == 1
    later = PasskeyHolder(app, "l" * 43)
    later.set_out()
    assert "code=" in str(later.show(device).location)


@pytest.mark.parametrize(
    "demand",
    [
        {"acr_values": ACR},
        {"acr_values": f"urn:gold {ACR}"},
        {"claims": json.dumps({"id_token": {"acr": {"essential": True, "value": ACR}}})},
        {"claims": json.dumps({"id_token": {"acr": {"essential": True, "values": ["urn:gold", ACR]}}})},
    ],
)
def test_a_service_that_demands_a_passkey_gets_one_or_an_error(app: Flask, demand: dict[str, str]) -> None:
    service, user, device = a_relying_party(app), a_user(trn="1234567"), Authenticator()
    asked = service.ask(**demand)
    person = PasskeyHolder(app)
    page = person.get(asked.path)
    person.journey_id = UUID(page.path.split("/")[2])
    page = person.prove(user.email)
    assert page.h1 == "You need a passkey to use Register for an NPQ"
    assert person.submit().h1 == page.h1, "what is demanded cannot be declined"
    refused = person.click("Return to Register for an NPQ")
    assert service.answer_in(str(refused.location))["error"] == "unmet_authentication_requirements"

    asked = service.ask(**demand)
    page = person.get(asked.path)
    person.journey_id = UUID(page.path.split("/")[2])
    person.add(device)
    assert person.here.h1 == "You need a passkey to use Register for an NPQ", "adding one is not showing one"
    signed_in = service.finish(str(person.show(device).location), asked)
    assert (signed_in.claims["acr"], signed_in.claims["amr"]) == (ACR, ["pop", "user", "mfa"])


def test_a_session_without_a_passkey_is_no_answer_to_a_service_that_demands_one(app: Flask) -> None:
    service, browser = a_relying_party(app), a_browser_of(app, a_user(trn="1234567"))
    silent = browser.get(service.ask(acr_values=ACR, prompt="none").path)
    assert service.answer_in(silent.location)["error"] == "login_required"
    assert "/sign-in/" in browser.get(service.ask(acr_values=ACR).path).location
    either = browser.get(service.ask(acr_values=f"{ACR} http://localhost/acr/one-time-code").path)
    assert "code" in service.answer_in(either.location)


def test_a_session_that_began_with_a_passkey_answers_at_once(app: Flask) -> None:
    service, user = a_relying_party(app), a_user(trn="1234567")
    device, person = a_device_of(user), PasskeyHolder(app)
    person.set_out()
    person.show(device)
    asked = service.ask(acr_values=ACR)
    assert service.finish(str(person.get(asked.path).location), asked).claims["acr"] == ACR


def test_adding_one_takes_a_recent_sign_in(app: Flask, clock: ManualClock) -> None:
    user, person, device = a_user(trn="1234567"), PasskeyHolder(app), Authenticator()
    person.set_out(parameters={"needs_passkey": True})
    person.prove(user.email)
    clock.advance(timedelta(minutes=16))
    assert person.add(device).h1 == "Check your email"
    assert count_of(Passkey) == 0
    person.submit(code=newest_code(user.email))
    person.add(device)
    assert count_of(Passkey) == 1
