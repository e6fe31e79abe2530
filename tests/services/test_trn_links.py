"""Linking: one live user per TRN, history kept, and a missing answer never taken for an answer."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove, TrnAlreadyLinked, UserAlreadyHasTrn
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.models import AuditEvent, TrnLink, User
from identity_provider.services import trn_links
from identity_provider.services.audit import SYSTEM
from identity_provider.services.trn_links import Evidence
from tests.builders import NOW, a_user

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


def test_a_register_that_does_not_answer_never_replaces_an_answer(app: Flask) -> None:
    user = a_user()
    with transaction():
        trn_links.stand_at(user, NO_RECORD, actor=SYSTEM, now=NOW)
        trn_links.stand_at(user, pending(LookupReason.REGISTER_UNAVAILABLE), actor=SYSTEM, now=NOW)
    assert user.lookup_state == NO_RECORD


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
