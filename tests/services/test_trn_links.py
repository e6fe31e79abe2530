"""Linking: one live user per TRN, history kept, and a missing answer never taken for an answer."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove, TrnAlreadyLinked, UserAlreadyHasTrn
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.models import AuditEvent, TrnLink, User
from identity_provider.services import accounts, lookups, trn_links
from identity_provider.services.audit import SYSTEM, Actor
from identity_provider.services.statements import NINO_CONTEXT
from identity_provider.services.trn_links import Evidence
from identity_provider.vault import vault
from tests.builders import NOW, a_record, a_staff_user, a_user

MATCHED = Evidence(LookupReason.MATCHED, VerificationLevel.LOW)
NO_RECORD = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)


def test_a_link_makes_the_user_found(app: Flask) -> None:
    user = a_user(trn="1234567")
    assert (user.trn, user.lookup_state) == ("1234567", LookupState(LookupStatus.FOUND, LookupReason.MATCHED))
    assert db.session.scalar(select(AuditEvent.action)) == "trn_linked"


def test_a_trn_held_by_somebody_else_is_refused_and_nothing_changes(app: Flask) -> None:
    holder, other = a_user(trn="1234567"), a_user()
    with pytest.raises(TrnAlreadyLinked) as refused, transaction():
        trn_links.link(other, "1234567", MATCHED, actor=SYSTEM, now=NOW)
    assert refused.value.holder_id == holder.id
    db.session.refresh(other)
    assert other.trn is None


def test_a_user_who_points_elsewhere_is_not_pointed_anew(app: Flask) -> None:
    user = a_user(trn="1234567")
    with pytest.raises(UserAlreadyHasTrn), transaction():
        trn_links.link(user, "7654321", MATCHED, actor=SYSTEM, now=NOW)


def test_that_a_link_was_ended_goes_with_the_identity_into_the_one_that_it_becomes_part_of(app: Flask) -> None:
    parted, survivor, other = a_user(trn="1234567"), a_user(), a_user(trn="7654321")
    with transaction():
        for each in (parted, other):
            trn_links.unlink(each, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, reason="not theirs", now=NOW)
    assert not trn_links.was_ended(survivor, "1234567")
    with transaction():
        accounts.become_part_of(accounts.held(parted.id), survivor, actor=SYSTEM, reason="one person", now=NOW)
    assert trn_links.was_ended(survivor, "1234567")
    assert trn_links.was_ended(survivor, "1234567", since=NOW)
    assert not trn_links.was_ended(survivor, "1234567", since=NOW + timedelta(seconds=1))
    assert not trn_links.was_ended(survivor, "7654321"), "that was another person's"


def test_no_search_links_a_survivor_to_the_record_that_was_not_theirs(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567")]
    stated: dict[str, Any] = {"stated_nino_encrypted": vault.seal("AB123456C", NINO_CONTEXT), "stated_has_nino": True}
    parted, survivor = a_user(trn="1234567"), a_user(last_name="Bush", **stated)
    with transaction():
        trn_links.unlink(parted, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, reason="not theirs", now=NOW)
        accounts.become_part_of(accounts.held(parted.id), survivor, actor=SYSTEM, reason="one person", now=NOW)
    lookups.look_up_again(survivor.id, register, NOW)
    db.session.refresh(survivor)
    assert (survivor.trn, survivor.lookup_reason) == (None, LookupReason.WITH_HELPDESK)


def test_the_same_link_again_only_raises_the_level(app: Flask) -> None:
    user = a_user(trn="1234567", level=VerificationLevel.MEDIUM)
    with transaction():
        trn_links.link(user, "1234567", MATCHED, actor=SYSTEM, now=NOW)
    assert user.verification_level is VerificationLevel.MEDIUM
    assert db.session.scalar(select(func.count()).select_from(TrnLink)) == 1


def test_a_link_is_ended_with_a_reason_and_stays_in_the_history(app: Flask) -> None:
    user = a_user(trn="1234567")
    with pytest.raises(IllegalMove), transaction():
        trn_links.unlink(user, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, reason=" ", now=NOW)
    with transaction():
        trn_links.unlink(user, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, reason="wrong person", now=NOW)
    db.session.refresh(user)
    assert (user.trn, user.lookup_status, user.verification_level) == (None, LookupStatus.PENDING, None)
    assert [link.end_reason for link in user.links] == ["wrong person"]
    again = a_user(trn="1234567")
    assert again.lookup_status is LookupStatus.FOUND


SILENT = pending(LookupReason.REGISTER_UNAVAILABLE)


def test_a_register_that_does_not_answer_replaces_no_answer_but_that_there_is_no_record(app: Flask) -> None:
    user = a_user()
    with transaction():
        trn_links.stand_at(user, pending(LookupReason.AMBIGUOUS), actor=SYSTEM, now=NOW)
        trn_links.stand_at(user, SILENT, actor=SYSTEM, now=NOW)
        assert user.lookup_reason is LookupReason.AMBIGUOUS
        trn_links.stand_at(user, NO_RECORD, actor=SYSTEM, now=NOW)
        trn_links.stand_at(user, SILENT, actor=SYSTEM, now=NOW)
    assert user.lookup_state == SILENT


def test_what_the_helpdesk_confirmed_is_taken_back_by_staff_only(app: Flask) -> None:
    user, agent = a_user(), Actor.of(a_staff_user())
    confirmed = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)
    with transaction():
        trn_links.stand_at(user, confirmed, actor=agent, now=NOW)
        for state in (NO_RECORD, SILENT, pending(LookupReason.NEAR_MATCH)):
            trn_links.stand_at(user, state, actor=SYSTEM, now=NOW)
        assert user.lookup_state == confirmed
        trn_links.stand_at(user, pending(LookupReason.WITH_HELPDESK), actor=agent, now=NOW)
    assert user.lookup_reason is LookupReason.WITH_HELPDESK


def test_a_link_that_was_made_a_moment_ago_is_no_conflict_with_oneself(app: Flask) -> None:
    user = a_user(trn="1234567")
    with transaction():
        # As this request read the row before the other one wrote.
        set_committed_value(user, "trn", None)
        trn_links.link(user, "1234567", MATCHED, actor=SYSTEM, now=NOW)
    assert user.trn == "1234567"
    assert db.session.scalar(select(func.count()).select_from(TrnLink)) == 1


def test_a_linked_user_stays_linked_whatever_a_later_search_says(app: Flask) -> None:
    user = a_user(trn="1234567")
    with transaction():
        trn_links.stand_at(user, NO_RECORD, actor=SYSTEM, now=NOW)
    assert user.lookup_status is LookupStatus.FOUND


def test_of_twenty_who_are_linked_to_one_trn_at_once_one_succeeds(app: Flask) -> None:
    people = [a_user().id for _ in range(20)]
    outcomes: list[str] = []
    start = Barrier(len(people))

    def attempt(user_id: object) -> None:
        with app.app_context():
            start.wait()
            try:
                with transaction():
                    user = db.session.get_one(User, user_id)
                    trn_links.link(user, "1234567", MATCHED, actor=SYSTEM, now=NOW)
                outcomes.append("linked")
            except TrnAlreadyLinked:
                outcomes.append("refused")

    threads = [Thread(target=attempt, args=[each]) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["linked"] + ["refused"] * 19
    assert db.session.scalar(select(func.count()).where(AuditEvent.action == "trn_linked")) == 1
