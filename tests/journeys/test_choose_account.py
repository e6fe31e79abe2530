"""`prompt=select_account`: the account that is signed in, or another one (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from tests.builders import a_user
from tests.journeys.travel import EMAIL, codes_sent_to, newest_code
from tests.kit.consenting import Person
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty

QUESTION = "Which account do you want to use?"
OTHER = "ben@example.com"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


@pytest.fixture
def person(app: Flask, service: RelyingParty, clock: ManualClock) -> Person:
    """Somebody who signed in a while ago."""
    a_user(email=EMAIL, trn="1234567")
    a_user(email=OTHER, trn="7654321")
    person = Person(app)
    person.come_from(service.ask())
    person.sign_in()
    clock.advance(timedelta(minutes=10))
    return person


def test_who_is_signed_in_chooses_to_go_on_without_a_code(service: RelyingParty, person: Person) -> None:
    asked = service.ask(prompt="select_account")
    assert person.come_from(asked).h1 == QUESTION
    assert f"Continue as {EMAIL}" in person.here.text
    person.submit(account="continue")
    assert service.finish(person.sent_to, asked).userinfo["email"] == EMAIL
    assert codes_sent_to(EMAIL) == 1


def test_another_account_is_proved_by_its_own_code(service: RelyingParty, person: Person) -> None:
    asked = service.ask(prompt="select_account")
    person.come_from(asked)
    page = person.submit(account="another")
    assert page.h1 == "What is your email address?"
    assert page.form().values["email"] == [""]
    person.submit(email=OTHER)
    person.submit(code=newest_code(OTHER))
    assert service.finish(person.sent_to, asked).userinfo["email"] == OTHER


def test_nothing_chosen_is_an_error_and_the_choice_may_be_changed(service: RelyingParty, person: Person) -> None:
    asked = service.ask(prompt="select_account")
    person.come_from(asked)
    assert person.submit().errors == ["Select which account you want to use"]
    person.submit(account="another")
    person.submit(email=OTHER)
    person.get(person.step("choose-account"))
    assert person.here.h1 == QUESTION
    person.submit(account="continue")
    assert service.finish(person.sent_to, asked).userinfo["email"] == EMAIL


def test_a_fresh_code_that_is_wanted_beside_it_is_wanted_of_the_chosen_account(
    service: RelyingParty, person: Person, clock: ManualClock
) -> None:
    asked = service.ask(prompt="select_account login")
    person.come_from(asked)
    assert person.submit(account="continue").h1 == "What is your email address?"
    assert person.here.form().values["email"] == [EMAIL]
    person.sign_in()
    assert service.finish(person.sent_to, asked).claims["auth_time"] == int(clock.now().timestamp())


def test_who_is_not_signed_in_gives_an_address_at_once(app: Flask, service: RelyingParty) -> None:
    stranger = Person(app, OTHER, secret="o" * 43)
    a_user(email=OTHER, trn="1234567")
    asked = service.ask(prompt="select_account")
    assert stranger.come_from(asked).h1 == "What is your email address?"
    stranger.sign_in()
    assert service.finish(stranger.sent_to, asked).userinfo["email"] == OTHER


def test_the_end_of_a_journey_is_not_reached_without_a_choice(service: RelyingParty, person: Person) -> None:
    person.come_from(service.ask(prompt="select_account"))
    assert person.get(person.answer_path).h1 == QUESTION
