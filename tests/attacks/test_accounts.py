"""Attacks on accounts: somebody who has one account, one browser or one mailbox, and wants another person's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus
from identity_provider.models import BrowserSession, CodeChallenge, User
from identity_provider.services import accounts, trn_links
from identity_provider.services.audit import Actor
from matching.records import CandidateAnswer, CandidateQuestion, TeachingRecord
from tests.builders import NOW, a_client, a_record, a_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import BORN, EMAIL, Traveller, codes_sent_to, count_of, newest_code, user_at

VICTIM = "catherine@victim.example.org"
OWN = "mallory@attacker.example.net"


def with_an_account_of_their_own(app: Flask, register: MemoryRegister) -> Traveller:
    """The attacker took the victim's name and birthday for an account, and proves its address in a new journey."""
    register.records = [a_record()]
    a_user(email=VICTIM, first_name="Catherine", last_name="Bush", trn="1234567")
    a_user(email=OWN, first_name="Kate", last_name="Bush", date_of_birth=BORN, last_signed_in_at=NOW)
    attacker = Traveller(app)
    attacker.set_out()
    attacker.prove()
    attacker.say_who()
    attacker.submit(mine="yes")
    assert attacker.submit(code=newest_code(OWN)).h1 == "Which email address do you want to use?"
    return attacker


def assert_untouched(attacker: Traveller) -> None:
    """The victim's account is the victim's, and its address was not shown."""
    victim = user_at(VICTIM)
    assert (victim.trn, victim.email) == ("1234567", VICTIM)
    assert VICTIM not in attacker.here.response.text
    assert count_of(BrowserSession, BrowserSession.user_id == victim.id) == 0


def test_the_proof_of_a_declined_account_opens_no_other_one(app: Flask, register: MemoryRegister) -> None:
    attacker = with_an_account_of_their_own(app, register)
    attacker.get(attacker.step("existing-account"))
    attacker.submit(mine="no")
    attacker.say_more(nino="AB123456C")
    page = attacker.check()
    assert page.h1 == "Your teaching record is linked to another email address"
    assert attacker.post(attacker.step("choose-email"), email=EMAIL).path == attacker.step("trn-in-use")
    assert_untouched(attacker)


def test_the_proof_of_an_account_that_was_chosen_opens_no_other_one(app: Flask, register: MemoryRegister) -> None:
    attacker = with_an_account_of_their_own(app, register)
    attacker.submit(email=OWN)
    attacker.say_more(nino="AB123456C", trn="1234567")
    page = attacker.check()
    assert page.h1 == "Your teaching record is linked to another email address"
    assert attacker.post(attacker.step("choose-email"), email=OWN).path == attacker.step("trn-in-use")
    assert_untouched(attacker)


def test_a_proof_is_of_one_address_and_void_once_the_account_has_another(app: Flask, register: MemoryRegister) -> None:
    attacker = with_an_account_of_their_own(app, register)
    with transaction():
        user_at(OWN).email = "recovered@example.org"
    page = attacker.post(attacker.step("choose-email"), email=EMAIL)
    assert page.path == attacker.step("existing-account-code")
    assert user_at("recovered@example.org").trn is None


def test_an_account_that_was_locked_meanwhile_is_not_taken_over(app: Flask, register: MemoryRegister) -> None:
    attacker = with_an_account_of_their_own(app, register)
    with transaction():
        user_at(OWN).locked_at = NOW
    assert attacker.submit(email=EMAIL).status == 403
    assert user_at(OWN).locked_at is not None


class ChangedMeanwhile(MemoryRegister):
    """A register during whose answer another tab changes what the person says."""

    def __init__(self, traveller: Traveller) -> None:
        super().__init__([a_record(), a_stranger()])
        self.traveller = traveller

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        self._change()
        return super().find_by_identifiers(trn, nino)

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        self._change()
        return super().find_candidates(question)

    def _change(self) -> None:
        with transaction():
            journey = self.traveller.journey
            journey.first_name, journey.last_name = "Mallory", "Quigley"


