"""People without a TRN: what is asked before that is said, what is kept of it, and a record that turns up later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister, MemoryServices
from identity_provider.db import db
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import Client, Lookup, SupportTicket
from identity_provider.services import kept_lookups, subject_access
from identity_provider.services.register_followup import look_everybody_up_again
from tests.builders import NOW, a_client, a_record, a_user
from tests.console.agents import Agent
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, Traveller, count_of, newest_code, user_at
from tests.kit.outside import OutsideWorld
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn
from tests.webhooks.listeners import an_endpoint, let_the_worker_work, read

ASKED = ["other-names", "teacher-training", "work-in-schools"]


def page_of(person: Traveller) -> str:
    return person.here.path.rsplit("/", 1)[1]


def up_to_qts(app: Flask, **client: Any) -> Traveller:
    """Nobody like them was found, and they say that they have neither a TRN nor QTS."""
    person = Traveller(app)
    person.set_out(a_client(**client))
    person.prove()
    person.say_who()
    person.submit(has="no")
    person.submit(has="no")
    person.submit(has_qts="no")
    return person


def deciding_search() -> Lookup:
    db.session.rollback()
    return db.session.query(Lookup).filter(Lookup.occasion == "check_answers").one()


def test_before_none_is_said_the_person_is_asked_what_may_have_gone_wrong(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person, seen = up_to_qts(app, trn_requirement=TrnRequirement.REQUIRED_IF_HELD), []
    for answer in ({"other_names": "no"}, {"training": "no"}, {"work": "other", "role": "Site manager"}):
        seen.append(page_of(person))
        person.submit(**answer)
    assert seen == ASKED
    assert page_of(person) == "check-answers"
    for told in ("Other names or spellings No other names", "Teacher training No", "another role: Site manager"):
        assert told in person.here.text
    person.check()
    assert user_at(EMAIL).lookup_status is LookupStatus.PENDING, "not before they could have corrected themselves"
    person.submit("Continue without changing anything")
    user = user_at(EMAIL)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.NONE, LookupReason.NO_RECORD)
    assert person.submit("Continue to Register for an NPQ").path == person.answer_path
    said = kept_lookups.said_in(deciding_search())
    assert said == {
        "previous_names": False,
        "national_insurance_number": False,
        "teacher_reference_number": False,
        "qualified_teacher_status": False,
        "other_names": [],
        "training": "no",
        "training_when": "",
        "school_work": "other",
        "school_role": "Site manager",
    }
    told = subject_access.everything_about(user, now=NOW)["searches_of_the_register"]
    assert said in [each["said"] for each in told]


def test_who_is_found_is_asked_nothing_more(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    assert page_of(person) == "national-insurance-number"
    person.submit(has="yes", number="AB123456C")
    assert page_of(person) == "check-answers"


def test_who_is_near_a_record_is_asked_nothing_more(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(nino=""), a_record("7654321", nino="")]
    person = up_to_qts(app)
    assert page_of(person) == "check-answers"


@pytest.mark.parametrize("claim", [{"trn": "1111111"}, {"qts": "yes"}])
def test_who_claims_a_record_is_asked_nothing_more(app: Flask, register: MemoryRegister, claim: dict[str, str]) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(**claim)
    assert not [each for each in person.visited if each.path.rsplit("/", 1)[1] in ASKED]


def test_another_spelling_finds_the_record(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(first_name="Wilhelmina", last_name="Quigley"), a_stranger()]
    person = up_to_qts(app)
    assert page_of(person) == "other-names"
    person.submit(other_names="yes", other_first_name="Wilhelmina", other_last_name="Quigley")
    assert page_of(person) == "check-answers"
    person.check()
    assert user_at(EMAIL).lookup_reason is not LookupReason.NO_RECORD
    assert user_at(EMAIL).lookup_status is not LookupStatus.NONE


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"training": "england-or-wales", "where": "Example College"}, "in England or Wales: Example College"),
        ({"training": "elsewhere", "where": "Ghana", "recognised": "yes"}, "awarded QTS in England: Ghana"),
    ],
)
def test_training_that_speaks_for_a_record_is_pending_and_the_agent_reads_it(
    app: Flask, register: MemoryRegister, training: dict[str, str], words: str
) -> None:
    register.records = [a_stranger()]
    person = up_to_qts(app, trn_requirement=TrnRequirement.REQUIRED_IF_HELD)
    person.submit(other_names="no")
    person.submit(training=training.pop("training"))
    person.submit(**training)
    person.submit(work="teacher")
    person.check()
    page = person.submit("Continue without changing anything")
    user = user_at(EMAIL)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.PENDING, LookupReason.CLAIMS_QTS)
    assert person.get(person.answer_path).path == person.step("outcome"), "not let back to the service"
    [case] = db.session.query(SupportTicket).all()
    assert case.reference in page.text
    agent = Agent(app)
    agent.sign_in()
    shown = agent.get(f"/support/cases/{case.id}").text
    assert words in shown
    assert "Yes, as a teacher or lecturer" in shown


def test_a_register_that_was_silent_at_first_leads_to_the_questions_all_the_same(
    app: Flask, register: MemoryRegister
) -> None:
    register.records, register.down = [a_stranger()], True
    person = up_to_qts(app)
    assert page_of(person) == "check-answers"
    register.down = False
    person.check()
    assert page_of(person) == "other-names"
    assert person.journey.submissions == 0
    person.say_more()
    person.check()
    person.submit("Continue without changing anything")
    assert user_at(EMAIL).lookup_status is LookupStatus.NONE


def test_who_left_before_the_questions_is_asked_when_they_return(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    a_user(email=EMAIL, last_name="Bush", stated_has_nino=False, stated_has_trn=False, stated_has_qts=False)
    person = Traveller(app)
    person.set_out(a_client(trn_requirement=TrnRequirement.REQUIRED_IF_HELD))
    person.prove()
    assert page_of(person) == "other-names"
    assert count_of(SupportTicket) == 0, "who is still to be asked is no case for people"
    person.say_more()
    person.check()
    person.submit("Continue without changing anything")
    assert user_at(EMAIL).lookup_status is LookupStatus.NONE
    assert count_of(SupportTicket) == 0
    again = Traveller(app, "c" * 43)
    again.set_out()
    assert again.prove().path == again.answer_path, "and never again"


def test_who_gains_a_trn_is_found_when_they_sign_in_again(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    party = a_relying_party(app, trn_requirement=TrnRequirement.REQUIRED_IF_HELD)
    first = _sign_in(app, party, nino="AB123456C")
    register.records = [a_stranger(), a_record()]
    second = _sign_in(app, party)
    assert (first.claims["trn_lookup_status"], second.claims["trn_lookup_status"]) == ("None", "Found")
    assert (second.claims["sub"], second.claims["trn"]) == (first.claims["sub"], "1234567")


def test_nobody_skips_the_questions(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = up_to_qts(app)
    for step in ("check-answers", "no-match", "outcome", "work-in-schools"):
        person.post(person.step(step), next="continue", work="no")
        assert page_of(person) == "other-names", step
    assert count_of(Lookup, Lookup.said_sealed.is_not(None)) == 0


def _sign_in(app: Flask, party: RelyingParty, **more: str) -> SignedIn:
    """From the service's request, through every page that is shown, to a validated ID token."""
    person, asked = Traveller(app), party.ask()
    person.client.set_cookie("browser", uuid4().hex)
    page = person.get(asked.path)
    person.journey_id = UUID(page.path.split("/")[2])
    person.submit(email=EMAIL)
    person.submit(code=newest_code(EMAIL))
    if person.here.location is None:
        person.say_who()
        person.say_more(**more)
        person.check()
        person.submit("Continue without changing anything")
        person.submit("Continue to Register for an NPQ")
    return party.finish(person.here.location or "", asked)


