"""What reviewers do with requests for changes: claim them, and decide each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from identity_provider.db import db
from identity_provider.domain.change_requests import (
    EVIDENCE_AFTER_DECISION,
    ChangeKind,
    ChangeState,
    Happening,
    RejectionReason,
)
from identity_provider.domain.errors import IdentityError, IllegalMove
from identity_provider.domain.values import PersonName
from identity_provider.models import ChangeRequest, StaffUser, User
from identity_provider.services import accounts, audit, change_history, change_reports, change_requests, identities
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.change_requests import ChangeEnded

APPROVED, REJECTED, MORE_EVIDENCE = "change_approved", "change_rejected", "change_more_evidence"


class OwnRequest(IdentityError):
    """The request is about the reviewer's own email address: a colleague has to decide it."""


class ChangeClaimed(IdentityError):
    """A colleague has claimed the request since the page was shown."""

    def __init__(self, by: str) -> None:
        super().__init__(f"claimed by {by}")
        self.by = by


class EvidenceWaits(IdentityError):
    """The scanner has not looked at every file: nothing is approved on what nobody may see yet."""


class WithThePerson(IdentityError):
    """The person was asked for better evidence, and has not sent it yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Why a reviewer says no, or asks again, with words of their own for the person."""

    why: RejectionReason
    message: str


def is_own(request: ChangeRequest, staff: StaffUser) -> bool:
    """Whether any identity of the person is of the reviewer's own address."""
    return identities.is_own(request.user, staff)


def assign(
    request_id: UUID, to: StaffUser | None, *, seen: UUID | None, staff: StaffUser, now: datetime
) -> ChangeRequest:
    """Claim the request, or give it back when `to` is None. `seen` is whose it was on the page that was shown.

    Raises ChangeClaimed when it changed hands since, ChangeEnded when it ended, OwnRequest.
    """
    request = _held(request_id, staff)
    if request.assigned_to_id != seen:
        raise ChangeClaimed(request.assigned_to.display_name if request.assigned_to else "")
    change = ({"assigned_to": str(seen or "")}, {"assigned_to": str(to.id if to else "")})
    request.assigned_to_id = to.id if to else None
    subject = Subject("change_request", request.id)
    audit.record("change_request_assigned", subject, actor=Actor.of(staff), now=now, change=change)
    return request


def approve(request_id: UUID, *, staff: StaffUser, now: datetime, exhibit_id: UUID | None = None) -> ChangeRequest:
    """Make the change. The person is told, services hear of it, and so does the DQT where there is a TRN.

    `exhibit_id` is the file that the DQT is shown: it takes one. Raises ChangeEnded, WithThePerson, OwnRequest,
    EvidenceWaits, and IllegalMove when there is nothing that shows the change.
    """
    request = _under_review(request_id, staff)
    shown = _shown_for(request)
    actor, user = Actor.of(staff), request.user
    if not user.is_live:
        raise IllegalMove("the account is not in use")
    request.stood = change_requests.as_it_stands(request)
    _make(request, user, actor=actor, now=now)
    change_requests.end(request, ChangeState.APPROVED, Happening.APPROVED, actor=actor, now=now)
    if request.is_discreet:
        request.stood = {}
    if user.trn is not None:
        exhibit = next((each for each in shown if each == exhibit_id), shown[0] if shown else None)
        change_reports.begin(request, user.trn, exhibit, now=now)
    change_history.keep_files(request, until=now + EVIDENCE_AFTER_DECISION)
    change_requests.tell(APPROVED, request, now=now)
    return request


def reject(request_id: UUID, answer: Answer, *, staff: StaffUser, now: datetime) -> ChangeRequest:
    """Say no, with a reason that the person is told. Raises as `approve` does."""
    request = _held(request_id, staff)
    request.rejection, request.message = answer.why, answer.message
    actor = Actor.of(staff)
    change_requests.end(request, ChangeState.REJECTED, Happening.REJECTED, actor=actor, now=now, note=answer.message)
    change_history.keep_files(request, until=now + EVIDENCE_AFTER_DECISION)
    change_requests.tell(REJECTED, request, now=now)
    return request


def ask_again(request_id: UUID, answer: Answer, *, staff: StaffUser, now: datetime) -> ChangeRequest:
    """Ask the person for better evidence, and say what was wrong with it. Raises as `approve` does.

    Of what a provider reported there is no evidence that the person could better: IllegalMove.
    """
    request = _under_review(request_id, staff)
    if request.identity_check_id is not None:
        raise IllegalMove("the report of a provider is the evidence")
    request.send_back()
    request.rejection, request.message = answer.why, answer.message
    actor, subject = Actor.of(staff), Subject("user", request.user_id)
    change_history.write_down(Happening.MORE_EVIDENCE_ASKED, request, actor=actor, now=now, note=answer.message)
    asked = {"request": str(request.id), "why": answer.why}
    audit.record("better_evidence_asked", subject, actor=actor, now=now, change=({}, asked))
    change_requests.tell(MORE_EVIDENCE, request, now=now)
    return request


def _shown_for(request: ChangeRequest) -> list[UUID]:
    """The files on which it may be approved; none where a provider's report is the evidence."""
    if request.waits_for_scanner:
        raise EvidenceWaits
    shown = [each.evidence_id for each in request.files if each.evidence.is_shown]
    if not shown and request.identity_check_id is None:
        raise IllegalMove("there is no evidence of it")
    return shown


def _make(request: ChangeRequest, user: User, *, actor: Actor, now: datetime) -> None:
    if request.kind is ChangeKind.DATE_OF_BIRTH:
        if request.date_of_birth is None:
            raise IllegalMove("no date was asked for")
        accounts.correct_birthday(user, request.date_of_birth, actor=actor, now=now)
        return
    was, wanted = user.name, request.wanted_name
    accounts.rename(user, wanted, actor=actor, now=now, discreetly=request.is_discreet)
    user.preferred_name = _called(user.preferred_name, was, wanted)
    if not request.is_discreet or user.trn is None:
        # Whose record is still to be found may have it under the old name; nobody else needs to know that.
        accounts.keep_previous_name(user, was, now=now)


def _called(preferred: str, was: PersonName, now_named: PersonName) -> str:
    """What the person is called: who chose a form of the old name is called by the same form of the new one."""
    forms = {was.full: now_named.full, f"{was.first} {was.last}": f"{now_named.first} {now_named.last}"}
    return forms.get(preferred, preferred)[:200]


def _held(request_id: UUID, staff: StaffUser) -> ChangeRequest:
    seen = db.session.get_one(ChangeRequest, request_id)
    accounts.held(seen.user_id)
    request = change_history.held(request_id)
    if is_own(request, staff):
        raise OwnRequest
    if not request.state.is_open:
        raise ChangeEnded(request.ended_by or "", request.state, request.ended_at)
    return request


def _under_review(request_id: UUID, staff: StaffUser) -> ChangeRequest:
    request = _held(request_id, staff)
    if request.state is ChangeState.MORE_EVIDENCE:
        raise WithThePerson
    return request
