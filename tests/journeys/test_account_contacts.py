"""Another address, number or name: proved, told to both sides, and true for services afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import AuditEvent, BrowserSession, Contact, User
from identity_provider.services import contact_changes
from tests.builders import NOW, a_user
from tests.journeys.contacts import NEW, NUMBER, change, code_for, told
from tests.journeys.travel import EMAIL, newest_code, user_at
from tests.kit.outside import OutsideWorld
from tests.kit.owners import Owner
from tests.test_jobs import work
from tests.webhooks.listeners import an_endpoint, let_the_worker_work, read, signed_in_to


@pytest.fixture
def owner(app: Flask) -> Owner:
    return Owner(app, email=EMAIL, last_name="Bush")


def person_of(owner: Owner) -> User:
    db.session.rollback()
    return db.session.get_one(User, owner.person.id, populate_existing=True)


def test_an_address_is_changed_once_the_new_one_is_proved(owner: Owner, clock: ManualClock) -> None:
    other = Owner(owner.app, owner.person)
    owner.get("/account/email")
    page = owner.submit(email=NEW)
    assert (page.h1, NEW in page.text) == ("Check your email", True)
    assert person_of(owner).email == EMAIL
    clock.advance(timedelta(minutes=1))
    page = owner.submit(code=code_for(NEW))
    assert "You sign in with your new email address from now on" in page.text
    person = person_of(owner)
    assert (person.email, person.email_verified_at, person.updated_at) == (NEW, clock.now(), clock.now())
    assert told(EMAIL) == ["contact_changed"]
    assert told(NEW) == ["new_address_in_use", "new_email_code"]
    assert other.get("/account").path == "/account/sign-in", "other devices are signed out"
    event = db.session.query(AuditEvent).filter_by(action="email_changed").one()
    assert (event.before, event.after, event.actor_type) == ({"email": EMAIL}, {"email": NEW}, "user")


def test_case_25_the_session_has_another_secret_after_the_change(owner: Owner) -> None:
    change(owner, Contact.EMAIL, NEW)
    thief = Owner(owner.app, owner.person)
    thief.client.set_cookie("session", owner.secret)
    assert thief.get("/account").path == "/account/sign-in"
    assert owner.get("/account").path == "/account"


def test_services_are_told_of_real_changes_only(owner: Owner, outside: OutsideWorld) -> None:
    signed_in_to(person_of(owner), an_endpoint())
    owner.get("/account/email")
    assert owner.submit(email=EMAIL).errors == ["Enter an email address that is not the one you use already"]
    for _ in range(2):
        owner.get("/account/preferred-name")
        owner.submit(choice="other", other="Kitty")
    let_the_worker_work()
    change(owner, Contact.EMAIL, NEW)
    let_the_worker_work()
    told_of = [read(each)["message"]["changes"] for each in outside.services.messages]
    assert told_of == [{"preferredName": "Kitty"}, {"emailAddress": NEW}]
    assert db.session.query(AuditEvent).filter_by(action="preferred_name_changed").count() == 1


def test_case_28_an_address_of_another_account_looks_like_any_other(owner: Owner) -> None:
    a_user(email="ben@example.com")
    texts = []
    for address in ("ben@example.com", "nobody@example.com"):
        owner.get("/account/email")
        texts.append(owner.submit(email=address).text.replace(address, "-"))
    assert texts[0] == texts[1]
    assert (told("ben@example.com"), told("nobody@example.com")) == (["address_wanted"], ["new_email_code"])
    with pytest.raises(AssertionError, match="no code"):
        code_for("ben@example.com")


def test_an_address_that_was_taken_meanwhile_is_not_taken_over(owner: Owner) -> None:
    owner.get("/account/email")
    owner.submit(email=NEW)
    code = code_for(NEW)
    a_user(email=NEW)
    assert owner.submit(code=code).errors == ["The code you entered is not correct or can no longer be used"]
    assert person_of(owner).email == EMAIL


def test_a_mailbox_that_others_read_is_asked_about_twice(owner: Owner) -> None:
    owner.get("/account/email")
    assert owner.submit(email="office@school.example").h1 == "This email address may be shared"
    assert told("office@school.example") == []
    assert owner.submit("Keep using this email address").h1 == "Check your email"
    assert told("office@school.example") == ["new_email_code"]


def test_case_29_five_tries_and_no_more(owner: Owner) -> None:
    owner.get("/account/email")
    owner.submit(email=NEW)
    code = code_for(NEW)
    for _ in range(5):
        owner.submit(code=str((int(code) + 1) % 1_000_000).zfill(6))
    assert "You need a new code" in owner.visited[-1].text
    owner.post("/account/email/code", code=code)
    assert person_of(owner).email == EMAIL


def test_a_code_is_good_in_the_session_that_asked_only(owner: Owner) -> None:
    other = Owner(owner.app, owner.person)
    owner.get("/account/email")
    owner.submit(email=NEW)
    assert other.get("/account/email/code").path == "/account/email"


def test_who_signed_in_a_while_ago_enters_another_code_first(app: Flask, clock: ManualClock) -> None:
    owner = Owner(app, email=EMAIL, ago=timedelta(minutes=16))
    page = owner.get("/account/email")
    assert page.h1 == "Check that it is you"
    assert owner.post("/account/email", email=NEW).h1 == "Check that it is you"
    assert owner.post("/account/mobile/remove").h1 == "Check that it is you"
    owner.get("/account/email")
    assert owner.submit("Send a code").h1 == "Check your email"
    assert owner.submit(code="000000").errors
    assert owner.submit(code=newest_code(EMAIL)).h1 == "What is your new email address?"
    db.session.rollback()
    session = db.session.query(BrowserSession).populate_existing().one()
    assert session.authenticated_at == clock.now()


def test_a_mobile_number_is_added_changed_and_removed(owner: Owner) -> None:
    owner.get("/account/mobile")
    assert owner.submit(mobile="020 7946 0958").errors == [
        "Enter a mobile phone number, like 07700 900 982 or +44 7700 900 982"
    ]
    page = owner.submit(mobile="07700 900 123")
    assert (page.h1, "+44 7700 900123" in page.text) == ("Check your phone", True)
    page = owner.submit(code=code_for(NUMBER))
    assert "We have your new mobile number" in page.text
    assert "+44 7700 900123" in page.text
    assert person_of(owner).mobile_number == NUMBER
    assert person_of(owner).mobile_verified_at is not None
    assert told(EMAIL) == ["contact_changed"]
    change(owner, Contact.MOBILE, "+33612345678")
    assert "sms_contact_changed" in told(NUMBER)
    owner.get("/account/mobile")
    owner.click("Remove my mobile number")
    assert "We do not hold your mobile number any more" in owner.submit("Remove my mobile number").text
    assert (person_of(owner).mobile_number, person_of(owner).mobile_verified_at) == (None, None)


def test_the_worker_sends_the_code_and_the_warning_as_text_messages(owner: Owner, outside: OutsideWorld) -> None:
    outside.mailer.down = True
    owner.get("/account/mobile")
    assert owner.submit(mobile=NUMBER).h1 == "Check your phone", "nobody waits for a provider that is down"
    outside.mailer.down = False
    code = code_for(NUMBER)
    work()
    owner.submit(code=code)
    change(owner, Contact.MOBILE, "+33612345678")
    work()
    sent = [(each.to, each.text) for each in outside.mailer.texts]
    assert (NUMBER, f"{code} is your code to confirm this mobile number. It works for 10 minutes.") in [
        (to, text.partition(" Do not")[0]) for to, text in sent
    ]
    assert any(to == NUMBER and "/account/put-back/" in text for to, text in sent)


def test_text_messages_are_few(owner: Owner) -> None:
    for _ in range(contact_changes.TEXTS_PER_NUMBER.count):
        owner.get("/account/mobile")
        owner.submit(mobile=NUMBER)
    owner.get("/account/mobile")
    page = owner.submit(mobile=NUMBER)
    assert (page.status, page.h1) == (429, "You have tried too often")
    assert len(told(NUMBER)) == contact_changes.TEXTS_PER_NUMBER.count


@pytest.mark.parametrize(
    "path", ["/account/email", "/account/mobile", "/account/mobile/remove", "/account/preferred-name"]
)
def test_case_23_another_site_changes_nothing(owner: Owner, path: str) -> None:
    owner.get("/account")
    assert owner.post(path, token=False, email=NEW, mobile=NUMBER, choice="short").status == 400


def test_an_account_that_is_locked_meanwhile_changes_nothing(owner: Owner) -> None:
    owner.get("/account/email")
    owner.submit(email=NEW)
    code = code_for(NEW)
    with transaction():
        user_at(EMAIL).locked_at = NOW
    assert owner.submit(code=code).path == "/account/sign-in"
    assert person_of(owner).email == EMAIL
