"""Signing in to a service by way of GOV.UK One Login: who is known, who is new, and what was proved of them."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.features import Feature
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel
from identity_provider.kit.app import ports
from identity_provider.models import BrowserSession, IdentityCheck, OneLoginAttempt, OneLoginIdentity, OutboxMessage
from identity_provider.services import features, one_login_links, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import ASKED, NOW, a_client, a_record, a_user
from tests.journeys.travel import Traveller, count_of, newest_code, user_at
from tests.kit.one_login import PROVE, OneLoginNearby
from tests.one_login.people import (
    LEOPOLD,
    LEOPOLDS_BIRTHDAY,
    LEOPOLDS_RECORD,
    PHILIPPA,
    connected,
    leopold,
    philippa,
    proving,
    say_the_rest,
    set_out,
)

IN_WELSH = "Mewngofnodi gyda GOV.UK One Login"


def live_connections() -> list[OneLoginIdentity]:
    db.session.rollback()
    return list(db.session.query(OneLoginIdentity).filter(OneLoginIdentity.ended_at.is_(None)))


def test_the_first_time_a_code_of_ours_is_asked_for_and_then_it_is_connected(
    app: Flask, one_login: OneLoginNearby
) -> None:
    user = philippa()
    person = set_out(app)
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
    other = set_out(app, "d" * 43)
    assert "One Login" in other.here.text


def test_whoever_is_known_is_signed_in_at_once_and_the_session_says_how(
    app: Flask, one_login: OneLoginNearby, clock: ManualClock
) -> None:
    philippa()
    connected(app, one_login)
    clock.advance(timedelta(days=1))
    person = set_out(app, "c" * 43)
    page = one_login.go_through(person, "philippa")
    assert page.path == person.answer_path
    db.session.rollback()
    session = db.session.query(BrowserSession).order_by(BrowserSession.created_at.desc()).first()
    assert session is not None
    assert session.amr == ["fed", "mfa"]


def test_whoever_comes_back_is_answered_and_remembered_in_the_language_that_the_service_asked_for(
    app: Flask, one_login: OneLoginNearby
) -> None:
    philippa()
    first = set_out(app, parameters={"ui_locales": "cy"})
    one_login.go_through(first, "philippa", IN_WELSH)
    [code] = db.session.query(OutboxMessage).all()
    assert code.payload["locale"] == "cy"
    first.submit(code=newest_code(PHILIPPA))
    with transaction():
        user_at(PHILIPPA).language = "en"
    again = set_out(app, "c" * 43, parameters={"ui_locales": "cy"})
    assert one_login.go_through(again, "philippa", IN_WELSH).path == again.answer_path
    assert user_at(PHILIPPA).language == "cy"


def test_a_new_person_proves_the_address_and_says_who_they_are(app: Flask, one_login: OneLoginNearby) -> None:
    person = set_out(app, client=a_client(scopes=["openid", "email"]), scope="openid email")
    one_login.go_through(person, "leopold")
    person.submit(code=newest_code(LEOPOLD))
    assert person.here.path == person.step("name")
    person.say_who("Leopold", "Vandermeulen-Iqbal", LEOPOLDS_BIRTHDAY)
    person.check()
    [connection] = live_connections()
    assert connection.user_id == user_at(LEOPOLD).id


def test_a_proved_identity_answers_the_questions_and_finds_the_record_at_level_medium(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [LEOPOLDS_RECORD]
    person, page = proving(app, one_login)
    assert page.path == person.step("previous-names")
    say_the_rest(person)
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
    person = set_out(app)
    person.prove(LEOPOLD)
    person.say_who("Leopold", "Vandermeulen-Iqbal", LEOPOLDS_BIRTHDAY)
    person.say_more()
    person.check()
    assert user_at(LEOPOLD).lookup_status is LookupStatus.PENDING


def test_a_name_that_was_edited_is_not_proved_any_more(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [a_record("9000116", first_name="Leopold", last_name="Someone", date_of_birth=LEOPOLDS_BIRTHDAY)]
    person, _ = proving(app, one_login)
    page = person.get(person.step("name"))
    assert "GOV.UK One Login proved this name" in page.text
    person.submit("Continue", first_name="Leopold", last_name="Someone")
    say_the_rest(person)
    user = user_at(LEOPOLD)
    assert user.trn is None
    [check] = db.session.query(IdentityCheck).all()
    assert check.differs == ["lastName"]


def test_a_name_that_was_edited_once_nothing_was_found_is_not_proved_either(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    """The account is made by then, of what was proved: it does not vouch for the name of somebody else."""
    register.records = [a_record("9000116", first_name="Vera", last_name="Someone", date_of_birth=LEOPOLDS_BIRTHDAY)]
    person, _ = proving(app, one_login)
    page = say_the_rest(person)
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
    register.records = [a_record("9000116", first_name="Vera", last_name="Someone", date_of_birth=LEOPOLDS_BIRTHDAY)]
    person, _ = proving(app, one_login)
    say_the_rest(person, previous_first_name="Vera", previous_last_name="Someone")
    user = user_at(LEOPOLD)
    assert (user.trn, user.lookup_status) == (None, LookupStatus.PENDING)


def test_whoever_is_proved_still_finds_by_a_number_the_record_of_a_former_name(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    """As anybody does who was not proved, and at the level of what was stated."""
    register.records = [
        a_record("9000117", first_name="Leopold", last_name="Former", date_of_birth=LEOPOLDS_BIRTHDAY, nino="ZY120017C")
    ]
    person, _ = proving(app, one_login)
    say_the_rest(person, nino="ZY120017C", previous_last_name="Former")
    user = user_at(LEOPOLD)
    assert (user.trn, user.lookup_reason) == ("9000117", LookupReason.MATCHED)
    assert user.verification_level is VerificationLevel.LOW


def test_what_was_proved_raises_a_link_of_low_level_for_a_strict_service(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [LEOPOLDS_RECORD]
    user = leopold(trn="9000115", stated_has_nino=False, stated_has_trn=False)
    person = set_out(app, client=a_client(match_policy=MatchPolicy.STRICT, trn_requirement=TrnRequirement.REQUIRED))
    person.prove(LEOPOLD)
    assert person.here.path == person.step("outcome"), repr(person.here)
    page = one_login.go_through(person, "leopold", PROVE)
    assert page.path == person.answer_path, repr(page)
    db.session.refresh(user)
    assert user.verification_level is VerificationLevel.MEDIUM


def test_who_has_no_record_and_is_turned_away_may_prove_who_they_are(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    denied = {"stated_has_nino": False, "stated_has_trn": False, "stated_has_qts": False, "stated_further": ASKED}
    user = leopold(asked_again_at=NOW, **denied)
    with transaction():
        trn_links.stand_at(user, LookupState(LookupStatus.NONE, LookupReason.NO_RECORD), actor=SYSTEM, now=NOW)
    register.records = [a_record(last_name="Featherstone", first_name="Aloysius", date_of_birth=date(1950, 6, 7))]
    person = set_out(app, client=a_client(trn_requirement=TrnRequirement.REQUIRED))
    person.prove(LEOPOLD)
    assert person.here.h1 == "You do not seem to have a teaching record"
    register.records.append(LEOPOLDS_RECORD)
    page = one_login.go_through(person, "leopold", PROVE)
    assert page.path == person.answer_path, repr(page)
    db.session.refresh(user)
    assert user.lookup_reason is LookupReason.ONE_LOGIN


def test_where_it_is_open_whose_account_keeps_the_record_a_proof_is_not_asked_for(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    a_user(email="old@example.com", first_name="Catherine", last_name="Bishop", trn="1234567")
    person = set_out(app)
    person.prove()
    person.say_who()
    person.say_more(nino="AB123456C")
    person.check()
    assert PROVE not in person.submit("I cannot use that address").text


def test_what_is_told_is_forgotten_when_it_is_settled(app: Flask, one_login: OneLoginNearby) -> None:
    philippa()
    connected(app, one_login)
    db.session.rollback()
    [attempt] = db.session.query(OneLoginAttempt).all()
    assert attempt.told_sealed is None
    assert attempt.settled_at is not None
