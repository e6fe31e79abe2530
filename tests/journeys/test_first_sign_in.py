"""Somebody signs in for the first time."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.models import BrowserSession, Lookup, User
from tests.builders import a_record
from tests.journeys.travel import EMAIL, Traveller, count_of, newest_code, user_at


def test_a_teacher_answers_the_questions_and_goes_back_with_a_trn(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    person = Traveller(app)
    assert person.set_out().h1 == "What is your email address?"
    assert person.prove().h1 == "What is your name?"
    assert person.say_who().h1 == "Do you have a National Insurance number?"
    page = person.say_more(nino="ab 12 34 56 c")
    assert page.h1 == "Check your answers"
    assert "Teacher reference number" not in page.text
    assert person.check().h1 == "We found your teaching record"
    assert person.submit("Continue to Register for an NPQ").path == person.answer_path
    user = user_at(EMAIL)
    assert (user.trn, user.lookup_reason, user.verification_level) == (
        "1234567",
        LookupReason.MATCHED,
        VerificationLevel.LOW,
    )
    assert person.journey.completed_at is not None
    assert count_of(BrowserSession, BrowserSession.user_id == user.id) == 1
    assert count_of(Lookup) == 3
    assert count_of(Lookup, Lookup.user_id == user.id) == 3, "those before there was an account are theirs too"


def test_somebody_whom_nobody_resembles_and_who_claims_nothing_ends_as_none(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record(first_name="Aloysius", last_name="Featherstone", nino="", date_of_birth=None)]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who("Zoltan", "Quigley")
    person.say_more()
    assert person.check().h1 == "We could not find your teaching record"
    assert user_at(EMAIL).lookup_reason is LookupReason.NOT_LOOKED_UP
    page = person.submit("Continue without changing anything")
    assert page.h1 == "You do not seem to have a teaching record"
    assert user_at(EMAIL).lookup_status is LookupStatus.NONE
    assert person.submit().path == person.answer_path
    assert count_of(User) == 1


def test_nothing_that_a_person_states_is_logged(
    app: Flask, register: MemoryRegister, capsys: pytest.CaptureFixture[str]
) -> None:
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    code = newest_code(EMAIL)
    person.submit(code=code)
    person.say_who(first="Xanthippe", last="Bush", previous="Quillfeather")
    person.say_more(nino="AB123456C", trn="1234567")
    person.check()
    logged = capsys.readouterr()
    text = logged.out + logged.err
    assert person.step("code") in text
    for stated in (EMAIL, code, "Xanthippe", "Bush", "Quillfeather", "AB123456C", "1985-03-04"):
        assert stated not in text
