"""Step-up: a strict service meets somebody who was linked with less proof than it wants (domain.md, "Step-up")."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.lookup import VerificationLevel
from identity_provider.models import Grant, SupportTicket
from identity_provider.services.statements import NINO_CONTEXT
from identity_provider.vault import vault
from tests.builders import a_record, a_user
from tests.journeys.travel import EMAIL, count_of, user_at
from tests.kit.consenting import Person
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty

WEAK = "We need more proof that the teaching record is yours"
RIGHT, WRONG = "AB123456C", "AB654321D"


@pytest.fixture
def person(app: Flask, register: MemoryRegister) -> Person:
    """Linked with little proof; they typed their National Insurance number wrongly then, so nothing is missing."""
    register.records = [a_record(has_open_alert=False)]
    a_user(
        email=EMAIL,
        last_name="Bush",
        trn="1234567",
        stated_has_nino=True,
        stated_nino_encrypted=vault.seal(WRONG, NINO_CONTEXT),
        stated_has_trn=True,
        stated_trn="1234567",
        stated_has_qts=True,
    )
    return Person(app)


def a_strict_service(app: Flask, **values: Any) -> RelyingParty:
    return a_relying_party(app, match_policy=MatchPolicy.STRICT, **values)


def prove_more(person: Person, nino: str) -> None:
    """Look at the answers once more and send another number."""
    assert person.submit("Check my answers").h1 == "Check your answers"
    person.click("Change National Insurance number")
    person.submit(has="yes", number=nino)
    person.check()


def test_a_mistake_of_long_ago_is_mended_and_the_service_is_told_the_trn(app: Flask, person: Person) -> None:
    service = a_strict_service(app, trn_requirement=TrnRequirement.REQUIRED)
    asked = service.ask()
    person.come_from(asked)
    assert person.sign_in().h1 == WEAK
    prove_more(person, RIGHT)
    assert person.here.h1 == "We found your teaching record"
    person.submit("Continue to Register for an NPQ")
    told = service.finish(person.sent_to, asked).userinfo
    assert (told["trn"], told["trn_verification_level"]) == ("1234567", "Medium")
    again = service.ask()
    assert service.finish(person.come_from(again).location or "", again).userinfo["trn"] == "1234567"


def test_three_tries_and_then_there_are_people_to_ask(app: Flask, person: Person) -> None:
    service = a_strict_service(app, trn_requirement=TrnRequirement.REQUIRED)
    person.come_from(service.ask())
    person.sign_in()
    for number in ("AB111111A", "AB222222A", "AB333333A"):
        prove_more(person, number)
        assert person.here.h1 == WEAK
    assert "Check my answers" not in person.here.text
    person.get("/account/services")
    assert person.post(person.step("outcome"), next="change").h1 == WEAK
    person.click("Return to Register for an NPQ")
    assert service.answer_in(person.sent_to)["error"] == "access_denied"
    assert (count_of(Grant), count_of(SupportTicket)) == (0, 0)
    assert user_at(EMAIL).verification_level is VerificationLevel.LOW


def test_an_optional_trn_is_left_out_and_nobody_is_stopped(app: Flask, person: Person) -> None:
    service = a_strict_service(app)
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    told = service.finish(person.sent_to, asked)
    for claims in (told.userinfo, told.claims):
        assert "trn" not in claims
        assert claims["trn_lookup_status"] == "Found"


def test_the_api_s_token_holds_no_trn_of_too_little_proof(app: Flask, person: Person) -> None:
    service = a_strict_service(app, scopes=("openid", "dqt:read"), scope="openid dqt:read")
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    code = service.code_in(person.sent_to, asked)
    token = service.redeem(code, asked.verifier).json["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    assert "trn" not in service.http.call("GET", "/connect/userinfo", headers=header).json
    assert "1234567" not in _decoded(token)


def test_somebody_who_answers_at_a_strict_service_is_told_that_it_hears_no_trn(app: Flask, person: Person) -> None:
    a_user(email="ann@example.com", last_name="Bush", first_name="Ann", trn="7654321")
    service, other = a_strict_service(app), Person(app, "ann@example.com", secret="o" * 43)
    other.come_from(service.ask())
    other.sign_in()
    other.say_more(nino=WRONG, trn="7654321")
    page = other.check()
    assert page.h1 == WEAK
    assert "we will not tell it your TRN" in page.text


def _decoded(token: str) -> str:
    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
