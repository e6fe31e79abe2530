"""A service vouches for whose record an address is: the person proves the address, and nothing is asked."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import delete, update

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.features import Feature
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel, pending
from identity_provider.domain.values import Trn
from identity_provider.kit.app import ports
from identity_provider.models import AuthorizationRequest, TrnLink, TrnToken, User
from identity_provider.services import case_work, features, leaked_trns, trn_links, trn_tokens
from identity_provider.services.audit import SYSTEM, Actor
from matching.records import RecordStatus
from tests.builders import a_client, a_record, a_staff_user, a_user
from tests.journeys.test_known_person import a_pending_user
from tests.journeys.travel import EMAIL, Traveller, codes_sent_to, count_of, newest_code, user_at
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.second_party import SecondParty, just_before

SERVICE = Actor("client", "dqt")
UNLINKED = {"trn": None, "verification_level": None, "lookup_status": "Pending", "lookup_reason": "near_match"}
"""As if the person had never been linked."""


def a_token(trn: str = "1234567", email: str = EMAIL, actor: Actor = SERVICE) -> str:
    with transaction():
        _, token = trn_tokens.make(Trn(trn), email, actor=actor, now=ports().clock.now())
    return token


def leak(trn: str) -> None:
    with transaction():
        leaked_trns.add([trn], source="a list", reason="seen there", actor=SYSTEM, now=ports().clock.now())


def the_token() -> TrnToken:
    db.session.rollback()
    (row,) = db.session.query(TrnToken).execution_options(populate_existing=True)
    return row


def come_with(app: Flask, token: str, secret: str = "1" * 43, scope: str = "openid email trn") -> Traveller:
    person = Traveller(app, secret)
    person.set_out(a_client(), parameters={"trn_token": token}, scope=scope)
    return person


def test_somebody_new_only_enters_a_code(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    person = come_with(app, a_token())
    assert person.prove().path == person.answer_path
    user = user_at(EMAIL)
    assert (user.trn, user.lookup_status, user.lookup_reason) == ("1234567", "Found", LookupReason.TRN_TOKEN)
    assert user.verification_level is VerificationLevel.MEDIUM
    assert (user.first_name, user.last_name, str(user.date_of_birth)) == ("Kate", "Bush", "1985-03-04")
    assert the_token().used_by_id == user.id


def test_while_tokens_are_switched_off_the_ordinary_questions_are_asked(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    person = come_with(app, a_token())
    with transaction():
        features.switch(Feature.TRN_TOKENS, on=False, reason="misused", actor=SYSTEM, now=ports().clock.now())
    assert person.prove().path != person.answer_path
    assert the_token().used_at is None


def test_without_the_code_nothing_happens(app: Flask, register: MemoryRegister) -> None:
    """The existing service signed in whoever held the link."""
    register.records = [a_record()]
    a_pending_user()
    person = come_with(app, a_token())
    assert person.here.h1 == "What is your email address?"
    person.submit(email=EMAIL)
    assert person.submit(code="000000").errors
    assert the_token().used_at is None
    assert user_at(EMAIL).trn is None


def test_somebody_known_without_a_trn_is_linked(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(last_name="Entirely-Different")]
    user = a_pending_user()
    person = come_with(app, a_token())
    assert person.prove().path == person.answer_path
    linked = user_at(EMAIL)
    assert (linked.id, linked.trn, linked.last_name) == (user.id, "1234567", "Bush")


def part(user: User) -> None:
    with transaction():
        there = db.session.get_one(User, user.id, populate_existing=True)
        waiting = pending(LookupReason.WITH_HELPDESK)
        trn_links.unlink(there, waiting, actor=SYSTEM, reason="not theirs", now=ports().clock.now())


def test_a_token_is_good_once(app: Flask, register: MemoryRegister, clock: ManualClock) -> None:
    register.records = [a_record(first_name="Walter", last_name="Quigley", nino="CD123456A")]
    user, token = a_pending_user(), a_token()
    come_with(app, token).prove()
    assert user_at(EMAIL).trn == "1234567"
    with transaction():
        db.session.execute(delete(TrnLink))
        db.session.execute(update(User).values(**UNLINKED))
    come_with(app, token, "2" * 43).prove()
    assert (user_at(EMAIL).trn, user.email) == (None, EMAIL)


def test_a_link_that_staff_ended_is_not_made_again_by_an_older_token(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record(first_name="Walter", last_name="Quigley", nino="CD123456A")]
    user = a_pending_user()
    older = a_token()
    come_with(app, a_token()).prove()
    clock.advance(timedelta(hours=1))
    part(user)
    come_with(app, older, "2" * 43).prove()
    assert user_at(EMAIL).trn is None
    clock.advance(timedelta(hours=1))
    come_with(app, a_token(), "3" * 43).prove()
    assert user_at(EMAIL).trn == "1234567", "a service that vouches anew is believed"


def test_that_staff_confirmed_no_trn_stands_against_an_older_token(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record(first_name="Walter", last_name="Quigley", nino="CD123456A")]
    user, older = a_pending_user(), a_token()
    clock.advance(timedelta(hours=1))
    with transaction():
        held = db.session.get_one(User, user.id)
        trn_links.stand_at(held, case_work.NO_TRN, actor=Actor.of(a_staff_user()), now=clock.now(), reason="none")
    come_with(app, older).prove()
    assert (user_at(EMAIL).trn, user_at(EMAIL).lookup_status) == (None, "Failed")
    clock.advance(timedelta(hours=1))
    come_with(app, a_token(), "2" * 43).prove()
    assert user_at(EMAIL).trn == "1234567", "a service that vouches anew is believed"


def test_an_older_token_for_a_number_that_leaked_is_left_aside(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record()]
    older = a_token()
    by_staff = a_token(actor=Actor.of(a_staff_user()))
    clock.advance(timedelta(hours=1))
    leak("1234567")
    for number, token in enumerate((older, by_staff, a_token())):
        assert come_with(app, token, str(number) * 43).prove().h1 == "What is your name?"
    assert count_of(User) == 0
    with transaction():
        leaked_trns.remove(["1234567"], reason="a mistake", actor=SYSTEM, now=clock.now())
    person = come_with(app, older, "3" * 43)
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).trn == "1234567"


def test_a_token_that_staff_make_for_a_leaked_number_after_a_warning_links(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record()]
    leak("1234567")
    person = come_with(app, a_token(actor=Actor.of(a_staff_user())))
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).trn == "1234567"


def test_whoever_is_signed_in_is_not_kept_by_a_token_for_a_number_that_leaked(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record(first_name="Walter", last_name="Quigley", nino="CD123456A")]
    a_pending_user()
    token = a_token()
    person = come_with(app, a_token(email="nobody@example.com"))
    person.prove()
    clock.advance(timedelta(minutes=1))
    leak("1234567")
    request = db.session.query(AuthorizationRequest).one()
    with transaction():
        request.parameters = {**request.parameters, "trn_token": token}
    assert not trn_tokens.is_to_be_used(request, user_at(EMAIL), now=clock.now())


def test_a_token_expires_after_thirty_days(app: Flask, register: MemoryRegister, clock: ManualClock) -> None:
    register.records = [a_record()]
    token = a_token()
    clock.advance(trn_tokens.LIFETIME)
    assert come_with(app, token).prove().h1 == "What is your name?"
    assert trn_tokens.LIFETIME.days == 30


def test_whoever_proves_another_address_gains_nothing(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    person = come_with(app, a_token(email="somebody.else@example.com"))
    assert person.prove().h1 == "What is your name?"
    assert the_token().used_at is None


def test_a_token_for_the_same_trn_is_used_up_and_raises_the_level(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    a_user(email=EMAIL, trn="1234567")
    person = come_with(app, a_token())
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).verification_level is VerificationLevel.MEDIUM
    assert the_token().used_at is not None


def test_a_token_for_another_trn_than_the_linked_one_changes_nothing(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(), a_record("7654321")]
    a_user(email=EMAIL, trn="7654321")
    person = come_with(app, a_token())
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).trn == "7654321"
    assert the_token().used_at is None


def test_a_record_that_another_account_holds_is_sorted_out_by_the_questions(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    holder = a_user(trn="1234567", last_name="Holder")
    person = come_with(app, a_token())
    assert person.prove().h1 == "What is your name?"
    person.say_who()
    person.say_more(trn="1234567")
    person.check()
    assert person.here.path == person.step("trn-in-use")
    assert (count_of(User, User.trn == "1234567"), the_token().used_at) == (1, None)
    assert holder.trn == "1234567"


def test_a_record_that_is_closed_or_not_there_is_not_linked(app: Flask, register: MemoryRegister) -> None:
    for number, record in enumerate((a_record(status=RecordStatus.DEACTIVATED), a_record("7654321"))):
        register.records = [record]
        person = come_with(app, a_token(email=f"kate{number}@example.com"), str(number) * 43)
        assert person.prove(f"kate{number}@example.com").h1 == "What is your name?"
    assert count_of(User, User.trn.is_not(None)) == 0


def test_a_silent_register_leaves_the_token_for_the_next_time(app: Flask, register: MemoryRegister) -> None:
    register.records, register.down = [a_record()], True
    token = a_token()
    assert come_with(app, token).prove().h1 == "What is your name?"
    register.down = False
    person = come_with(app, token, "2" * 43)
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).lookup_status is LookupStatus.FOUND


def test_a_service_that_wants_no_trn_does_not_use_the_token(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    a_pending_user()
    person = come_with(app, a_token(), scope="openid email")
    assert person.prove().path == person.answer_path
    assert (user_at(EMAIL).trn, the_token().used_at) == (None, None)


def test_who_is_signed_in_is_linked_without_a_code(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    user = a_pending_user()
    service = a_relying_party(app)
    browser = a_browser_of(app, user)
    asked = browser.get(service.ask(trn_token=a_token()).path)
    entered = browser.get(asked.location)
    assert entered.location.endswith("/answer")
    assert (user_at(EMAIL).trn, codes_sent_to(EMAIL)) == ("1234567", 0)


def test_who_is_signed_in_at_another_address_proves_the_tokens(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    other = a_user(trn="7654321")
    service = a_relying_party(app)
    browser = a_browser_of(app, other)
    asked = browser.get(service.ask(trn_token=a_token()).path)
    assert browser.get(asked.location).location.endswith("/email")


def test_a_token_that_means_nothing_is_no_reason_to_ask_anything(app: Flask) -> None:
    service = a_relying_party(app)
    browser = a_browser_of(app, a_user(trn="7654321"))
    for token in ("", "gtt_" + "x" * 43, "ÿ"):
        assert browser.get(service.ask(trn_token=token).path).location.startswith(service.redirect_uri)
    assert count_of(AuthorizationRequest) == 0


def test_of_a_record_that_another_account_gets_a_moment_before_nothing_is_kept(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    other_id = a_user(email="other@example.com").id
    person = come_with(app, a_token())

    def link_the_other() -> None:
        with transaction():
            evidence = trn_links.Evidence(LookupReason.SUPPORT, VerificationLevel.MEDIUM, "seen")
            other = db.session.get_one(User, other_id)
            trn_links.link(other, "1234567", evidence, actor=SYSTEM, now=ports().clock.now())

    person.submit(email=EMAIL)
    with just_before("INSERT INTO users", SecondParty(app, link_the_other).go_ahead):
        page = person.submit(code=newest_code(EMAIL))
    assert page.path == person.step("name")
    assert (person.journey.user_id, person.journey.first_name, person.journey.submitted_at) == (None, None, None)
    assert count_of(User, User.email == EMAIL) == 0
    assert the_token().used_at is None
