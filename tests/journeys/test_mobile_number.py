"""A second contact while signing in: asked for by some services, given by who likes, waited for by nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from identity_provider.models import User
from tests.builders import a_client, a_user
from tests.journeys.contacts import NUMBER, code_for, told
from tests.journeys.travel import EMAIL, Traveller, user_at

WITHOUT = "Continue without a mobile number"


@pytest.fixture
def person(app: Flask) -> Traveller:
    """Somebody new, who has proved their address."""
    traveller = Traveller(app)
    traveller.set_out(a_client(), scope="openid profile phone")
    traveller.prove()
    return traveller


def account(person: Traveller) -> User:
    """What becomes of the person when they answer the rest."""
    person.say_who()
    person.check()
    return user_at(EMAIL)


def test_a_number_is_proved_and_kept_with_the_account(person: Traveller) -> None:
    assert person.here.h1 == "Do you want to add a mobile number?"
    assert person.submit(mobile="nonsense").errors
    page = person.submit(mobile="07700 900123")
    assert (page.h1, "+44 7700 900123" in page.text) == ("Check your phone", True)
    assert person.submit(code="000000").errors
    assert person.submit(code=code_for(NUMBER)).path == person.step("name")
    person.say_who()
    assert "+44 7700 900123" in person.here.text
    person.check()
    user = user_at(EMAIL)
    assert (user.mobile_number, user.mobile_verified_at is not None) == (NUMBER, True)


def test_one_goes_on_without(person: Traveller) -> None:
    assert person.submit(WITHOUT).path == person.step("name")
    user = account(person)
    assert (user.mobile_number, user.mobile_verified_at) == (None, None)


def test_a_text_message_that_never_comes_keeps_nobody(person: Traveller) -> None:
    person.submit(mobile=NUMBER)
    assert person.submit(WITHOUT).path == person.step("name")
    assert account(person).mobile_number is None


def test_a_number_that_was_not_proved_is_not_kept_by_going_round_its_page(person: Traveller) -> None:
    person.submit(mobile=NUMBER)
    assert person.get(person.step("name")).path == person.step("mobile-code")


def test_another_number_is_proved_anew(person: Traveller) -> None:
    person.submit(mobile=NUMBER)
    person.submit(code=code_for(NUMBER))
    person.get(person.step("mobile-number"))
    assert person.submit(mobile="+33612345678").path == person.step("mobile-code")
    person.get(person.step("mobile-number"))
    person.submit(mobile="+33612345678")
    person.submit(code=code_for("+33612345678"))
    assert account(person).mobile_number == "+33612345678"


def test_text_messages_are_limited_and_the_way_goes_on(person: Traveller) -> None:
    for _ in range(6):
        person.get(person.step("mobile-number"))
        person.post(person.step("mobile-code") + "/another-code") if person.journey.mobile_number else None
        person.get(person.step("mobile-number"))
        person.submit(mobile=NUMBER)
    assert len(told(NUMBER)) == 5
    person.get(person.step("mobile-code"))
    assert person.submit(WITHOUT).path == person.step("name")


@pytest.mark.parametrize("scope", ["openid profile email trn", "openid"])
def test_services_that_do_not_ask_for_it_never_have_it_asked(app: Flask, scope: str) -> None:
    traveller = Traveller(app)
    traveller.set_out(a_client(), scope=scope)
    traveller.prove()
    assert traveller.here.path == traveller.step("name")
    assert traveller.get(traveller.step("mobile-number")).path == traveller.step("name")


def test_who_has_an_account_is_not_asked(app: Flask) -> None:
    a_user(email=EMAIL, trn="1234567")
    traveller = Traveller(app)
    traveller.set_out(a_client(), scope="openid phone")
    traveller.prove()
    assert "mobile-number" not in traveller.here.path


def test_where_no_text_messages_are_sent_nobody_is_asked(app: Flask) -> None:
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, mail_transport="smtp")
    try:
        traveller = Traveller(app)
        traveller.set_out(a_client(), scope="openid phone")
        traveller.prove()
        assert traveller.here.path == traveller.step("name")
    finally:
        app.extensions["settings"] = settings
