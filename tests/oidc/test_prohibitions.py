"""Services that refuse people with a prohibition: no code, no token and no refresh, whatever any page believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.lookup import LookupReason, VerificationLevel, pending
from identity_provider.domain.prohibitions import Standing, standing
from identity_provider.models import Grant
from identity_provider.services import trn_links
from identity_provider.services.audit import SYSTEM
from matching.records import RecordStatus
from tests.builders import a_record, a_user
from tests.journeys.travel import EMAIL, count_of, user_at
from tests.kit.consenting import Person
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import Asked, RelyingParty, Reply

CLEAR: dict[str, Any] = {"has_open_alert": False}
TOLD = "This person cannot be given to this service"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, block_prohibited=True, scope="openid email offline_access")


@pytest.fixture
def person(app: Flask) -> Person:
    a_user(email=EMAIL, trn="1234567")
    return Person(app)


def arrive(service: RelyingParty, person: Person) -> Asked:
    """Come to the service's sign-in and prove the address."""
    asked = service.ask()
    person.come_from(asked)
    person.sign_in()
    return asked


def refresh(service: RelyingParty, token: str) -> Reply:
    return service.token({"grant_type": "refresh_token", "refresh_token": token})


def test_somebody_without_an_alert_signs_in(service: RelyingParty, person: Person, register: MemoryRegister) -> None:
    register.records = [a_record(**CLEAR)]
    asked = arrive(service, person)
    signed_in = service.finish(person.sent_to, asked)
    assert refresh(service, signed_in.token["refresh_token"]).status == 200
    again = service.ask()
    assert service.finish(person.come_from(again).location or "", again).claims["sub"]


