"""A person's own list of services: seen after an address was proved, and sharing ended for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import AuditEvent, BrowserSession, Consent, Grant, OutboxMessage, RateCounter, ServiceUse
from identity_provider.services import sign_in_codes
from tests.builders import NOW, a_user
from tests.journeys.travel import EMAIL, count_of, newest_code, user_at
from tests.kit.consenting import Person, signed_in_at
from tests.kit.page import Browser
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty, Reply

LIST = "Services you have used"
HOME = "Your details"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, name="Staff room", first_party=False, scope="openid email offline_access")


@pytest.fixture
def person(app: Flask) -> Person:
    a_user(email=EMAIL, trn="1234567")
    return Person(app)


def refresh(service: RelyingParty, token: str) -> Reply:
    return service.token({"grant_type": "refresh_token", "refresh_token": token})


def test_sharing_is_ended_and_everything_that_was_granted_with_it(service: RelyingParty, person: Person) -> None:
    token = signed_in_at(service, person, prompt="consent").token
    page = person.get("/account/services")
    assert page.h1 == LIST
    assert "your email address" in page.text
    assert person.click("Stop sharing with Staff room").h1 == "Do you want to stop sharing with Staff room?"
    assert count_of(Grant, Grant.revoked_at.is_(None)) == 1
    page = person.submit("Stop sharing")
    assert "You have stopped sharing your details with Staff room" in page.text
    assert "Stop sharing with" not in page.text
    assert refresh(service, token["refresh_token"]).json["error"] == "invalid_grant"
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert service.http.call("GET", "/connect/userinfo", headers=bearer).status == 401
    assert person.come_from(service.ask()).h1 == "Do you want to share your details with Staff room?"
    assert count_of(ServiceUse) == 0, "it would be told of changes"
    event = db.session.query(AuditEvent).filter_by(action="consent_withdrawn").one()
    assert event.before == {"client": service.client_id, "scopes": ["openid", "email", "offline_access"]}
    assert (event.actor_type, event.reason) == ("user", "1 sign-ins ended")


def test_only_the_one_service_of_the_one_person_is_ended(app: Flask, service: RelyingParty, person: Person) -> None:
    other_service = a_relying_party(app, number=2, name="Library", first_party=False, scope="openid email")
    signed_in_at(service, person, prompt="consent")
    person.come_from(other_service.ask())
    person.submit("Allow")
    a_user(email="ben@example.com", trn="7654321")
    ben = Person(app, "ben@example.com", secret="o" * 43)
    theirs = signed_in_at(service, ben, prompt="consent").token
    person.get(f"/account/services/{service.client_id}")
    assert "Library" in person.submit("Stop sharing").text
    assert refresh(service, theirs["refresh_token"]).status == 200
    assert count_of(Consent, Consent.withdrawn_at.is_(None)) == 2


def test_a_first_party_service_is_listed_and_ended_too(app: Flask, person: Person) -> None:
    service = a_relying_party(app, scope="openid email offline_access")
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    token = service.finish(person.sent_to, asked).token
    person.get("/account/services")
    assert "If you sign in to it again" in person.click("Stop sharing with Register for an NPQ").text
    person.submit("Stop sharing")
    assert refresh(service, token["refresh_token"]).json["error"] == "invalid_grant"


def test_a_service_that_was_never_used_is_not_there_to_be_ended(
    app: Flask, service: RelyingParty, person: Person
) -> None:
    other = a_relying_party(app, number=2)
    signed_in_at(service, person, prompt="consent")
    assert person.get(f"/account/services/{other.client_id}").status == 404
    person.get("/account/services")
    assert person.post(f"/account/services/{other.client_id}").h1 == LIST
    assert count_of(AuditEvent, AuditEvent.action == "consent_withdrawn") == 0


def test_case_23_another_site_cannot_end_sharing(service: RelyingParty, person: Person) -> None:
    signed_in_at(service, person, prompt="consent")
    address = f"/account/services/{service.client_id}"
    person.get(address)
    assert person.post(address, token=False).status == 400
    assert count_of(Consent, Consent.withdrawn_at.is_(None)) == 1


def test_who_is_not_signed_in_proves_an_address_first(app: Flask) -> None:
    a_user(email=EMAIL, trn="1234567")
    visitor = Browser(app)
    for address in ("/account/services/rp-1", "/account/services"):
        assert visitor.get(address).path == "/account/sign-in"
    assert visitor.submit(email="nonsense").errors
    assert visitor.submit(email=EMAIL).h1 == "Check your email"
    assert visitor.submit(code="000000").errors == ["The code you entered is not correct or can no longer be used"]
    assert visitor.submit(code=newest_code(EMAIL)).h1 == LIST
    assert visitor.get("/account/sign-in").h1 == HOME
    assert visitor.submit("Sign out").path == "/account/sign-in"
    assert visitor.get("/account/services").path == "/account/sign-in"


def test_case_28_the_answer_is_the_same_for_an_address_without_an_account(app: Flask) -> None:
    a_user(email=EMAIL)
    a_user(email="locked@example.com", locked_at=NOW)
    texts = set()
    for address in (EMAIL, "locked@example.com", "nobody@example.com"):
        visitor = Browser(app)
        visitor.get("/account/sign-in")
        page = visitor.submit(email=address)
        texts.add(page.text.replace(address, "-"))
        assert count_of(OutboxMessage, OutboxMessage.recipient == address) == 1
    assert len(texts) == 1
    for address in ("locked@example.com", "nobody@example.com"):
        message = db.session.query(OutboxMessage).filter_by(recipient=address).one()
        assert sign_in_codes.code_to_write(message.payload["challenge_id"], 1, now=message.created_at) is None


def test_case_28_the_tries_that_are_left_are_the_same_for_an_address_without_an_account(app: Flask) -> None:
    a_user(email=EMAIL)
    texts = set()
    for address in (EMAIL, "nobody@example.com"):
        visitor = Browser(app)
        visitor.get("/account/sign-in")
        visitor.submit(email=address)
        for _ in range(2):
            visitor.submit(code="000000")
        visitor.post("/account/sign-in/code/again")
        visitor.get("/account/sign-in/code")
        pages = [visitor.submit(code="000000") for _ in range(3)]
        texts.add(tuple(page.text.replace(address, "-") for page in pages))
    assert len(texts) == 1, "another code gives nobody further tries"


def test_case_29_five_tries_and_then_a_new_code(app: Flask, clock: ManualClock) -> None:
    a_user(email=EMAIL)
    visitor = Browser(app)
    visitor.get("/account/sign-in")
    visitor.submit(email=EMAIL)
    right = newest_code(EMAIL)
    wrong = str((int(right) + 1) % 1_000_000).zfill(6)
    for _ in range(5):
        visitor.submit(code=wrong)
    assert "You need a new code" in visitor.visited[-1].text
    assert visitor.post("/account/sign-in/code", code=right).h1 != HOME
    clock.advance(timedelta(seconds=5))
    visitor.get("/account/sign-in/code")
    visitor.submit("Send a new code")
    assert visitor.submit(code=newest_code(EMAIL)).h1 == HOME


def test_case_29_a_right_code_forgives_itself_and_no_wrong_one(app: Flask) -> None:
    a_user(email=EMAIL)
    visitor = Browser(app)
    visitor.get("/account/sign-in")
    visitor.submit(email=EMAIL)
    right = newest_code(EMAIL)
    for _ in range(2):
        visitor.submit(code=str((int(right) + 1) % 1_000_000).zfill(6))
    assert visitor.submit(code=right).h1 == HOME
    guesses = db.session.query(RateCounter).filter(RateCounter.key.startswith("guesses_")).all()
    assert [each.count for each in guesses] == [2, 2, 2]


def test_case_25_a_code_is_good_in_the_browser_that_asked_only(app: Flask) -> None:
    a_user(email=EMAIL)
    asked, other = Browser(app), Browser(app)
    asked.get("/account/sign-in")
    asked.submit(email=EMAIL)
    assert other.get("/account/sign-in/code").path == "/account/sign-in"
    other.submit(email="nobody@example.com")
    assert other.submit(code=newest_code(EMAIL)).errors
    assert count_of(BrowserSession) == 0


def test_an_account_that_was_locked_meanwhile_is_not_entered(app: Flask) -> None:
    a_user(email=EMAIL)
    visitor = Browser(app)
    visitor.get("/account/sign-in")
    visitor.submit(email=EMAIL)
    code = newest_code(EMAIL)
    with transaction():
        user_at(EMAIL).locked_at = NOW
    assert visitor.submit(code=code).errors


def test_too_many_codes_are_not_sent(app: Flask) -> None:
    visitor = Browser(app)
    for _ in range(7):
        visitor.get("/account/sign-in")
        visitor.submit(email="nobody@example.com")
    page = visitor.visited[-1]
    assert (page.status, page.h1) == (429, "You have tried too often")
    assert page.response.headers["Retry-After"]
