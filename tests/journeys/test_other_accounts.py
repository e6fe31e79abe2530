"""One person, two addresses: they are offered the account that they have, and end with one."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.kit import emails
from identity_provider.kit.app import ports
from identity_provider.models import AuditEvent, BrowserSession, Client, OutboxMessage, SupportTicket, User
from tests.builders import a_client, a_record, a_user
from tests.journeys.test_known_person import a_pending_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.test_passkeys import a_device_of
from tests.journeys.travel import BORN, EMAIL, Traveller, count_of, newest_code, user_at

OLD = "kb@oldschool.example.com"


def at_the_contested_record(app: Flask, register: MemoryRegister, client: Client | None = None) -> Traveller:
    register.records = [a_record()]
    a_user(email=OLD, first_name="Catherine", last_name="Bishop", trn="1234567")
    person = Traveller(app)
    person.set_out(client)
    person.prove()
    person.say_who()
    person.say_more(nino="AB123456C")
    person.check()
    return person


def test_the_holder_s_address_is_proved_and_one_account_remains(app: Flask, register: MemoryRegister) -> None:
    person = at_the_contested_record(app, register)
    holder = user_at(OLD).id
    assert person.here.h1 == "Your teaching record is linked to another email address"
    assert "k****@o****.com" in person.here.text
    assert OLD not in person.here.response.text
    assert count_of(User) == 1
    page = person.submit("Continue", code=newest_code(OLD))
    assert page.h1 == "Which email address do you want to use?"
    assert person.submit(email=EMAIL).h1 == "We found your teaching record"
    user = user_at(EMAIL)
    assert (user.id, user.trn) == (holder, "1234567")
    assert count_of(User) == 1
    told = db.session.query(OutboxMessage.recipient).filter(OutboxMessage.kind == "email_changed").all()
    assert sorted(row.recipient for row in told) == [EMAIL, OLD]
    assert person.submit().path == person.answer_path


def test_the_old_address_may_be_kept(app: Flask, register: MemoryRegister) -> None:
    person = at_the_contested_record(app, register)
    person.submit("Continue", code=newest_code(OLD))
    person.submit(email=OLD)
    assert user_at(OLD).trn == "1234567"
    assert count_of(User, User.email == EMAIL) == 0


def test_a_pending_account_becomes_part_of_the_one_that_has_the_record(app: Flask, register: MemoryRegister) -> None:
    mine = a_pending_user().id
    register.records = [a_stranger()]
    first = Traveller(app, "1" * 43)
    first.set_out()
    first.prove()
    assert count_of(SupportTicket, SupportTicket.status == "open") == 1
    register.records = [a_record()]
    holder = a_user(email=OLD, trn="1234567").id
    person = Traveller(app)
    person.set_out()
    assert person.prove().h1 == "Your teaching record is linked to another email address"
    person.submit("Continue", code=newest_code(OLD))
    assert person.submit(email=EMAIL).path == person.answer_path
    db.session.rollback()
    assert db.session.get_one(User, mine).merged_into_id == holder
    assert user_at(EMAIL).id == holder
    assert count_of(SupportTicket, SupportTicket.status == "open") == 0
    assert count_of(BrowserSession, BrowserSession.user_id == mine, BrowserSession.ended_at.is_(None)) == 0
    assert count_of(AuditEvent, AuditEvent.action == "user_merged") == 1


@pytest.mark.parametrize("has_passkey", [True, False])
@pytest.mark.parametrize(("kept", "kind"), [(OLD, "accounts_merged"), (EMAIL, "email_changed")])
def test_both_addresses_are_told_what_opens_the_one_account_now(
    app: Flask, register: MemoryRegister, kept: str, kind: str, has_passkey: bool
) -> None:
    """Whoever reads the mail of an account for a moment could make one of theirs, with their keys, part of it."""
    mine = a_pending_user()
    if has_passkey:
        a_device_of(mine)
    register.records = [a_record()]
    a_user(email=OLD, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.submit("Continue", code=newest_code(OLD))
    person.submit(email=kept)
    sent = db.session.query(OutboxMessage).filter(OutboxMessage.kind.in_(["accounts_merged", "email_changed"])).all()
    assert {(each.kind, each.recipient) for each in sent} == {(kind, EMAIL), (kind, OLD)}
    written = [emails.write(each, now=ports().clock.now()) for each in sent]
    assert ["The passkeys of both accounts" in each[1] for each in written if each is not None] == [has_passkey] * 2
    if kind == "accounts_merged":
        assert {each.recipient: each.payload["kept"] for each in sent} == {OLD: True, EMAIL: False}


def test_without_access_to_the_holder_s_address_the_helpdesk_decides(app: Flask, register: MemoryRegister) -> None:
    person = at_the_contested_record(app, register)
    page = person.submit("I cannot use that address")
    case = db.session.query(SupportTicket).one()
    assert page.h1 == "Your teaching record is linked to another email address"
    assert f"We have passed this to our support team. Your reference is: {case.reference}" in page.text
    assert "find out which account the record belongs to" in page.text
    untrue = ("not found your teaching record", "look for your record", "finish looking", "GOV.UK One Login")
    assert [each for each in untrue if each in page.text] == []
    user = user_at(EMAIL)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.PENDING, LookupReason.STATED_TRN_CONFLICTS)
    assert count_of(SupportTicket) == 1
    assert user_at(OLD).trn == "1234567"


@pytest.mark.parametrize("tickets", [True, False])
def test_a_service_that_requires_a_record_waits_until_it_is_settled_whose_it_is(
    app: Flask, register: MemoryRegister, *, tickets: bool
) -> None:
    client = a_client(trn_requirement=TrnRequirement.REQUIRED, raise_tickets=tickets)
    page = at_the_contested_record(app, register, client).submit("I cannot use that address")
    assert "You can continue to this service when it is settled which account the record belongs to." in page.text
    assert "finish looking" not in page.text
    assert ("Your reference is: GAI-" in page.text) is tickets
    assert ("To have this settled, email identity.help@example.org" in page.text) is not tickets


def test_a_wrong_code_for_the_other_address_opens_nothing(app: Flask, register: MemoryRegister) -> None:
    person = at_the_contested_record(app, register)
    wrong = str((int(newest_code(OLD)) + 1) % 1_000_000).zfill(6)
    assert person.submit("Continue", code=wrong).status == 422
    assert person.get(person.step("choose-email")).path == person.step("trn-in-use")
    assert person.post(person.step("choose-email"), email=EMAIL).path == person.step("trn-in-use")


def test_an_account_with_the_same_name_and_birthday_is_offered(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    there = a_user(email=OLD, first_name="KATE", last_name="O’Bush", date_of_birth=BORN, trn="1234567").id
    person = Traveller(app)
    person.set_out()
    person.prove()
    page = person.say_who(last="O'Bush")
    assert page.h1 == "You may already have an account"
    assert "k****@o****.com" in page.text
    assert person.submit(mine="yes").h1 == "Check your other email address"
    assert person.submit(code=newest_code(OLD)).h1 == "Which email address do you want to use?"
    assert person.submit(email=EMAIL).path == person.answer_path
    assert user_at(EMAIL).id == there
    assert count_of(User) == 1


def test_the_offer_can_be_declined(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    a_user(email=OLD, last_name="Bush", date_of_birth=BORN)
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    assert person.submit(mine="no").h1 == "Do you have a National Insurance number?"
    person.get(person.step("existing-account"))
    person.submit(mine="yes")
    assert person.click("I cannot read emails sent to that address").h1 == "You may already have an account"
    assert person.submit(mine="no").h1 == "Do you have a National Insurance number?"
    assert newest_code(OLD)
    person.say_more()
    person.check()
    assert count_of(User) == 2
