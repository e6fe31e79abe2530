"""A service that requires a record turns people away: they read what is true of them, and what they can do."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, pending
from identity_provider.models import SupportTicket, User
from identity_provider.services import trn_links
from identity_provider.services.audit import Actor
from identity_provider.services.case_work import NO_TRN
from tests.builders import ASKED, NOW, a_client, a_record, a_staff_user, a_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, Traveller, count_of, user_at

NOBODY = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)
LOOKING = ("still looking", "finish looking", "A member of the team", "when we have found", "5 working days")
HELPDESK = "identity.help@example.org"
ANSWERS: dict[str, Any] = {
    "stated_has_nino": False,
    "stated_has_trn": False,
    "stated_has_qts": False,
    "stated_further": ASKED,
}


def at_the_service(app: Flask, requirement: TrnRequirement, state: LookupState) -> Traveller:
    """Somebody who was without a record before, at a service that asks for one."""
    client = a_client(trn_requirement=requirement)
    user = a_user(email=EMAIL, last_name="Bush", asked_again_at=NOW, **ANSWERS)
    with transaction():
        trn_links.stand_at(user, state, actor=Actor.of(a_staff_user()), now=NOW)
    person = Traveller(app)
    person.set_out(client)
    person.prove()
    assert person.here.path == person.step("outcome")
    return person


@pytest.mark.parametrize(
    ("state", "said"),
    [(NOBODY, "with the answers that you gave us, and found none"), (NO_TRN, "confirmed that there is none")],
)
def test_who_has_no_record_is_told_so_and_not_that_somebody_is_looking(
    app: Flask, register: MemoryRegister, state: LookupState, said: str
) -> None:
    register.records = [a_stranger()]
    person = at_the_service(app, TrnRequirement.REQUIRED, state)
    page = person.here
    assert said in page.text
    assert "This service needs a teaching record. You cannot continue to it without one." in page.text
    assert not [each for each in LOOKING if each in page.text]
    assert f"email {HELPDESK} and tell us your name" in page.text
    assert count_of(SupportTicket) == 0
    page = person.click("Return to Register for an NPQ")
    assert (page.location or "").startswith("https://npq.example.org/callback?error=access_denied")


def test_who_was_found_nowhere_may_change_an_answer_and_is_found(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = at_the_service(app, TrnRequirement.REQUIRED, NOBODY)
    page = person.submit("Check my answers")
    assert page.h1 == "Check your answers"
    register.records = [a_stranger(), a_record()]
    person.get(person.step("national-insurance-number"))
    person.submit(has="yes", number="AB123456C")
    assert person.check().h1 == "We found your teaching record"
    assert user_at(EMAIL).trn == "1234567"


def test_an_answer_that_speaks_for_a_record_gives_them_to_the_helpdesk(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = at_the_service(app, TrnRequirement.REQUIRED, NOBODY)
    person.submit("Check my answers")
    person.get(person.step("qualified-teacher-status"))
    person.submit(has_qts="yes")
    person.submit(training_provider="Example College")
    person.check()
    page = person.submit("Continue without changing anything")
    assert page.h1 == "We have not found your teaching record yet"
    assert "finish looking" in page.text
    assert count_of(SupportTicket) == 1


def test_answers_are_looked_at_again_three_times_and_no_more(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = at_the_service(app, TrnRequirement.REQUIRED, NOBODY)
    token = person.here.form().values["csrf_token"][0]
    for _ in range(3):
        person.submit("Check my answers")
        person.check()
        if person.here.path == person.step("no-match"):
            person.submit("Continue without changing anything")
    assert person.here.h1 == "You do not seem to have a teaching record"
    assert "change it and we will look again" not in person.here.text
    person.post(person.step("outcome"), token=False, csrf_token=token, next="change")
    assert person.here.path == person.step("outcome")


def test_what_the_helpdesk_confirmed_is_not_changed_by_other_answers(app: Flask, register: MemoryRegister) -> None:
    person = at_the_service(app, TrnRequirement.REQUIRED, NO_TRN)
    assert [form.values.get("next") for form in person.here.forms if "next" in form.names] == []


@pytest.mark.parametrize("requirement", TrnRequirement)
def test_an_empty_answer_does_not_overrule_people_who_look(
    app: Flask, register: MemoryRegister, requirement: TrnRequirement
) -> None:
    """A case was opened of what they said before: only who works on it says that there is no record."""
    register.records = [a_stranger()]
    client = a_client(trn_requirement=requirement)
    person = Traveller(app)
    person.set_out(client)
    person.prove()
    person.say_who()
    person.say_more(trn="1111111")
    person.check()
    person.submit("Continue without changing anything")
    user = db.session.scalars(db.select(User)).one()
    assert (user.lookup_state, count_of(SupportTicket)) == (pending(LookupReason.STATED_TRN_NOT_FOUND), 1)
    with transaction():
        for name, said in ANSWERS.items():
            setattr(user, name, said)
        user.stated_trn = None
        user.asked_again_at = NOW
    again = Traveller(app, "d" * 43)
    again.set_out(client)
    again.prove()
    db.session.expire_all()
    user = db.session.scalars(db.select(User)).one()
    assert user.lookup_state == pending(LookupReason.WITH_HELPDESK)
    assert count_of(SupportTicket) == 1


def test_nobody_is_said_to_look_where_the_service_wants_no_tickets(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out(a_client(trn_requirement=TrnRequirement.REQUIRED, raise_tickets=False))
    person.prove()
    person.say_who()
    person.say_more(trn="1111111")
    person.check()
    page = person.submit("Continue without changing anything")
    assert "finish looking" not in page.text
    assert "You can continue to this service when we have found your teaching record." in page.text
    assert HELPDESK in page.text