def test_who_gains_a_trn_later_is_found_linked_and_told_of_under_the_same_subject(
    app: Flask, register: MemoryRegister, outside: OutsideWorld, clock: ManualClock
) -> None:
    """Over the protocol: None at first, then the register changes, the worker finds them, the service hears of it."""
    services: MemoryServices = outside.services
    register.records = [a_stranger()]
    party = a_relying_party(app, trn_requirement=TrnRequirement.REQUIRED_IF_HELD)
    endpoint = an_endpoint(db.session.get_one(Client, party.client_id))
    first = _sign_in(app, party, nino="AB123456C")
    assert (first.claims["trn_lookup_status"], "trn" in first.claims) == ("None", False)
    let_the_worker_work()
    services.messages.clear()
    register.records = [a_stranger(), a_record()]
    assert look_everybody_up_again() == 1
    let_the_worker_work()
    [told] = [read(each) for each in services.messages if each[0] == endpoint.url]
    assert (told["messageType"], told["message"]["user"]["userId"]) == ("UserUpdated", first.claims["sub"])
    assert told["message"]["changes"] == {"trn": "1234567", "trnLookupStatus": "Found"}
    clock.advance(timedelta(minutes=1))
    second = _sign_in(app, party)
    assert second.claims["sub"] == first.claims["sub"]
    assert (second.claims["trn"], second.claims["trn_lookup_status"]) == ("1234567", "Found")
