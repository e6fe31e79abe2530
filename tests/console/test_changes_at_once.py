"""Changes in two tabs at once, and while a file is being checked: nobody meets an error, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import UNDECIDED_FOR, ChangeKind, ChangeState, RejectionReason
from identity_provider.domain.evidence import CleanedFile
from identity_provider.models import ChangeRequest, User
from identity_provider.services import accounts, change_evidence, change_history, change_requests, change_reviews
from identity_provider.services.audit import SYSTEM
from identity_provider.services.change_reviews import Answer
from tests.builders import NOW, a_staff_user, a_user
from tests.journeys.travel import count_of
from tests.kit.changes import (
    NAME,
    REVIEWER,
    a_change,
    a_draft,
    a_file,
    anew,
    asked_for,
    evidence_arrives,
    kate,
    signed_in,
)
from tests.kit.outside import OutsideWorld

Meanwhile = Callable[[Callable[[], object]], None]


@pytest.fixture
def while_cleaned(outside: OutsideWorld, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Have something done, in a transaction, while the next file is being cleaned."""

    def do(something: Callable[[], object]) -> None:
        clean = outside.cleaner.clean

        def meanwhile(content: bytes, media_type: str) -> CleanedFile:
            with transaction():
                something()
            return clean(content, media_type)

        monkeypatch.setattr(outside.cleaner, "clean", meanwhile)

    return do


def test_a_draft_that_is_sent_in_another_tab_while_a_file_is_checked(app: Flask, while_cleaned: Meanwhile) -> None:
    user = kate()
    a_file(a_draft(asked_for("Kate", "Hall"), user))
    person = signed_in(app)
    person.get(f"{NAME}/evidence")
    while_cleaned(lambda: change_requests.submit(user.id, ChangeKind.NAME, now=NOW))
    page = evidence_arrives(person)
    assert (page.status, page.h1) == (200, "You have already asked for this")
    [sent] = change_requests.sent_by(user)
    assert len(sent.files) == 1


def test_a_request_that_is_withdrawn_in_another_tab_while_a_file_is_checked(
    app: Flask, while_cleaned: Meanwhile
) -> None:
    user = kate()
    change = a_change(asked_for("Kate", "Hall"), user=user)
    with transaction():
        answer, staff = Answer(RejectionReason.UNREADABLE, ""), a_staff_user(*REVIEWER)
        change_reviews.ask_again(change.id, answer, staff=staff, now=NOW)
    person = signed_in(app)
    person.get(f"/account/changes/requests/{change.id}/evidence")
    while_cleaned(lambda: change_requests.withdraw(change.id, user.id, now=NOW))
    page = evidence_arrives(person)
    assert (page.status, page.path) == (200, f"/account/changes/requests/{change.id}")
    assert anew(change).state is ChangeState.WITHDRAWN


