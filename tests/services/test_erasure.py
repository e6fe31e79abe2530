"""Whoever asks is told everything that is held about them, and is forgotten when they want that."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from identity_provider.adapters.memory import ManualClock, MemoryMailer, MemoryRegister
from identity_provider.db import Base, db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.lookup import LookupReason, LookupStatus, pending
from identity_provider.models import CaseNote, Client, Journey, Lookup, SupportTicket, User
from identity_provider.services import (
    accounts,
    browser_sessions,
    case_work,
    erasure,
    kept_lookups,
    lookups,
    resume,
    sign_in_codes,
    statements,
    subject_access,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import SYSTEM
from identity_provider.services.register_search import Occasion
from identity_provider.vault import vault
from tests.builders import NOW, a_client, a_staff_user, a_user
from tests.journeys.travel import a_request
from tests.kit.changes import a_change, asked_for
from tests.test_jobs import work

EMAIL = "siobhan.featherstonehaugh@example.com"
NINO = "QQ123456C"
PLANTED = (EMAIL, "Featherstonehaugh", "Siobhán", "1979-03-31", NINO, "7654321", "University of Testing")


def a_person_with_a_past(register: MemoryRegister) -> User:
    """Somebody of whom every table knows something."""
    client = a_client()
    sealed = vault.seal(NINO, statements.NINO_CONTEXT)
    user = a_user(
        email=EMAIL,
        first_name="Siobhán",
        last_name="Featherstonehaugh",
        date_of_birth=date(1979, 3, 31),
        stated_nino_encrypted=sealed,
        stated_has_nino=True,
        stated_trn="7654321",
        stated_training_provider="University of Testing",
        registered_with_client_id=client.id,
    )
    older = a_user(email=f"old.{EMAIL}", last_name="Featherstonehaugh", merged_into_id=user.id)
    journey = a_journey_of(client, user_id=user.id, email=EMAIL, last_name="Featherstonehaugh", nino_encrypted=sealed)
    a_journey_of(client, existing_account_id=older.id, trn_holder_id=user.id)
    with transaction():
        journey.authorization_request.login_hint = EMAIL
        browser_sessions.begin(user, amr=["otp"], now=NOW)
        sign_in_codes.send(sign_in_codes.challenge("sign_in", EMAIL, journey.id, now=NOW), now=NOW, words={})
    a_case_with_notes(user, journey)
    change = a_change(asked_for("Sinéad", "Featherstonehaugh"), user=user)
    with transaction():
        change.message = f"Dear {user.last_name}"
    search = lookups.look_up(lookups.person_of(user), register, MatchPolicy.DEFAULT, occasion=Occasion.JOB, now=NOW)
    with transaction():
        kept_lookups.keep(search, user_id=user.id, journey_id=journey.id)
    return user


def a_journey_of(client: Client, **known: Any) -> Journey:
    request = a_request(client)
    ends = NOW + timedelta(hours=1)
    journey = Journey(browser_hmac=b"x", authorization_request=request, created_at=NOW, expires_at=ends, **known)
    with transaction():
        db.session.add(journey)
    return journey


def a_case_with_notes(user: User, journey: Journey) -> None:
    with transaction():
        trn_links.stand_at(user, pending(LookupReason.AMBIGUOUS), actor=SYSTEM, now=NOW)
        case = support_tickets.open_case(user, journey.client, journey, LookupReason.AMBIGUOUS, NOW)
        case.zendesk_ticket_id = 4711
        db.session.add(CaseNote(ticket_id=case.id, author="Agent", text="Featherstonehaugh rang", at=NOW))
        resume.send_link(case, resume.TRN_ATTACHED, now=NOW)


def everything_stored() -> str:
    """Every row of every table but the audit and what waits to be sent, sealed values opened by nobody."""
    db.session.remove()
    kept = ("audit_events", "audit_seals", "outbox_messages")
    rows: list[str] = []
    for table in Base.metadata.sorted_tables:
        if table.name not in kept:
            rows += [
                " ".join(str(each) for each in row.values()) for row in db.session.execute(table.select()).mappings()
            ]
    return "\n".join(rows)


def test_nothing_about_an_erased_person_is_left_but_a_tombstone(app: Flask, register: MemoryRegister) -> None:
    user = a_person_with_a_past(register)
    assert all(each in everything_stored() for each in PLANTED if each != NINO)
    with transaction():
        erased = erasure.erase(db.session.get_one(User, user.id), actor=SYSTEM, reason="asked for it", now=NOW)
    left = everything_stored()
    assert [each for each in PLANTED if each in left] == []
    assert erased.zendesk_tickets == (4711,)
    tombstones = db.session.query(User).filter(User.id.in_(erased.user_ids)).all()
    assert len(tombstones) == 2
    assert all(each.erased_at == NOW and each.lookup_status is LookupStatus.PENDING for each in tombstones)
    assert db.session.query(Journey).count() == 1  # the stranger's, which no longer points at them


def test_the_person_is_told_and_their_address_is_free_again(
    app: Flask, register: MemoryRegister, mailer: MemoryMailer, clock: ManualClock
) -> None:
    user = a_person_with_a_past(register)
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=clock.now())
    work()
    assert [each.subject for each in mailer.to(EMAIL)] == ["Your account was deleted"]
    assert accounts.by_address(EMAIL) is None
    a_user(email=EMAIL)


def test_sessions_grants_and_links_end_with_the_person(app: Flask) -> None:
    user = a_user("1234567")
    with transaction():
        session, secret = browser_sessions.begin(user, amr=["otp"], now=NOW)
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    assert browser_sessions.find(secret, now=NOW) is None
    assert session.ended_at == NOW
    assert trn_links.holder_of("1234567") is None
    a_user("1234567")


def test_an_account_that_was_merged_away_leads_to_the_whole_person(app: Flask) -> None:
    survivor = a_user()
    merged = a_user(merged_into_id=survivor.id)
    with transaction():
        erased = erasure.erase(merged, actor=SYSTEM, reason="asked for it", now=NOW)
    assert set(erased.user_ids) == {survivor.id, merged.id}


@pytest.mark.parametrize("reason", ["", "  "])
def test_nobody_is_erased_without_a_reason(app: Flask, reason: str) -> None:
    with pytest.raises(IllegalMove), transaction():
        erasure.erase(a_user(), actor=SYSTEM, reason=reason, now=NOW)


def test_nobody_is_erased_twice(app: Flask) -> None:
    user = a_user()
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    with pytest.raises(IllegalMove), transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked again", now=NOW)


def test_an_export_holds_everything_of_theirs_and_no_secret(app: Flask, register: MemoryRegister) -> None:
    user = a_person_with_a_past(register)
    held = subject_access.everything_about(user, now=NOW)
    written = json.dumps(held, ensure_ascii=False)
    assert [each for each in PLANTED if each not in written] == []
    assert "Featherstonehaugh rang" in written
    assert "hmac" not in written
    assert "encrypted" not in written


def test_searches_of_a_journey_of_theirs_are_exported_and_erased_with_them(
    app: Flask, register: MemoryRegister
) -> None:
    user = a_user()
    journey = a_journey_of(a_client(), user_id=user.id)
    search = lookups.look_up(lookups.person_of(user), register, MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=NOW)
    with transaction():
        kept_lookups.keep(search, user_id=None, journey_id=journey.id)
    assert len(subject_access.everything_about(user, now=NOW)["searches_of_the_register"]) == 1
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    assert db.session.query(Lookup).count() == 0


def test_an_export_of_a_merged_account_is_that_of_the_person(app: Flask, register: MemoryRegister) -> None:
    user = a_person_with_a_past(register)
    [older] = db.session.query(User).filter(User.merged_into_id == user.id)
    assert len(subject_access.everything_about(older, now=NOW)["accounts"]) == 2


def test_staff_are_not_named_in_an_export(app: Flask) -> None:
    user, agent = a_user(), a_staff_user(name="Alexandra Agentson")
    with transaction():
        trn_links.stand_at(user, pending(LookupReason.AMBIGUOUS), actor=SYSTEM, now=NOW)
        case = support_tickets.open_case(user, a_client(), None, LookupReason.AMBIGUOUS, NOW)
        case_work.confirm_no_trn(case.id, staff=agent, reason="not a teacher", now=NOW)
    written = json.dumps(subject_access.everything_about(user, now=NOW))
    assert "Agentson" not in written
    assert agent.email not in written
    assert str(agent.id) not in written
    assert "not a teacher" in written


KNOWN_TO_ERASURE_AND_EXPORT = {
    "awards",
    "browser_sessions",
    "change_requests",
    "consents",
    "evidence",
    "contact_changes",
    "grants",
    "identity_checks",
    "journeys",
    "lookups",
    "one_login_attempts",
    "one_login_identities",
    "pairwise_subjects",
    "passkeys",
    "service_uses",
    "sign_ins",
    "support_tickets",
    "trn_links",
    "trn_tokens",
    "user_import_rows",
    "user_merges",
    "users",
    "webhook_messages",
}


def test_every_table_that_points_at_a_person_is_known_to_erasure_and_export(app: Flask) -> None:
    """A new table of personal data is added here when both services know it, and not before."""
    pointing = {
        table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "users"
    }
    assert pointing == KNOWN_TO_ERASURE_AND_EXPORT


def test_an_erased_identity_is_never_issued_again(app: Flask) -> None:
    user = a_user()
    sub = user.id
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    db.session.remove()
    with pytest.raises(IntegrityError, match="pk_users"):
        a_user(id=sub)


def test_a_case_keeps_its_figures_and_loses_its_words(app: Flask, register: MemoryRegister) -> None:
    user = a_person_with_a_past(register)
    with transaction():
        erasure.erase(user, actor=SYSTEM, reason="asked for it", now=NOW)
    [case] = db.session.query(SupportTicket).all()
    assert (case.reason, case.resolution_note) == (LookupReason.AMBIGUOUS, "")
