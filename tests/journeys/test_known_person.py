"""Somebody who was here before: only the code, and nothing is asked twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.models import BrowserSession, Lookup, SupportTicket, User
from identity_provider.services import trn_links
from identity_provider.services.audit import SYSTEM
from identity_provider.services.statements import NINO_CONTEXT
from identity_provider.vault import vault
from tests.builders import NOW, a_client, a_record, a_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, Traveller, codes_sent_to, count_of, user_at


def a_pending_user(**values: Any) -> User:
    """Somebody who answered every question and was not found."""
    known: dict[str, Any] = {
        "email": EMAIL,
        "last_name": "Bush",
        "stated_has_nino": True,
        "stated_nino_encrypted": vault.seal("AB123456C", NINO_CONTEXT),
        "stated_has_trn": False,
        "stated_has_qts": True,
        "stated_training_provider": "Example College",
    }
    user = a_user(**(known | values))
    with transaction():
        trn_links.stand_at(user, pending(LookupReason.NEAR_MATCH), actor=SYSTEM, now=NOW)
    return user


def test_a_person_with_a_trn_only_enters_a_code(app: Flask) -> None:
    user = a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    assert person.prove().path == person.answer_path
    assert person.journey.user_id == user.id
    assert count_of(Lookup) == 0


def test_the_same_person_at_another_service_is_the_same_person(app: Flask) -> None:
    user = a_user(email=EMAIL, trn="1234567")
    for secret in ("1" * 43, "2" * 43):
        person = Traveller(app, secret)
        person.set_out(a_client())
        assert person.prove().path == person.answer_path
        assert person.journey.user_id == user.id


def test_who_is_signed_in_already_is_asked_nothing(app: Flask) -> None:
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove()
    assert person.set_out(a_client()).path == person.answer_path
    assert codes_sent_to(EMAIL) == 1


def test_a_service_may_ask_for_a_fresh_code(app: Flask, clock: ManualClock) -> None:
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove()
    for demand in ({"prompt": "login"}, {"max_age": 60}):
        clock.advance(timedelta(seconds=61))
        assert person.set_out(**demand).h1 == "What is your email address?"
        assert person.here.form().values["email"] == [EMAIL]
        assert person.prove().path == person.answer_path
    assert count_of(BrowserSession) == 1


def test_the_address_that_the_service_knows_is_filled_in(app: Flask) -> None:
    person = Traveller(app)
    person.set_out(login_hint="someone@example.com")
    assert person.here.form().values["email"] == ["someone@example.com"]


def test_a_pending_person_is_looked_up_again_with_what_they_said_before(app: Flask, register: MemoryRegister) -> None:
    a_pending_user()
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out()
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).trn == "1234567"


def test_a_case_ends_when_a_later_sign_in_finds_the_record(app: Flask, register: MemoryRegister) -> None:
    a_pending_user()
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    assert count_of(SupportTicket, SupportTicket.status == "open") == 1
    register.records = [a_record()]
    again = Traveller(app, "2" * 43)
    again.set_out()
    again.prove()
    assert count_of(SupportTicket, SupportTicket.resolution == "matched_later") == 1


def test_a_register_that_is_down_changes_nothing_for_somebody_known(app: Flask, register: MemoryRegister) -> None:
    a_pending_user()
    register.down = True
    person = Traveller(app)
    person.set_out()
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).lookup_reason is LookupReason.NEAR_MATCH


def test_somebody_who_joined_without_being_asked_is_asked_now(app: Flask, register: MemoryRegister) -> None:
    a_user(email=EMAIL, last_name="Bush")
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out()
    assert person.prove().h1 == "Do you have a National Insurance number?"
    assert person.submit(has="yes", number="AB123456C").h1 == "Check your answers"
    assert "Date of birth" not in person.here.text
    assert person.check().h1 == "We found your teaching record"
    user = user_at(EMAIL)
    assert (user.trn, user.stated_has_nino, user.stated_has_trn) == ("1234567", True, None)


def test_somebody_imported_without_a_birthday_is_asked_for_it(app: Flask, register: MemoryRegister) -> None:
    a_user(email=EMAIL, last_name="Bush", date_of_birth=None)
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out()
    assert person.prove().h1 == "What is your date of birth?"
    assert person.submit(date_of_birth=date(1985, 3, 4)).h1 == "Do you have a National Insurance number?"
    person.say_more(nino="AB123456C")
    person.check()
    user = user_at(EMAIL)
    assert (user.trn, user.date_of_birth) == ("1234567", date(1985, 3, 4))


def test_who_the_helpdesk_found_to_have_no_record_is_asked_nothing(app: Flask, register: MemoryRegister) -> None:
    user = a_user(email=EMAIL)
    with transaction():
        state = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)
        trn_links.stand_at(user, state, actor=SYSTEM, now=NOW)
    person = Traveller(app)
    person.set_out()
    assert person.prove().path == person.answer_path
    assert count_of(Lookup) == 0


def test_a_strict_service_asks_a_known_person_only_for_what_is_missing(app: Flask, register: MemoryRegister) -> None:
    a_user(email=EMAIL, last_name="Bush", trn="1234567", stated_has_nino=True)
    with transaction():
        user_at(EMAIL).stated_nino_encrypted = vault.seal("AB123456C", NINO_CONTEXT)
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out(a_client(match_policy=MatchPolicy.STRICT))
    assert person.prove().h1 == "Do you have a teacher reference number (TRN)?"
    assert person.submit(has="yes", number="1234567").h1 == "Check your answers"
    person.check()
    assert user_at(EMAIL).verification_level is VerificationLevel.MEDIUM


def test_a_session_that_ended_on_the_way_needs_a_fresh_code(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(trn="1111111")
    assert person.check().h1 == "We could not find your teaching record"
    person.client.delete_cookie("session")
    page = person.get(person.step("no-match"))
    assert (page.path, page.h1) == (person.step("code"), "Check your email")
    clock.advance(timedelta(seconds=5))
    person.submit("Send a new code")
    assert person.prove_again().h1 == "We could not find your teaching record"


def test_a_strict_service_that_requires_more_says_so_and_lets_nobody_through(
    app: Flask, register: MemoryRegister
) -> None:
    a_user(email=EMAIL, last_name="Bush", trn="1234567")
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out(a_client(match_policy=MatchPolicy.STRICT, trn_requirement=TrnRequirement.REQUIRED))
    person.prove()
    person.say_more(nino="AB654321D", trn="1234567")
    assert person.check().h1 == "We need more proof that the teaching record is yours"
    assert "Return to Register for an NPQ" in person.here.links
    user = user_at(EMAIL)
    assert (user.trn, user.verification_level) == ("1234567", VerificationLevel.LOW)


def test_who_waits_for_the_helpdesk_sees_their_reference_again_without_a_code(
    app: Flask, register: MemoryRegister
) -> None:
    a_pending_user()
    register.records = [a_stranger()]
    service = a_client(trn_requirement=TrnRequirement.REQUIRED)
    person = Traveller(app)
    person.set_out(service)
    waiting = person.prove()
    assert waiting.h1 == "We have not found your teaching record yet"
    assert person.set_out(service).text == waiting.text
    assert (codes_sent_to(EMAIL), count_of(SupportTicket)) == (1, 1)
