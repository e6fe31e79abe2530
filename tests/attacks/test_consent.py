"""Attacks on consent: a service that wants to know more than the person allowed (cases 8, 23 and 34 of oidc.md)."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.models import Consent, Grant, ServiceUse, WebhookMessage
from identity_provider.services.webhooks import EndpointRefused
from tests.builders import a_client, a_user
from tests.journeys.travel import EMAIL, Traveller, count_of, user_at
from tests.kit.consenting import Person, signed_in_at
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty
from tests.webhooks.listeners import an_endpoint, signed_in_to

QUESTION = "Do you want to share your details with Register for an NPQ?"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, first_party=False, scope="openid email")


@pytest.fixture
def person(app: Flask) -> Person:
    a_user(email=EMAIL, trn="1234567")
    return Person(app)


def test_case_34_a_scope_added_later_is_asked_for(service: RelyingParty, person: Person) -> None:
    signed_in_at(service, person)
    assert person.come_from(service.ask(scope="openid email profile")).h1 == QUESTION
    assert "know your name and date of birth" in person.here.text
    assert count_of(Grant) == 1


def test_case_34_a_scope_that_the_page_did_not_show_is_not_granted(service: RelyingParty, person: Person) -> None:
    """Whatever the form is made to say, the answer is about what the request comes to."""
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    person.post(person.here.path, answer="allow", scope="openid email profile trn")
    signed_in = service.finish(person.sent_to, asked)
    assert signed_in.token["scope"] == "openid email"
    assert not {"name", "trn"} & set(signed_in.userinfo)
    assert person.come_from(service.ask(scope="openid trn")).h1 == QUESTION


def test_case_34_a_claim_asked_for_by_its_name_is_asked_for_like_its_scope(
    service: RelyingParty, person: Person
) -> None:
    signed_in_at(service, person)
    for place in ("userinfo", "id_token"):
        page = person.come_from(service.ask(claims=json.dumps({place: {"birthdate": None}})))
        assert page.h1 == QUESTION
        assert "know your name and date of birth" in page.text
    silent = service.ask(prompt="none", claims=json.dumps({"userinfo": {"phone_number": {"essential": True}}}))
    assert service.answer_in(person.come_from(silent).location or "")["error"] == "consent_required"


def test_case_34_a_consent_of_one_service_or_person_is_no_consent_of_another(
    app: Flask, service: RelyingParty, person: Person
) -> None:
    signed_in_at(service, person)
    other_service = a_relying_party(app, number=2, first_party=False, scope="openid email")
    assert person.come_from(other_service.ask()).h1 == QUESTION
    a_user(email="ben@example.com", trn="7654321")
    other = Person(app, "ben@example.com", secret="o" * 43)
    other.come_from(service.ask())
    assert other.sign_in().h1 == QUESTION


def test_case_8_silence_does_not_allow_anything(service: RelyingParty, person: Person) -> None:
    asked = service.ask(prompt="none")
    assert service.answer_in(person.come_from(asked).location or "")["error"] == "login_required"
    person.come_from(service.ask())
    person.sign_in()
    answer = service.answer_in(person.come_from(asked).location or "")
    assert (answer["error"], answer["state"], answer["iss"]) == ("consent_required", asked.state, service.issuer)
    assert count_of(Grant) == 0


def test_case_23_another_site_cannot_say_yes(app: Flask, service: RelyingParty, person: Person) -> None:
    person.come_from(service.ask())
    page = person.sign_in()
    assert person.post(page.path, token=False, answer="allow").status == 400
    stranger = Traveller(app, "s" * 43)
    stranger.set_out()
    foreign = stranger.here.form().values["csrf_token"][0]
    assert person.post(page.path, token=False, csrf_token=foreign, answer="allow").status == 400
    assert person.get(page.path).h1 == QUESTION
    assert (count_of(Consent), count_of(Grant)) == (0, 0)


def test_case_23_opening_the_page_or_the_end_of_the_journey_allows_nothing(
    service: RelyingParty, person: Person
) -> None:
    person.come_from(service.ask())
    page = person.sign_in()
    journey = page.path.rsplit("/", 1)[0]
    for address in (f"{page.path}?answer=allow", journey):
        assert person.get(address).h1 == QUESTION
    assert (count_of(Consent), count_of(Grant)) == (0, 0)


def test_case_27_another_browser_cannot_answer(app: Flask, service: RelyingParty, person: Person) -> None:
    person.come_from(service.ask())
    page = person.sign_in()
    stranger = Person(app, secret="s" * 43)
    assert stranger.get(page.path).h1 == "You need to start again"
    assert stranger.post(page.path, answer="allow").status == 400
    assert count_of(Consent) == 0


def test_case_17_what_a_service_calls_itself_is_text(app: Flask, person: Person) -> None:
    service = a_relying_party(app, first_party=False, name="<script>alert(1)</script>", scope="openid")
    person.come_from(service.ask())
    page = person.sign_in()
    assert "<script>alert(1)</script>" in page.h1
    assert "<script>alert" not in page.response.text


def test_case_15_the_page_stands_in_no_frame(service: RelyingParty, person: Person) -> None:
    person.come_from(service.ask())
    headers = person.sign_in().response.headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_case_34_a_service_that_others_run_hears_nothing_beside_what_it_was_allowed(app: Flask, person: Person) -> None:
    """A webhook message holds every detail: only services of our own family are sent any."""
    ours, theirs = an_endpoint(), an_endpoint(a_client())
    with pytest.raises(EndpointRefused, match="only services of our own"):
        an_endpoint(a_client(first_party=False))
    with transaction():
        theirs.client.first_party = False
    user = user_at(EMAIL)
    for endpoint in (ours, theirs):
        signed_in_to(user, endpoint)
    with transaction():
        user_at(EMAIL).preferred_name = "Kate the Great"
    told = {message.endpoint_id for message in db.session.query(WebhookMessage)}
    assert told == {ours.id}


def test_case_34_an_account_that_is_made_on_the_way_is_not_told_before_the_person_allows_it(
    app: Flask, register: MemoryRegister
) -> None:
    service = a_relying_party(app, first_party=False, scope="openid email")
    newcomer = Person(app, "new@example.com", secret="n" * 43)
    newcomer.come_from(service.ask())
    newcomer.sign_in()
    newcomer.say_who()
    assert newcomer.check().h1 == QUESTION
    newcomer.submit("Do not allow")
    assert count_of(ServiceUse) == 0
    assert "There is no service that you share your details with" in newcomer.get("/account/services").text
