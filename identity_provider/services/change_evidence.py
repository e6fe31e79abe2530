"""The evidence of a request: files added and removed by the person, judged by the scanner, and gone in the end."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.change_requests import (
    DRAFTS_FOR,
    MOST_FILES,
    UNDECIDED_FOR,
    ChangeState,
    Happening,
)
from identity_provider.domain.errors import IdentityError, IllegalMove
from identity_provider.domain.evidence import EvidenceState
from identity_provider.models import ChangeFile, ChangeRequest, Evidence, User
from identity_provider.queue import defer
from identity_provider.services import accounts, audit, change_history, change_requests, evidence
from identity_provider.services.audit import SYSTEM, Subject
from identity_provider.services.evidence import KeptFile

UNUSABLE = "evidence_of_change_unusable"
BATCH = 100
_TAKES_FILES = (ChangeState.DRAFT, ChangeState.MORE_EVIDENCE)


class TooManyFiles(IdentityError):
    """A request has as many files as it may have; one of them is removed before another one is added."""


def refuse_more(request: ChangeRequest) -> None:
    """Whether another file may be added, before one is taken in. Raises TooManyFiles, or IllegalMove."""
    if request.state not in _TAKES_FILES:
        raise IllegalMove(f"a request that is {request.state} takes no files")
    if len(request.usable_files) >= MOST_FILES:
        raise TooManyFiles


def add(request_id: UUID, user: User, kept: KeptFile, *, now: datetime) -> ChangeFile:
    """Make a file that was taken in evidence of this person's request. Raises as `refuse_more` does."""
    request = _own(request_id, user)
    refuse_more(request)
    row = ChangeFile(
        evidence=evidence.receive(user, kept, now=now), change_request_id=request.id, request=request, added_at=now
    )
    db.session.add(row)
    db.session.flush()
    return row


def remove(request_id: UUID, user: User, evidence_id: UUID, *, now: datetime) -> None:
    """Take a file back. What a reviewer has seen with an earlier submission stays. Raises IllegalMove."""
    request = _own(request_id, user)
    found = next((each for each in request.files if each.evidence_id == evidence_id), None)
    if request.state not in _TAKES_FILES or found is None or not is_removable(found):
        raise IllegalMove("there is no such file to remove")
    evidence.delete(evidence_id, now)
    db.session.delete(found)
    db.session.flush()
    db.session.expire(request, ["files"])


def is_removable(file: ChangeFile) -> bool:
    """Whether it was added since the request was submitted last."""
    submitted = file.request.submitted_at
    return submitted is None or file.added_at > submitted


@evidence.when_judged
def evidence_was_judged(judged: Evidence, *, now: datetime) -> None:
    """What cannot be used is told to the person, by a job of its own: here the file is locked, there the person is."""
    del now
    if judged.state in (EvidenceState.INFECTED, EvidenceState.GONE):
        defer(UNUSABLE, key=f"{UNUSABLE}:{judged.id}", evidence_id=str(judged.id))


def tell_of_unusable(evidence_id: UUID, *, now: datetime) -> None:
    """A file was infected, or lost: its request goes back to the person, who is told. For the worker.

    Once for each file: the job of a worker that was killed runs again, perhaps after better evidence was sent.
    """
    row = db.session.get(ChangeFile, evidence_id)
    if row is None:
        return
    accounts.held(row.request.user_id)
    request = change_history.held(row.change_request_id)
    if not request.state.is_open or change_history.was_told_of(evidence_id):
        return
    if request.state is ChangeState.SUBMITTED:
        request.send_back()
    request.rejection, request.message = None, ""
    change_history.write_down(Happening.EVIDENCE_UNSAFE, request, actor=SYSTEM, now=now, file=evidence_id)
    change = {"request": str(request.id), "evidence": str(evidence_id), "state": row.evidence.state}
    subject = Subject("user", request.user_id)
    audit.record("change_evidence_unusable", subject, actor=SYSTEM, now=now, change=({}, change))
    change_requests.tell(change_requests.EVIDENCE_UNSAFE, request, now=now)


def end_what_is_too_old(now: datetime) -> int:
    """End requests that nobody decided in time, and forget drafts that were left; how many there were.

    To be called in a transaction, again until it returns nought.
    """
    late = ChangeRequest.state.in_([each for each in ChangeState if each.is_open])
    due = select(ChangeRequest.id).where(late, ChangeRequest.first_submitted_at < now - UNDECIDED_FOR)
    left = select(ChangeRequest.id).where(
        ChangeRequest.state == ChangeState.DRAFT, ChangeRequest.created_at < now - DRAFTS_FOR
    )
    ended = 0
    # In the order in which a merge holds two people, so that neither waits for the other.
    for request_id in db.session.scalars(due.order_by(ChangeRequest.user_id).limit(BATCH)).all():
        _lapse(request_id, now=now)
        ended += 1
    for request_id in db.session.scalars(left.order_by(ChangeRequest.id).limit(BATCH)).all():
        ended += _forget(request_id, now=now)
    return ended


def _forget(request_id: UUID, *, now: datetime) -> bool:
    """Forget a draft, unless it was sent, or its account became part of another one, a moment ago."""
    draft = change_history.still_there(request_id)
    if draft is None or draft.state is not ChangeState.DRAFT:
        return False
    change_history.discard(draft, now=now)
    return True


def _lapse(request_id: UUID, *, now: datetime) -> None:
    seen = db.session.get(ChangeRequest, request_id)
    if seen is None:
        return
    accounts.held(seen.user_id)
    request = change_history.still_there(request_id)
    if request is None or not request.state.is_open:
        # Somebody decided it, or its person was erased, a moment ago.
        return
    change_requests.end(request, ChangeState.LAPSED, Happening.LAPSED, actor=SYSTEM, now=now)
    change_history.delete_files(request, now=now)
    change_requests.tell(change_requests.LAPSED, request, now=now)


def _own(request_id: UUID, user: User) -> ChangeRequest:
    accounts.held(user.id)
    request = db.session.get(ChangeRequest, request_id)
    if request is None or request.user_id != user.id:
        raise IllegalMove("there is no such request")
    return change_history.held(request_id)
