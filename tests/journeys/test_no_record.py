"""The record is not found: the person can correct themselves, is helped, and is never taken for nobody."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.kit.app import ports
from identity_provider.models import Lookup, OutboxMessage, SupportTicket
from identity_provider.services import accounts, lookups, rate_limits
from matching.records import TeachingRecord
from tests.builders import a_client, a_record, a_user
from tests.journeys.travel import EMAIL, Traveller, count_of, user_at


def a_stranger(trn: str = "7654321") -> TeachingRecord:
    """A record that resembles nobody in these stories."""
    return a_record(trn, first_name="Aloysius", last_name="Featherstone", date_of_birth=date(1950, 6, 7), nino="")


def up_to_check(person: Traveller, **more: str) -> None:
    person.prove()
    person.say_who()
    person.say_more(**more)


def test_somebody_who_states_an_unknown_trn_is_pending_and_gets_a_reference(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    up_to_check(person, trn="RP 12/34560")
    page = person.check()
    assert page.h1 == "We could not find your teaching record"
    assert "change your answers and try again 2 more times" in page.text
    assert "you have never had a teaching record" in page.text
    assert count_of(SupportTicket) == 0
    page = person.submit("Continue without changing anything")
    case = db.session.query(SupportTicket).one()
    assert page.h1 == "We have not found your teaching record yet"
    assert case.reference in page.text
    assert "5 working days" in page.text
    assert "You do not need to keep this page open" in page.text
    user = user_at(EMAIL)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.PENDING, LookupReason.STATED_TRN_NOT_FOUND)
    assert user.stated_trn == "1234560"
    assert count_of(OutboxMessage, OutboxMessage.kind == "zendesk_open") == 1
    assert person.submit("Continue to Register for an NPQ").path == person.answer_path


def test_somebody_who_says_they_are_qualified_is_pending_not_none(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    up_to_check(person, qts="yes", provider="Example College")
    assert "you have never had a teaching record" not in person.check().text
    person.submit("Continue without changing anything")
    user = user_at(EMAIL)
    assert (user.lookup_reason, user.stated_training_provider) == (LookupReason.CLAIMS_QTS, "Example College")


def test_who_does_not_know_whether_they_have_a_trn_is_pending_not_none(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.submit(has="no")
    person.submit(has="unknown")
    assert "I do not know it, or I am not sure" in person.submit(has_qts="no").text
    person.check()
    person.submit("Continue without changing anything")
    user = user_at(EMAIL)
    assert (user.lookup_status, user.stated_has_trn, user.stated_trn) == (LookupStatus.PENDING, True, None)


def test_a_corrected_answer_finds_the_record(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(last_name="Smythe-Bush", first_name="Katherine"), a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who(first="Zoltan", last="Quigley", born=date(1970, 1, 1))
    person.say_more()
    person.check()
    page = person.submit("Change my answers")
    assert page.h1 == "Check your answers"
    person.get(person.step("name"))
    person.submit(first_name="Katherine", last_name="Smythe-Bush")
    person.submit(choice="short")
    person.get(person.step("date-of-birth"))
    person.submit(date_of_birth=date(1985, 3, 4))
    person.get(person.step("national-insurance-number"))
    person.submit(has="yes", number="AB123456C")
    assert person.here.h1 == "Check your answers"
    assert person.check().h1 == "We found your teaching record"
    user = user_at(EMAIL)
    assert (user.first_name, user.last_name, user.date_of_birth) == ("Katherine", "Smythe-Bush", date(1985, 3, 4))
    assert user.trn == "1234567"


def test_after_three_submissions_the_helpdesk_takes_over(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    up_to_check(person, trn="1111111")
    for _ in range(2):
        assert person.check().h1 == "We could not find your teaching record"
        person.submit("Change my answers")
    assert person.check().h1 == "We have not found your teaching record yet"
    assert person.journey.submissions == 3
    assert count_of(SupportTicket) == 1


def test_a_silent_register_is_said_to_be_silent_and_is_asked_again(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    register.down = True
    person = Traveller(app)
    person.set_out()
    up_to_check(person, nino="AB123456C")
    page = person.check()
    assert page.h1 == "We could not check your teaching record just now"
    user = user_at(EMAIL)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.PENDING, LookupReason.REGISTER_UNAVAILABLE)
    assert count_of(SupportTicket) == 0
    jobs = db.session.execute(text("SELECT args FROM procrastinate_jobs WHERE task_name = 'look_up_again'"))
    assert jobs.scalars().all() == [{"user_id": str(user.id)}]
    with pytest.raises(RegisterUnavailable):
        lookups.look_up_again(user.id, register, ports().clock.now())
    assert user_at(EMAIL).lookup_reason is LookupReason.REGISTER_UNAVAILABLE
    register.down = False
    lookups.look_up_again(user.id, register, ports().clock.now())
    assert user_at(EMAIL).trn == "1234567"
    assert count_of(OutboxMessage, OutboxMessage.kind == "record_found", OutboxMessage.recipient == EMAIL) == 1
    assert person.get(person.step("outcome")).h1 == "We found your teaching record"


def test_an_answer_that_comes_later_and_is_empty_opens_a_case(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    register.down = True
    person = Traveller(app)
    person.set_out()
    up_to_check(person, trn="1111111")
    person.check()
    register.down = False
    lookups.look_up_again(user_at(EMAIL).id, register, ports().clock.now())
    assert user_at(EMAIL).lookup_reason is LookupReason.STATED_TRN_NOT_FOUND
    assert count_of(SupportTicket) == 1


def test_a_broken_adapter_is_no_answer(app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("kate@example.com")

    monkeypatch.setattr(register, "find_candidates", broken, raising=False)
    person = Traveller(app)
    person.set_out()
    up_to_check(person)
    assert person.check().h1 == "We could not check your teaching record just now"
    assert count_of(Lookup, Lookup.outcome == "unanswered", Lookup.reason == "fault") >= 1


def test_an_empty_register_is_no_answer(app: Flask, register: MemoryRegister) -> None:
    person = Traveller(app)
    person.set_out()
    up_to_check(person)
    assert person.check().h1 == "We could not check your teaching record just now"


def test_a_service_that_wants_no_tickets_gets_none(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out(a_client(raise_tickets=False))
    up_to_check(person, trn="1111111")
    person.check()
    page = person.submit("Continue without changing anything")
    assert "will look again whenever you sign in" in page.text
    assert count_of(SupportTicket) == 0


def test_a_service_that_asks_for_no_trn_is_told_nothing_and_nobody_is_asked_for_one(
    app: Flask, register: MemoryRegister
) -> None:
    person = Traveller(app)
    person.set_out(scope="openid email profile")
    person.prove()
    page = person.say_who()
    assert page.h1 == "Check your answers"
    assert person.check().path == person.answer_path
    assert user_at(EMAIL).lookup_reason is LookupReason.NOT_LOOKED_UP
    assert count_of(Lookup) == 0


@pytest.mark.parametrize("requirement", [TrnRequirement.REQUIRED, TrnRequirement.REQUIRED_IF_HELD])
def test_a_service_that_requires_a_trn_does_not_take_a_pending_person_back(
    app: Flask, register: MemoryRegister, requirement: TrnRequirement
) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out(a_client(trn_requirement=requirement))
    up_to_check(person, trn="1111111")
    token = person.check().form().values["csrf_token"][0]
    page = person.submit("Continue without changing anything")
    assert person.post(person.step("outcome"), token=False, csrf_token=token).h1 == page.h1
    assert person.get(person.answer_path).path == person.step("outcome")
    assert person.journey.completed_at is None
    page = person.click("Return to Register for an NPQ")
    assert (page.location or "").startswith("https://npq.example.org/callback?error=access_denied")


def test_too_many_submissions_in_a_day_are_refused_in_hours(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    up_to_check(person)
    with transaction():
        for _ in range(rate_limits.SUBMISSIONS_PER_USER.count):
            rate_limits.count(rate_limits.SUBMISSIONS_PER_USER, EMAIL, now=ports().clock.now())
    page = person.check()
    assert page.status == 429
    assert "hours" in page.text
    assert count_of(Lookup, Lookup.occasion == "check_answers") == 0


def test_who_tries_many_names_is_told_of_no_account(app: Flask, register: MemoryRegister) -> None:
    a_user(email="old@example.com", last_name="Bush")
    with transaction():
        for _ in range(accounts.NAMESAKES_PER_ADDRESS.count):
            rate_limits.count(accounts.NAMESAKES_PER_ADDRESS, EMAIL, now=ports().clock.now())
    person = Traveller(app)
    person.set_out()
    person.prove()
    assert person.say_who().h1 == "Do you have a National Insurance number?"
