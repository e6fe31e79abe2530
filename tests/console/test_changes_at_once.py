"""Changes in two tabs at once, and while a file is being checked: nobody meets an error, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.change_requests import ChangeKind, ChangeState, RejectionReason
from identity_provider.domain.evidence import CleanedFile
from identity_provider.models import ChangeRequest
from identity_provider.services import change_evidence, change_history, change_requests, change_reviews
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
