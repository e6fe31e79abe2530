"""Signing in to a service by way of GOV.UK One Login: who is known, who is new, and what was proved of them."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.features import Feature
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.kit.app import ports
from identity_provider.models import BrowserSession, IdentityCheck, OneLoginAttempt, OneLoginIdentity, OutboxMessage
from identity_provider.services import features, one_login_links
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client, a_record, a_user
from tests.journeys.travel import Traveller, count_of, newest_code, user_at
from tests.kit.one_login import PROVE, OneLoginNearby

PHILIPPA = "returning.teacher@example.com"
LEOPOLD = "leopold@example.com"
LEOPOLDS_RECORD = a_record(
    "9000115", first_name="Leopold", last_name="Vandermeulen-Iqbal", date_of_birth=date(1977, 6, 11), nino="ZY120015C"
)


def live_connections() -> list[OneLoginIdentity]:
    db.session.rollback()
    return list(db.session.query(OneLoginIdentity).filter(OneLoginIdentity.ended_at.is_(None)))


def test_the_first_time_a_code_of_ours_is_asked_for_and_then_it_is_connected(
    app: Flask, one_login: OneLoginNearby
) -> None:
    user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Merriweather", trn="9000114")
    person = Traveller(app)
    person.set_out()
    page = one_login.go_through(person, "philippa")
    assert page.path == person.step("code")
    assert "You have signed in with GOV.UK One Login" in page.text
    assert live_connections() == []
    person.submit(code=newest_code(PHILIPPA))
    assert person.here.path == person.answer_path
    [connection] = live_connections()
    assert (connection.user_id, connection.email) == (user.id, PHILIPPA)
    assert count_of(OutboxMessage, OutboxMessage.kind == one_login_links.LINKED) == 1


def test_while_it_is_switched_off_for_a_service_nobody_is_sent_there(app: Flask, one_login: OneLoginNearby) -> None:
    client, person = a_client(), Traveller(app)
    person.set_out(client)
    assert "One Login" in person.here.text
    with transaction():
        now = ports().clock.now()
        features.switch(Feature.ONE_LOGIN, on=False, reason="trouble", actor=SYSTEM, now=now, client=client)
    assert "One Login" not in person.get(person.step("email")).text
    other = Traveller(app, "d" * 43)
    other.set_out()
    assert "One Login" in other.here.text


def test_whoever_is_known_is_signed_in_at_once_and_the_session_says_how(
    app: Flask, one_login: OneLoginNearby, clock: ManualClock
) -> None:
    test_the_first_time_a_code_of_ours_is_asked_for_and_then_it_is_connected(app, one_login)
    clock.advance(timedelta(days=1))
    person = Traveller(app, "c" * 43)
    person.set_out()
    page = one_login.go_through(person, "philippa")
    assert page.path == person.answer_path
    db.session.rollback()
    session = db.session.query(BrowserSession).order_by(BrowserSession.created_at.desc()).first()
    assert session is not None
    assert session.amr == ["fed", "mfa"]


def test_a_new_person_proves_the_address_and_says_who_they_are(app: Flask, one_login: OneLoginNearby) -> None:
    person = Traveller(app)
    person.set_out(a_client(scopes=["openid", "email"]), scope="openid email")
    one_login.go_through(person, "leopold")
    person.submit(code=newest_code(LEOPOLD))
    assert person.here.path == person.step("name")
    person.say_who("Leopold", "Vandermeulen-Iqbal", date(1977, 6, 11))
    person.check()
    [connection] = live_connections()
    assert connection.user_id == user_at(LEOPOLD).id


def test_a_proved_identity_answers_the_questions_and_finds_the_record_at_level_medium(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [LEOPOLDS_RECORD]
    person = Traveller(app)
    person.set_out()
    person.prove(LEOPOLD)
    page = one_login.go_through(person, "leopold", PROVE)
    assert page.path == person.step("previous-names")
    person.submit(changed="no")
    person.submit(choice="short")
    page = person.check()
    user = user_at(LEOPOLD)
    assert (user.first_name, user.last_name) == ("Leopold", "Vandermeulen-Iqbal")
    assert (user.trn, user.lookup_reason) == ("9000115", LookupReason.ONE_LOGIN)
    assert user.verification_level is VerificationLevel.MEDIUM
    check = db.session.query(IdentityCheck).one()
    assert (check.user_id, check.differs, check.provider) == (user.id, [], "GOV.UK One Login")


def test_without_a_proof_name_and_birthday_alone_find_nothing(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    """So the test above shows what the proof is worth."""
    register.records = [LEOPOLDS_RECORD]
    person = Traveller(app)
    person.set_out()
    person.prove(LEOPOLD)
    person.say_who("Leopold", "Vandermeulen-Iqbal", date(1977, 6, 11))
    person.say_more()
    person.check()
    assert user_at(LEOPOLD).lookup_status is LookupStatus.PENDING


def test_a_name_that_was_edited_is_not_proved_any_more(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [a_record("9000116", first_name="Leopold", last_name="Someone", date_of_birth=date(1977, 6, 11))]
    person = Traveller(app)
    person.set_out()
    person.prove(LEOPOLD)
    one_login.go_through(person, "leopold", PROVE)
    page = person.get(person.step("name"))
    assert "GOV.UK One Login proved this name" in page.text
    person.submit("Continue", first_name="Leopold", last_name="Someone")
    person.submit(changed="no")
    person.submit(choice="short")
    person.say_more()
    person.check()
    user = user_at(LEOPOLD)
    assert user.trn is None
    [check] = db.session.query(IdentityCheck).all()
    assert check.differs == ["lastName"]


def test_a_name_that_was_edited_once_nothing_was_found_is_not_proved_either(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    """The account is made by then, of what was proved: it does not vouch for the name of somebody else."""
    register.records = [a_record("9000116", first_name="Vera", last_name="Someone", date_of_birth=date(1977, 6, 11))]
    person = Traveller(app)
    person.set_out()
    person.prove(LEOPOLD)
    one_login.go_through(person, "leopold", PROVE)
    person.submit(changed="no")
    person.submit(choice="short")
    person.say_more()
    page = person.check()
    assert page.path == person.step("no-match"), repr(page)
    person.get(person.step("name"))
    person.submit("Continue", first_name="Vera", last_name="Someone")
    person.submit(choice="short")
    assert person.check().status < 400
    user = user_at(LEOPOLD)
    assert (user.last_name, user.trn) == ("Someone", None)


def test_previous_names_that_are_only_stated_are_no_part_of_what_was_proved(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [a_record("9000116", first_name="Vera", last_name="Someone", date_of_birth=date(1977, 6, 11))]
    person = Traveller(app)
    person.set_out()
    person.prove(LEOPOLD)
    one_login.go_through(person, "leopold", PROVE)
    person.submit(changed="yes", previous_first_name="Vera", previous_last_name="Someone")
    person.submit(choice="short")
    person.say_more()
    person.check()
    user = user_at(LEOPOLD)
    assert (user.trn, user.lookup_status) == (None, LookupStatus.PENDING)


def test_whoever_is_proved_still_finds_by_a_number_the_record_of_a_former_name(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    """As anybody does who was not proved, and at the level of what was stated."""
    register.records = [
        a_record("9000117", first_name="Leopold", last_name="Former", date_of_birth=date(1977, 6, 11), nino="ZY120017C")
    ]
    person = Traveller(app)
    person.set_out()
    person.prove(LEOPOLD)
    one_login.go_through(person, "leopold", PROVE)
    person.submit(changed="yes", previous_last_name="Former")
    person.submit(choice="short")
    person.say_more(nino="ZY120017C")
    person.check()
    user = user_at(LEOPOLD)
    assert (user.trn, user.lookup_reason) == ("9000117", LookupReason.MATCHED)
    assert user.verification_level is VerificationLevel.LOW


def test_what_was_proved_raises_a_link_of_low_level_for_a_strict_service(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [LEOPOLDS_RECORD]
    user = a_user(
        email=LEOPOLD,
        first_name="Leopold",
        last_name="Vandermeulen-Iqbal",
        date_of_birth=date(1977, 6, 11),
        trn="9000115",
        stated_has_nino=False,
        stated_has_trn=False,
    )
    person = Traveller(app)
    person.set_out(a_client(match_policy=MatchPolicy.STRICT, trn_requirement=TrnRequirement.REQUIRED))
    person.prove(LEOPOLD)
    assert person.here.path == person.step("outcome"), repr(person.here)
    page = one_login.go_through(person, "leopold", PROVE)
    assert page.path == person.answer_path, repr(page)
    db.session.refresh(user)
    assert user.verification_level is VerificationLevel.MEDIUM


def test_what_is_told_is_forgotten_when_it_is_settled(app: Flask, one_login: OneLoginNearby) -> None:
    test_the_first_time_a_code_of_ours_is_asked_for_and_then_it_is_connected(app, one_login)
    db.session.rollback()
    [attempt] = db.session.query(OneLoginAttempt).all()
    assert attempt.told_sealed is None
    assert attempt.settled_at is not None
