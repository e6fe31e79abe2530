"""What a service that others run may know: asked for once, remembered, asked anew when it wants more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.lookup import VerificationLevel
from identity_provider.models import AuditEvent, Consent, Grant
from identity_provider.services.clients import PERSON_SCOPES
from tests.builders import a_record, a_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, count_of, user_at
from tests.kit.consenting import Person, signed_in_at
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty

QUESTION = "Do you want to share your details with Register for an NPQ?"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, first_party=False, scope="openid email")


@pytest.fixture
def person(app: Flask) -> Person:
    a_user(email=EMAIL, trn="1234567")
    return Person(app)


def test_a_first_party_service_is_never_asked_about(app: Flask, person: Person) -> None:
    service = a_relying_party(app)
    for asked in (service.ask(), service.ask(prompt="consent", scope="openid email offline_access")):
        if not person.come_from(asked).location:
            person.sign_in()
        assert service.finish(person.sent_to, asked).claims["sub"]
    assert count_of(Consent) == 0


def test_a_service_that_others_run_is_given_what_the_person_allows_and_nobody_is_asked_twice(
    service: RelyingParty, person: Person
) -> None:
    asked = service.ask()
    person.come_from(asked)
    assert person.sign_in().h1 == QUESTION
    assert f"know your email address, {EMAIL}" in person.here.text
    assert "date of birth" not in person.here.text
    assert count_of(Grant) == 0
    person.submit("Allow")
    assert service.finish(person.sent_to, asked).userinfo["email"] == EMAIL
    again = service.ask()
    assert service.finish(person.come_from(again).location or "", again).claims["sub"]
    assert count_of(Consent) == 1
    assert count_of(AuditEvent, AuditEvent.action == "consent_given") == 1


def test_who_does_not_allow_it_goes_back_with_an_error_and_is_asked_again_another_time(
    service: RelyingParty, person: Person
) -> None:
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    person.submit("Do not allow")
    answer = service.answer_in(person.sent_to)
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", asked.state, service.issuer)
    assert answer["error_description"] == "The person did not allow it"
    assert (count_of(Grant), count_of(Consent)) == (0, 0)
    assert count_of(AuditEvent, AuditEvent.action == "consent_refused") == 1
    assert person.come_from(service.ask()).h1 == QUESTION


def test_a_service_may_have_the_question_asked_again(service: RelyingParty, person: Person) -> None:
    signed_in_at(service, person)
    asked = service.ask(prompt="consent")
    assert person.come_from(asked).h1 == QUESTION
    person.submit("Allow")
    assert service.finish(person.sent_to, asked).claims["sub"]


def test_a_yes_to_one_request_is_no_yes_to_another_that_wants_the_question_asked(
    app: Flask, service: RelyingParty, person: Person
) -> None:
    signed_in_at(service, person)
    first, second = service.ask(prompt="consent"), service.ask(prompt="consent")
    person.come_from(first)
    here = person.here.path
    assert person.come_from(second).h1 == QUESTION
    person.get(here)
    person.submit("Allow")
    assert service.answer_in(person.sent_to)["state"] == first.state
    assert person.come_from(service.ask(prompt="consent")).h1 == QUESTION


def test_a_service_that_wants_a_trn_says_so_in_words(app: Flask, register: MemoryRegister, person: Person) -> None:
    register.records = [a_record()]
    for number, policy in ((1, MatchPolicy.DEFAULT), (2, MatchPolicy.STRICT)):
        service = a_relying_party(app, first_party=False, number=number, match_policy=policy)
        page = person.come_from(service.ask(scope="openid profile trn phone"))
        if page.h1 == "What is your email address?":
            page = person.sign_in()
        if page.h1 == "Do you have a National Insurance number?":
            person.say_more(nino="AB123456C", trn="1234567")
            person.check()
            page = person.submit("Continue to Register for an NPQ")
        assert page.h1 == QUESTION
        assert "teacher reference number (TRN)" in page.text
        assert ("your National Insurance number" in page.text) is (policy is MatchPolicy.STRICT)
        assert "know your name and date of birth" in page.text
        assert "mobile phone number" in page.text


def test_a_trn_that_is_required_comes_before_the_question(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    service = a_relying_party(app, first_party=False, trn_requirement=TrnRequirement.REQUIRED)
    a_user(email=EMAIL, stated_has_nino=False, stated_has_trn=True, stated_has_qts=False)
    person, asked = Person(app), service.ask()
    person.come_from(asked)
    assert person.sign_in().h1 == "We have not found your teaching record yet"
    assert person.get(person.here.path.rsplit("/", 1)[0] + "/what-you-share").h1 != QUESTION


def test_to_go_on_without_the_person_has_to_be_asked_for_anew(service: RelyingParty, person: Person) -> None:
    without = signed_in_at(service, person, scope="openid offline_access")
    assert "refresh_token" not in without.token
    assert without.token["scope"] == "openid"
    asked = service.ask(scope="openid offline_access", prompt="consent")
    assert "when you are not there" in person.come_from(asked).text
    person.submit("Allow")
    assert "refresh_token" in service.finish(person.sent_to, asked).token
    later = service.ask(scope="openid offline_access")
    assert "refresh_token" not in service.finish(person.come_from(later).location or "", later).token


@pytest.mark.parametrize("scope", PERSON_SCOPES)
def test_every_scope_has_its_words(app: Flask, person: Person, register: MemoryRegister, scope: str) -> None:
    service = a_relying_party(app, first_party=False, scopes=("openid", scope))
    person.come_from(service.ask(scope=f"openid {scope}", prompt="consent"))
    assert person.sign_in().h1 == QUESTION
    items = person.here.response.text.count('<li class="kit-break">')
    assert items == (1 if scope == "openid" else 2)


def test_the_page_says_where_the_person_goes(service: RelyingParty, person: Person) -> None:
    person.come_from(service.ask())
    assert "You will go on to npq.example.org" in person.sign_in().text


def test_a_strict_service_gets_no_trn_of_low_verification_whatever_was_allowed(
    app: Flask, person: Person, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    service = a_relying_party(app, first_party=False, match_policy=MatchPolicy.STRICT)
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    person.say_more(nino="AB654321D", trn="7654321")
    person.check()
    person.submit("Continue to Register for an NPQ")
    person.submit("Allow")
    assert "trn" not in service.finish(person.sent_to, asked).userinfo
    assert user_at(EMAIL).verification_level is VerificationLevel.LOW


def test_consent_outlives_the_session(service: RelyingParty, person: Person, clock: ManualClock) -> None:
    signed_in_at(service, person)
    clock.advance(timedelta(days=40))
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    assert service.finish(person.sent_to, asked).claims["sub"]
    assert db.session.query(Consent).one().withdrawn_at is None