def test_a_draft_that_is_sent_at_the_moment_at_which_it_would_be_forgotten_is_kept(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = kate()
    draft = a_draft(asked_for("Kate", "Hall"), user)
    clock.advance(timedelta(days=89))
    a_file(draft)
    held = change_history.held

    def meanwhile(request_id: object) -> ChangeRequest:
        monkeypatch.undo()
        with transaction():
            change_requests.submit(user.id, ChangeKind.NAME, now=clock.now())
        return held(draft.id)

    monkeypatch.setattr(change_history, "held", meanwhile)
    with transaction():
        change_evidence.end_what_is_too_old(clock.now())
    assert (anew(draft).state, len(anew(draft).usable_files)) == (ChangeState.SUBMITTED, 1)


def test_who_goes_on_at_the_moment_at_which_their_draft_is_forgotten_begins_anew(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = kate()
    left, draft_of = a_draft(asked_for("Kate", "Hall"), user), change_requests.draft_of

    def forgotten_meanwhile(person: User, kind: ChangeKind) -> ChangeRequest | None:
        found = draft_of(person, kind)
        assert found is not None
        db.session.execute(delete(ChangeRequest).execution_options(synchronize_session=False))
        return found

    monkeypatch.setattr(change_requests, "draft_of", forgotten_meanwhile)
    with transaction():
        anew_begun = change_requests.begin(user, ChangeKind.NAME, language="en", now=clock.now())
    assert (anew_begun.id == left.id, count_of(ChangeRequest)) == (False, 1)


def test_an_account_that_becomes_part_of_another_while_its_draft_is_forgotten(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, survivor = kate(), a_user()
    a_draft(asked_for("Kate", "Hall"), user)
    sent = a_change(asked_for(born=date(1985, 4, 3)), user=user)
    held = change_history.held

    def forgotten_meanwhile(request_id: UUID) -> ChangeRequest:
        for draft in db.session.query(ChangeRequest).filter_by(id=request_id, state=ChangeState.DRAFT):
            change_history.discard(draft, now=clock.now())
        return held(request_id)

    monkeypatch.setattr(change_history, "held", forgotten_meanwhile)
    with transaction():
        accounts.become_part_of(accounts.held(user.id), survivor, actor=SYSTEM, reason="one person", now=clock.now())
    assert anew(sent).state is ChangeState.WITHDRAWN
    assert count_of(ChangeRequest) == 1


def test_a_request_that_is_erased_at_the_moment_at_which_it_would_lapse_keeps_no_other_one(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [a_change(asked_for("Kate", "Hall"), user=each) for each in (kate(), a_user())]
    gone, kept = sorted(changes, key=lambda each: each.user_id)
    clock.advance(UNDECIDED_FOR + timedelta(days=1))
    account_of = accounts.held

    def erased_meanwhile(user_id: UUID) -> User:
        db.session.execute(delete(ChangeRequest).where(ChangeRequest.id == gone.id))
        return account_of(user_id)

    monkeypatch.setattr(accounts, "held", erased_meanwhile)
    with transaction():
        change_evidence.end_what_is_too_old(clock.now())
    assert anew(kept).state is ChangeState.LAPSED


def test_the_sweep_holds_people_and_drafts_in_the_order_in_which_a_merge_holds_them(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = sorted((a_user() for _ in range(6)), key=lambda each: each.id, reverse=True)
    for each in people:
        a_change(asked_for("Kate", "Hall"), user=each)
    drafts = [a_draft(asked_for(born=date(1985, 4, 3)), each) for each in people]
    clock.advance(UNDECIDED_FOR + timedelta(days=1))
    account_of, request_of = accounts.held, change_history.held
    people_held: list[UUID] = []
    requests_held: list[UUID] = []

    def account(user_id: UUID) -> User:
        people_held.append(user_id)
        return account_of(user_id)

    def request(request_id: UUID) -> ChangeRequest:
        requests_held.append(request_id)
        return request_of(request_id)

    monkeypatch.setattr(accounts, "held", account)
    monkeypatch.setattr(change_history, "held", request)
    with transaction():
        assert change_evidence.end_what_is_too_old(clock.now()) == 12
    assert people_held == sorted(each.id for each in people)
    assert requests_held[6:] == sorted(each.id for each in drafts)


def test_a_draft_that_goes_another_way_at_the_moment_at_which_it_would_be_forgotten_keeps_no_other_one(
    app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_file(a_draft(asked_for("Kate", "Hall"), kate()))
    a_file(a_draft(asked_for("Kate", "Hall"), a_user()))
    clock.advance(timedelta(days=8))
    held = change_history.held

    def meanwhile(request_id: UUID) -> ChangeRequest:
        monkeypatch.undo()
        change_history.discard(held(request_id), now=clock.now())
        return held(request_id)

    monkeypatch.setattr(change_history, "held", meanwhile)
    with transaction():
        assert change_evidence.end_what_is_too_old(clock.now()) == 1
    assert count_of(ChangeRequest) == 0