def test_somebody_whose_alert_is_no_prohibition_signs_in(
    service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    register.records = [a_record(has_open_alert=True, has_prohibition=False, open_alerts=("Failed induction",))]
    asked = arrive(service, person)
    assert service.finish(person.sent_to, asked).claims["sub"]


@pytest.mark.parametrize("kind", [None, True])
def test_an_alert_of_which_the_kind_is_not_known_counts_as_a_prohibition(
    service: RelyingParty, person: Person, register: MemoryRegister, kind: bool | None
) -> None:
    register.records = [a_record(has_open_alert=True, has_prohibition=kind)]
    arrive(service, person)
    assert person.here.h1 == "You cannot continue to Register for an NPQ yet"


def test_somebody_with_an_open_alert_gets_no_code_but_words_and_a_way_back(
    service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    register.records = [a_record(has_open_alert=True)]
    asked = arrive(service, person)
    assert person.here.h1 == "You cannot continue to Register for an NPQ yet"
    assert not {"alert", "prohibit", "1234567"} & set(person.here.text.lower().split())
    assert "Try again" not in person.here.text
    person.click("Return to Register for an NPQ")
    answer = service.answer_in(person.sent_to)
    assert (answer["error"], answer["error_description"]) == ("access_denied", TOLD)
    assert (answer["state"], count_of(Grant)) == (asked.state, 0)


def test_whoever_is_signed_in_already_is_judged_all_the_same(
    app: Flask, service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    other = a_relying_party(app, number=2)
    arrive(other, person)
    register.records = [a_record(has_open_alert=True)]
    assert person.come_from(service.ask()).h1 == "You cannot continue to Register for an NPQ yet"
    silent = service.answer_in(person.come_from(service.ask(prompt="none")).location or "")
    assert (silent["error"], silent["error_description"]) == ("access_denied", TOLD)
    assert count_of(Grant, Grant.client_id == service.client_id) == 0


@pytest.mark.parametrize("silence", ["down", "says nothing of alerts", "has lost the record"])
def test_what_is_not_known_is_not_taken_for_no_alert(
    service: RelyingParty, person: Person, register: MemoryRegister, silence: str
) -> None:
    register.down = silence == "down"
    register.records = [a_record()] if silence == "says nothing of alerts" else []
    asked = arrive(service, person)
    assert person.here.h1 == "We could not finish a check just now"
    assert person.submit("Try again").h1 == "We could not finish a check just now"
    silent = service.answer_in(person.come_from(service.ask(prompt="none")).location or "")
    assert silent["error"] == "temporarily_unavailable"
    register.down, register.records = False, [a_record(**CLEAR)]
    person.get(person.step("cannot-continue"))
    person.submit("Try again")
    assert service.finish(person.sent_to, asked).claims["sub"]


def test_who_does_not_wait_for_the_register_takes_along_that_it_was_silent(
    service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    register.down = True
    arrive(service, person)
    person.click("Return to Register for an NPQ")
    assert service.answer_in(person.sent_to)["error"] == "temporarily_unavailable"


def test_an_alert_that_came_after_the_code_stops_the_token(
    service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    register.records = [a_record(**CLEAR)]
    asked = arrive(service, person)
    code = service.code_in(person.sent_to, asked)
    register.records = [a_record(has_open_alert=True)]
    refused = service.redeem(code, asked.verifier)
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    register.records = [a_record(**CLEAR)]
    assert service.redeem(code, asked.verifier).status == 400


def test_an_alert_that_came_later_stops_the_refresh_and_ends_what_was_granted(
    service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    register.records = [a_record(**CLEAR)]
    asked = arrive(service, person)
    token = service.finish(person.sent_to, asked).token
    register.records = [a_record(has_open_alert=True)]
    refused = refresh(service, token["refresh_token"])
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    assert service.http.call("GET", "/connect/userinfo", headers=bearer).status == 401


def test_a_silent_register_uses_up_neither_the_code_nor_the_refresh_token(
    service: RelyingParty, person: Person, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record(**CLEAR)]
    asked = arrive(service, person)
    code = service.code_in(person.sent_to, asked)
    register.down = True
    later = service.redeem(code, asked.verifier)
    assert (later.status, later.json["error"]) == (503, "temporarily_unavailable")
    assert later.headers["Retry-After"]
    register.down = False
    token = service.redeem(code, asked.verifier).json
    register.down = True
    assert refresh(service, token["refresh_token"]).status == 503
    clock.advance(timedelta(minutes=5))
    register.down = False
    assert refresh(service, token["refresh_token"]).status == 200


def test_a_record_that_was_merged_away_is_judged_by_the_one_that_it_became(
    service: RelyingParty, person: Person, register: MemoryRegister
) -> None:
    old = a_record(status=RecordStatus.MERGED, merged_into="7654321")
    register.records = [old, a_record("7654321", has_open_alert=True)]
    arrive(service, person)
    assert person.here.h1 == "You cannot continue to Register for an NPQ yet"


def test_who_is_linked_to_no_record_is_left_to_what_the_service_requires(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("7654321", has_open_alert=True)]
    service = a_relying_party(app, block_prohibited=True, scope="openid email")
    a_user(email=EMAIL)
    person = Person(app)
    asked = arrive(service, person)
    assert service.finish(person.sent_to, asked).claims["sub"]


def test_other_services_are_given_the_person(app: Flask, person: Person, register: MemoryRegister) -> None:
    register.records = [a_record(has_open_alert=True)]
    service = a_relying_party(app)
    asked = arrive(service, person)
    assert service.finish(person.sent_to, asked).userinfo["trn"] == "1234567"


def test_a_trn_that_the_service_requires_and_that_is_gone_stops_code_and_refresh(
    app: Flask, person: Person, clock: ManualClock
) -> None:
    service = a_relying_party(app, trn_requirement=TrnRequirement.REQUIRED, scope="openid trn offline_access")
    asked = arrive(service, person)
    token = service.finish(person.sent_to, asked).token
    again = service.ask()
    code = service.code_in(person.come_from(again).location or "", again)
    with transaction():
        state = pending(LookupReason.WITH_HELPDESK)
        trn_links.unlink(user_at(EMAIL), state, actor=SYSTEM, reason="wrong person", now=clock.now())
    assert service.redeem(code, again.verifier).json["error"] == "invalid_grant"
    assert refresh(service, token["refresh_token"]).json["error"] == "invalid_grant"
    with transaction():
        evidence = trn_links.Evidence(LookupReason.SUPPORT, VerificationLevel.LOW)
        trn_links.link(user_at(EMAIL), "1234567", evidence, actor=SYSTEM, now=clock.now())
    assert refresh(service, token["refresh_token"]).status == 200


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ((False,), Standing.CLEAR),
        ((True,), Standing.PROHIBITED),
        ((None,), Standing.UNKNOWN),
        ((), Standing.UNKNOWN),
        ((False, True), Standing.PROHIBITED),
        ((False, None), Standing.UNKNOWN),
        ((None, True), Standing.PROHIBITED),
    ],
)
def test_only_an_answer_that_speaks_of_alerts_clears_anybody(
    alerts: tuple[bool | None, ...], expected: Standing
) -> None:
    assert standing(alerts) is expected
