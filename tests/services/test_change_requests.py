"""Requests for changes: asked once, decided once, and what a decision does to the person."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import (
    DRAFTS_FOR,
    ChangeKind,
    ChangeReason,
    ChangeState,
    Happening,
    RejectionReason,
)
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.evidence import EvidenceState
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, pending
from identity_provider.domain.values import PersonName
from identity_provider.kit.app import ports
from identity_provider.models import ChangeEvent, ChangeRequest, Evidence, StaffUser, User
from identity_provider.services import accounts, change_evidence, change_requests, change_reviews, evidence, trn_links
from identity_provider.services.audit import SYSTEM
from identity_provider.services.change_requests import ChangeEnded, ChangeOpen, NothingToChange
from identity_provider.services.change_reviews import Answer
from tests.builders import NOW, a_staff_user, a_user
from tests.console.agents import audited, messages
from tests.kit.changes import INFECTED, REVIEWER, a_change, a_draft, a_file, asked_for
from tests.kit.outside import OutsideWorld
from tests.test_jobs import work

NONE = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)


def anew(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def state_of(change: ChangeRequest) -> ChangeState:
    db.session.rollback()
    return db.session.get_one(ChangeRequest, change.id, populate_existing=True).state


def approve(change: ChangeRequest, staff: StaffUser | None = None) -> None:
    with transaction():
        change_reviews.approve(change.id, staff=staff or a_staff_user(*REVIEWER), now=NOW)


def test_a_second_request_of_the_same_kind_is_refused_while_one_is_open(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"))
    with pytest.raises(ChangeOpen) as there, transaction():
        change_requests.begin(change.user, ChangeKind.NAME, language="en", now=NOW)
    assert there.value.request_id == change.id
    with transaction():
        change_requests.begin(change.user, ChangeKind.DATE_OF_BIRTH, language="en", now=NOW)


def test_a_change_to_what_stands_is_none(app: Flask) -> None:
    user = a_user()
    with transaction():
        draft = change_requests.begin(user, ChangeKind.NAME, language="en", now=NOW)
    with pytest.raises(NothingToChange), transaction():
        change_requests.answer_name(draft, user.name)


def test_an_approved_name_is_the_persons_and_the_old_one_is_kept(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"), preferred_name="Kate Bush", last_name="Bush")
    approve(change)
    user = anew(change.user)
    assert (user.name.full, user.preferred_name) == ("Kate Hall", "Kate Hall")
    assert user.stated_previous_names == [{"first_name": "", "last_name": "Bush"}]
    assert state_of(change) is ChangeState.APPROVED
    [event] = audited("name_changed")
    assert (event.actor_type, event.before["last"], event.after["last"]) == ("staff", "Bush", "Hall")
    assert [each.recipient for each in messages("change_approved")] == [user.email]


def test_of_a_gender_recognition_no_old_name_is_written_down(app: Flask) -> None:
    change = a_change(asked_for("Karl", "Bush", reason=ChangeReason.GENDER), last_name="Bush", trn="1234567")
    approve(change)
    user = anew(change.user)
    assert (user.first_name, user.stated_previous_names) == ("Karl", [])
    [event] = audited("name_changed")
    assert (event.before, event.after) == ({}, {})
    assert db.session.get_one(ChangeRequest, change.id).stood == {}


def test_an_approved_birthday_is_the_persons(app: Flask) -> None:
    change = a_change(asked_for(born=date(1985, 4, 3)))
    approve(change)
    assert anew(change.user).date_of_birth == date(1985, 4, 3)
    [event] = audited("date_of_birth_changed")
    assert event.after == {"date_of_birth": "1985-04-03"}


def test_while_a_change_waits_nobody_is_taken_to_have_no_record(app: Flask) -> None:
    user = a_user()
    with transaction():
        trn_links.stand_at(user, NONE, actor=SYSTEM, now=NOW)
    change = a_change(asked_for("Kate", "Hall"), user=user)
    assert anew(user).lookup_state == pending(LookupReason.EVIDENCE_UNDER_REVIEW)
    with transaction():
        change_requests.withdraw(change.id, user.id, now=NOW)
    assert anew(user).lookup_state == pending(LookupReason.NOT_LOOKED_UP), "the register is asked again"


def test_a_request_is_decided_once(app: Flask) -> None:
    change, first, second = a_change(asked_for("Kate", "Hall")), a_staff_user(*REVIEWER), a_staff_user(*REVIEWER)
    approve(change, first)
    with pytest.raises(ChangeEnded) as ended, transaction():
        change_reviews.reject(change.id, Answer(RejectionReason.DIFFERS, ""), staff=second, now=NOW)
    assert (ended.value.by, ended.value.state, ended.value.at) == (f"staff:{first.id}", ChangeState.APPROVED, NOW)


def test_what_was_decided_is_not_withdrawn(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"))
    approve(change)
    with pytest.raises(ChangeEnded), transaction():
        change_requests.withdraw(change.id, change.user_id, now=NOW)
    assert state_of(change) is ChangeState.APPROVED


def test_nobody_decides_their_own_request(app: Flask) -> None:
    change = a_change(asked_for("Kate", "Hall"), email="kate@example.com")
    a_user(email="reviewer@example.com", merged_into_id=change.user_id)
    for address in ("kate@example.com", "reviewer@example.com"):
        with pytest.raises(change_reviews.OwnRequest):
            approve(change, a_staff_user(*REVIEWER, email=address))


def test_one_that_waits_for_better_evidence_is_not_approved(app: Flask) -> None:
    change, staff = a_change(asked_for("Kate", "Hall")), a_staff_user(*REVIEWER)
    with transaction():
        change_reviews.ask_again(change.id, Answer(RejectionReason.UNREADABLE, "Too dark"), staff=staff, now=NOW)
    with pytest.raises(change_reviews.WithThePerson):
        approve(change, staff)
    [told] = messages("change_more_evidence")
    assert told.recipient == change.user.email


def test_another_persons_request_is_out_of_reach(app: Flask) -> None:
    change, other = a_change(asked_for("Kate", "Hall")), a_user()
    assert change_requests.sent_one(other, change.id) is None
    with pytest.raises(IllegalMove), transaction():
        change_requests.withdraw(change.id, other.id, now=NOW)
    assert state_of(change) is ChangeState.SUBMITTED


def test_an_account_that_becomes_part_of_another_takes_its_requests_back(app: Flask) -> None:
    change, survivor = a_change(asked_for("Kate", "Hall")), a_user()
    with transaction():
        accounts.become_part_of(accounts.held(change.user_id), survivor, actor=SYSTEM, reason="one person", now=NOW)
    assert state_of(change) is ChangeState.WITHDRAWN


def test_what_was_begun_in_an_account_that_becomes_part_of_another_goes_with_its_files(
    app: Flask, outside: OutsideWorld
) -> None:
    user, survivor = a_user(), a_user()
    a_file(a_draft(asked_for("Kate", "Hall"), user))
    a_file(a_draft(asked_for(born=date(1985, 4, 3)), survivor))
    with transaction():
        accounts.become_part_of(accounts.held(user.id), survivor, actor=SYSTEM, reason="one person", now=NOW)
    work()
    assert [each.user_id for each in db.session.scalars(select(ChangeRequest))] == [survivor.id]
    assert {each.user_id: each.state for each in db.session.scalars(select(Evidence))} == {
        user.id: EvidenceState.GONE,
        survivor.id: EvidenceState.CLEAN,
    }
    assert len(outside.store.kept) == 1


def test_what_was_sent_in_another_tab_is_not_changed_by_a_page_that_still_shows_the_draft(app: Flask) -> None:
    draft = a_draft(asked_for("Kate", "Hall"), a_user())
    with transaction():
        # Another process: what this one has read of the draft is old from now on.
        db.session.execute(
            update(ChangeRequest)
            .values(state=ChangeState.SUBMITTED, submitted_at=NOW, first_submitted_at=NOW)
            .execution_options(synchronize_session=False)
        )
    assert draft.state is ChangeState.DRAFT
    with pytest.raises(IllegalMove), transaction():
        change_requests.answer_name(draft, PersonName("Kate", "Other"))
    db.session.rollback()
    sent = db.session.get_one(ChangeRequest, draft.id, populate_existing=True)
    assert sent.last_name == "Hall"


def test_an_unusable_file_is_told_of_once_and_never_gives_back_what_was_sent_since(
    app: Flask, clock: ManualClock
) -> None:
    user = a_user()
    infected = a_file(a_draft(asked_for("Kate", "Hall"), user), INFECTED, judged=False)
    with transaction():
        change = change_requests.submit(user.id, ChangeKind.NAME, now=NOW)
    evidence.judge(infected, ports().evidence_store, ports().scanner, now=clock.now)
    work()
    clock.advance(timedelta(minutes=5))
    a_file(change)
    with transaction():
        change_requests.submit_again(change.id, user.id, now=clock.now())
    db.session.remove()
    with transaction():
        # The worker was killed before it could say that it was done: its job is run again.
        change_evidence.tell_of_unusable(infected, now=clock.now())
    assert state_of(change) is ChangeState.SUBMITTED
    assert len(messages(change_requests.EVIDENCE_UNSAFE)) == 1
    assert len(audited("change_evidence_unusable")) == 1
    steps = db.session.scalars(select(ChangeEvent.what).where(ChangeEvent.change_request_id == change.id)).all()
    assert steps.count(Happening.EVIDENCE_UNSAFE) == 1


def test_a_draft_that_was_left_is_forgotten_with_its_files(app: Flask, clock: ManualClock) -> None:
    draft = a_draft(asked_for("Kate", "Hall"), a_user())
    file = a_file(draft)
    clock.advance(DRAFTS_FOR + timedelta(minutes=1))
    with transaction():
        assert change_evidence.end_what_is_too_old(clock.now()) == 1
    db.session.rollback()
    assert db.session.scalars(select(ChangeRequest)).all() == []
    assert db.session.get_one(Evidence, file, populate_existing=True).state is EvidenceState.GONE