def test_a_record_is_not_linked_to_another_name_than_the_one_it_was_found_for(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    register.records = [a_stranger()]
    attacker = Traveller(app)
    attacker.set_out()
    attacker.prove()
    attacker.say_who()
    attacker.say_more(nino="AB123456C")
    other_tab = ChangedMeanwhile(attacker)
    monkeypatch.setattr(register, "find_candidates", other_tab.find_candidates, raising=False)
    monkeypatch.setattr(register, "find_by_identifiers", other_tab.find_by_identifiers, raising=False)
    page = attacker.check()
    assert page.h1 == "Check your answers"
    assert "Mallory Quigley" in page.text
    assert count_of(User) == 0
    assert attacker.journey.submissions == 0


def test_two_tabs_make_no_account_of_one_name_with_the_record_of_another(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(), a_stranger()]
    one = Traveller(app)
    one.set_out(a_client())
    two = Traveller(app)
    two.client = one.client
    two.set_out(a_client())
    one.prove()
    two.prove()
    one.say_who(first="Mallory", last="Quigley")
    two.say_who()
    two.say_more(nino="AB123456C")
    one.say_more()
    one.check()
    two.get(two.step("check-answers"))
    assert "Kate Bush" in two.here.text
    assert two.check().path == two.answer_path
    assert (user_at(EMAIL).last_name, user_at(EMAIL).trn) == ("Quigley", None)


def test_who_lost_an_address_is_not_signed_in_by_a_journey_that_it_began(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    user = a_user(email=EMAIL)
    attacker = Traveller(app)
    attacker.set_out(a_client())
    attacker.prove()
    attacker.client.delete_cookie("session")
    attacker.get(attacker.step("code"))
    clock.advance(timedelta(minutes=1))
    with transaction():
        user_at(EMAIL).email = VICTIM
    before = codes_sent_to(EMAIL)
    attacker.submit("Send a new code")
    assert (codes_sent_to(EMAIL), codes_sent_to(VICTIM)) == (before, 1)
    page = attacker.post(attacker.step("code"), code=newest_code(VICTIM))
    assert (page.status, page.h1) == (400, "You need to start again")
    assert count_of(BrowserSession, BrowserSession.user_id == user.id) == 1


def test_an_address_that_is_given_up_ends_what_it_opened(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    survivor = a_user(email=OWN, last_name="Bush")
    elsewhere = Traveller(app, "e" * 43)
    elsewhere.set_out()
    assert elsewhere.prove(OWN).h1 == "Do you have a National Insurance number?"
    with transaction():
        accounts.make_one(accounts.held(survivor.id), None, email=EMAIL, now=elsewhere.journey.created_at)
    assert elsewhere.get(elsewhere.step("national-insurance-number")).status == 410
    assert count_of(BrowserSession, BrowserSession.ended_at.is_(None)) == 0


def test_who_changes_the_address_here_stays_signed_in_here(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_stranger()]
    a_user(email=OWN, last_name="Bush", trn="7654321")
    person = Traveller(app)
    person.set_out()
    person.prove(OWN)
    clock.advance(timedelta(minutes=1))
    person.set_out(a_client(), prompt="login")
    person.prove()
    person.say_who()
    person.submit(mine="yes")
    person.submit(code=newest_code(OWN))
    assert person.submit(email=EMAIL).path == person.answer_path
    assert count_of(BrowserSession, BrowserSession.ended_at.is_(None)) == 1
    assert person.set_out(a_client()).path == person.answer_path


def test_the_next_person_at_a_shared_computer_reads_nothing_of_a_half_done_journey(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_stranger()]
    first = Traveller(app)
    first.set_out()
    first.prove()
    first.say_who()
    assert first.get(first.step("name")).status == 200
    page = first.get("/connect/signout")
    token = first.get(first.step("name")).form().values["csrf_token"][0]
    first.post("/connect/signout/confirm", token=False, csrf_token=token)
    page = first.get(first.step("name"))
    assert page.status == 410
    assert "Bush" not in page.response.text


def test_signing_in_as_somebody_else_ends_what_the_person_before_had_begun(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_stranger()]
    a_user(email=OWN, trn="7654321")
    a_user(email=VICTIM, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove(OWN)
    clock.advance(timedelta(minutes=1))
    person.set_out(prompt="login")
    person.prove()
    person.say_who()
    begun = person.step("name")
    clock.advance(timedelta(minutes=1))
    person.set_out(prompt="login")
    assert person.prove(VICTIM).path == person.answer_path
    assert person.get(begun).status == 410


def test_an_account_that_exists_keeps_its_address_and_no_mail_goes_nowhere(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove("office@example.com")
    person.submit(choice="keep")
    person.say_who()
    person.say_more()
    assert person.check().h1 == "We could not find your teaching record"
    assert person.get(person.step("shared-mailbox")).path == person.step("no-match")
    assert person.post(person.step("shared-mailbox"), choice="another").path == person.step("no-match")
    assert person.journey.email == "office@example.com"
    assert count_of(CodeChallenge, CodeChallenge.address == "") == 0


def test_what_the_helpdesk_confirmed_meanwhile_is_not_overwritten(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more()
    person.check()
    confirmed = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)
    with transaction():
        trn_links.stand_at(user_at(EMAIL), confirmed, actor=Actor("staff", "1"), now=NOW)
    page = person.submit("Continue without changing anything")
    assert page.path != person.step("national-insurance-number")
    assert db.session.scalars(select(User)).one().lookup_state == confirmed
    db.session.rollback()
    assert user_at(EMAIL).lookup_state == confirmed
