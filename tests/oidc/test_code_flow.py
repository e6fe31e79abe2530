"""From an authorization request to claims: the whole path, validated by the service."""

from __future__ import annotations

from flask import Flask

from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party, complete_journey


def test_somebody_who_is_signed_in_returns_at_once_with_validated_claims(app: Flask) -> None:
    service = a_relying_party(app)
    person = a_user(trn="1234567")
    asked = service.ask()
    answer = a_browser_of(app, person).get(asked.path)
    assert answer.status_code == 303
    signed_in = service.finish(answer.location, asked)
    assert signed_in.claims["sub"] == str(person.id)
    assert signed_in.userinfo["trn"] == "1234567"
    assert signed_in.userinfo["trn_lookup_status"] == "Found"


def test_somebody_new_makes_a_journey_and_returns_from_it(app: Flask) -> None:
    service = a_relying_party(app)
    person = a_user(trn="1234567")
    browser = app.test_client()
    asked = service.ask()
    journey = browser.get(asked.path).location
    assert journey.startswith("/sign-in/")
    answer_path = complete_journey(journey, person)
    cookie = a_browser_of(app, person).get_cookie("session")
    assert cookie is not None
    browser.set_cookie("session", cookie.value)
    answer = browser.get(answer_path)
    assert service.finish(answer.location, asked).claims["sub"] == str(person.id)
