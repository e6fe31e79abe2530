"""Changes of name or date of birth, as the person asks for them: drafted, submitted, sent again, withdrawn.

Whoever takes a lock here takes the user's before the request's.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from identity_provider.db import db
from identity_provider.domain.change_requests import ChangeKind, ChangeReason, ChangeState, Happening
from identity_provider.domain.errors import IdentityError, IllegalMove
from identity_provider.domain.lookup import LookupReason, LookupStatus, pending
from identity_provider.domain.values import PersonName
from identity_provider.models import ChangeRequest, IdentityCheck, User
from identity_provider.queue import defer
from identity_provider.services import accounts, audit, change_history, lookups, outbox, support_tickets, trn_links
from identity_provider.services.audit import SYSTEM, Actor, Subject

PREFIX = "CHG"
SUBMITTED, LAPSED, EVIDENCE_UNSAFE = "change_submitted", "change_lapsed", "change_evidence_unsafe"


class ChangeOpen(IdentityError):
    """A request of the same kind is open: it is decided or withdrawn before another one is taken."""

    def __init__(self, request_id: UUID | None = None) -> None:
        super().__init__("a request of this kind is open")
        self.request_id = request_id


class NothingToChange(IdentityError):
    """What is asked for is what stands already."""


class EvidenceMissing(IdentityError):
    """Nothing was uploaded that a reviewer could look at, or nothing better than before."""


class ChangeEnded(IdentityError):
    """The request was decided, withdrawn or lapsed: by whom (`type:id`), how and when."""

    def __init__(self, by: str, state: ChangeState, at: datetime | None) -> None:
        super().__init__(f"{state} by {by}")
        self.by = by
        self.state = state
        self.at = at


def open_of(user: User, kind: ChangeKind) -> ChangeRequest | None:
    """The person's request of this kind that waits for somebody."""
    is_open = ChangeRequest.state.in_([each for each in ChangeState if each.is_open])
    return db.session.scalar(
        select(ChangeRequest).where(ChangeRequest.user_id == user.id, ChangeRequest.kind == kind, is_open)
    )


def draft_of(user: User, kind: ChangeKind) -> ChangeRequest | None:
    """What the person has begun to ask for, and not sent."""
    return db.session.scalar(
        select(ChangeRequest).where(
            ChangeRequest.user_id == user.id,
            ChangeRequest.kind == kind,
            ChangeRequest.state == ChangeState.DRAFT,
        )
    )


def sent_by(user: User) -> list[ChangeRequest]:
    """Everything that the person has asked for, newest first."""
    return list(
        db.session.scalars(
            select(ChangeRequest)
            .where(ChangeRequest.user_id == user.id, ChangeRequest.state != ChangeState.DRAFT)
            .order_by(ChangeRequest.first_submitted_at.desc())
        )
    )


def sent_one(user: User, request_id: UUID) -> ChangeRequest | None:
    """The request of this id, if it is this person's; whether there is such a one of somebody else's is not told."""
    found = db.session.get(ChangeRequest, request_id)
    return found if found and found.user_id == user.id and found.state is not ChangeState.DRAFT else None


def begin(user: User, kind: ChangeKind, *, language: str, now: datetime) -> ChangeRequest:
    """The draft of a request: the one that the person left, or a new one. Raises ChangeOpen."""
    user = accounts.held(user.id)
    refuse_second(user, kind)
    left = draft_of(user, kind)
    draft = change_history.still_there(left.id) if left is not None else None
    if draft is None:
        draft = new_request(user, kind, now=now)
    draft.language = language
    db.session.flush()
    return draft


def new_request(user: User, kind: ChangeKind, *, now: datetime) -> ChangeRequest:
    """A draft with a reference that nobody else has."""
    request = ChangeRequest(
        reference=support_tickets.new_reference(PREFIX),
        user_id=user.id,
        user=user,
        kind=kind,
        state=ChangeState.DRAFT,
        created_at=now,
    )
    db.session.add(request)
    return request


def refuse_second(user: User, kind: ChangeKind) -> None:
    """Raises ChangeOpen while a request of this kind is open."""
    there = open_of(user, kind)
    if there is not None:
        raise ChangeOpen(there.id)


def answer_reason(draft: ChangeRequest, reason: ChangeReason) -> None:
    """Why it is to be changed. Raises IllegalMove for what is no draft any more."""
    _drafted(draft).reason = reason


def answer_name(draft: ChangeRequest, name: PersonName) -> None:
    """Which name it shall be. Raises NothingToChange for the one that stands."""
    if name == draft.user.name:
        raise NothingToChange
    draft = _drafted(draft)
    draft.first_name, draft.middle_name, draft.last_name = name.first, name.middle, name.last


def answer_birthday(draft: ChangeRequest, born: date) -> None:
    """Which date of birth it shall be. Raises NothingToChange for the one that stands."""
    if born == draft.user.date_of_birth:
        raise NothingToChange
    _drafted(draft).date_of_birth = born


def submit(user_id: UUID, kind: ChangeKind, *, now: datetime) -> ChangeRequest:
    """Put the person's draft into the queue.

    Raises ChangeOpen, EvidenceMissing, NothingToChange when the details became what is asked for meanwhile, and
    IllegalMove when there is no draft: a second click finds none.
    """
    user = accounts.held(user_id)
    refuse_second(user, kind)
    draft = draft_of(user, kind)
    if draft is None or not user.is_live:
        raise IllegalMove("there is nothing to submit")
    draft = change_history.held(draft.id)
    if wants_nothing(draft):
        raise NothingToChange
    if not draft.usable_files:
        raise EvidenceMissing
    enqueue(draft, actor=Actor.of(user), now=now)
    tell(SUBMITTED, draft, now=now)
    return draft


def enqueue(draft: ChangeRequest, *, actor: Actor, now: datetime) -> None:
    """Make a draft a request. Raises ChangeOpen when another one came first at this moment."""
    draft.stood = as_it_stands(draft)
    draft.submit(now)
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError as clash:
        raise ChangeOpen from clash
    wait_for_review(draft.user, actor=actor, now=now)
    change_history.write_down(Happening.SUBMITTED, draft, actor=actor, now=now)
    asked = {"request": str(draft.id), "kind": draft.kind}
    audit.record("change_requested", Subject("user", draft.user_id), actor=actor, now=now, change=({}, asked))


def open_from_check(
    user: User, check: IdentityCheck, wanted: PersonName | date, *, actor: Actor, now: datetime
) -> ChangeRequest | None:
    """Ask a reviewer about a name or a date that a provider saw; None while a request of this kind is open already."""
    kind = ChangeKind.NAME if isinstance(wanted, PersonName) else ChangeKind.DATE_OF_BIRTH
    if open_of(user, kind) is not None:
        return None
    request = new_request(user, kind, now=now)
    request.reason, request.identity_check_id = ChangeReason.IDENTITY_CHECK, check.id
    request.language = user.language
    if isinstance(wanted, PersonName):
        request.first_name, request.middle_name, request.last_name = wanted.first, wanted.middle, wanted.last
    else:
        request.date_of_birth = wanted
    db.session.flush()
    enqueue(request, actor=actor, now=now)
    return request


def submit_again(request_id: UUID, user_id: UUID, *, now: datetime) -> ChangeRequest:
    """Better evidence was sent: back into the queue. Raises ChangeEnded, EvidenceMissing when there is none that is
    new, or IllegalMove when none was asked for.
    """
    user = accounts.held(user_id)
    request = held_by_person(request_id, user)
    if request.state is ChangeState.MORE_EVIDENCE and not request.has_new_evidence:
        raise EvidenceMissing
    request.submit(now)
    wait_for_review(user, actor=Actor.of(user), now=now)
    change_history.write_down(Happening.SUBMITTED_AGAIN, request, actor=Actor.of(user), now=now)
    return request


def withdraw(request_id: UUID, user_id: UUID, *, now: datetime) -> ChangeRequest:
    """Take a request back. Raises ChangeEnded when it was decided meanwhile: then the decision stands."""
    user = accounts.held(user_id)
    request = held_by_person(request_id, user)
    end(request, ChangeState.WITHDRAWN, Happening.WITHDRAWN, actor=Actor.of(user), now=now)
    change_history.delete_files(request, now=now)
    return request


def end(
    request: ChangeRequest, state: ChangeState, happening: Happening, *, actor: Actor, now: datetime, note: str = ""
) -> None:
    """End a held request, whoever ends it, and let the search for a record go on."""
    request.end(state, by=f"{actor.type}:{actor.id}", now=now)
    change_history.write_down(happening, request, actor=actor, now=now, note=note)
    change = ({"state": "open"}, {"state": state, "request": str(request.id)})
    audit.record("change_request_ended", Subject("user", request.user_id), actor=actor, now=now, change=change)
    db.session.flush()
    review_is_over(request.user, now=now)


def held_by_person(request_id: UUID, user: User) -> ChangeRequest:
    """The person's own open request. Raises ChangeEnded, and IllegalMove for a request that is not theirs."""
    if sent_one(user, request_id) is None:
        raise IllegalMove("there is no such request")
    request = change_history.held(request_id)
    if not request.state.is_open:
        raise ChangeEnded(request.ended_by or "", request.state, request.ended_at)
    return request


def wants_nothing(request: ChangeRequest) -> bool:
    """Whether what is asked for stands already."""
    if request.kind is ChangeKind.NAME:
        return request.wanted_name == request.user.name
    return request.date_of_birth == request.user.date_of_birth


def as_it_stands(request: ChangeRequest) -> dict[str, str]:
    """What the request would change, as it is now."""
    user = request.user
    if request.kind is ChangeKind.NAME:
        return {"name": user.name.full}
    return {"date_of_birth": user.date_of_birth.isoformat() if user.date_of_birth else ""}


def wait_for_review(user: User, *, actor: Actor, now: datetime) -> None:
    """While a change waits, nobody without a record is taken to have none: it may be found by the new details."""
    unsure = user.lookup_status in (LookupStatus.PENDING, LookupStatus.NONE)
    if unsure and user.lookup_reason is not LookupReason.WITH_HELPDESK:
        trn_links.stand_at(user, pending(LookupReason.EVIDENCE_UNDER_REVIEW), actor=actor, now=now)


def review_is_over(user: User, *, now: datetime) -> None:
    """The search goes on with the details as they are now, unless another change of theirs still waits."""
    if any(open_of(user, kind) for kind in ChangeKind) or not lookups.is_open(user):
        return
    if user.lookup_reason is LookupReason.EVIDENCE_UNDER_REVIEW:
        trn_links.stand_at(user, pending(LookupReason.NOT_LOOKED_UP), actor=SYSTEM, now=now)
    defer(lookups.LOOK_UP_AGAIN, key=f"{lookups.LOOK_UP_AGAIN}:{user.id}", user_id=str(user.id))


def tell(kind: str, request: ChangeRequest, *, now: datetime) -> None:
    """Email the person; what stands in the message is read when it is written."""
    key = f"{kind}:{request.id}:{now.timestamp():.6f}"
    words = {"change_request_id": str(request.id), "locale": request.language}
    outbox.post(kind, key, to=request.user.email, payload=words, now=now)


def _drafted(draft: ChangeRequest) -> ChangeRequest:
    """The draft as it is now, held: what was submitted in another tab is what a reviewer reads, and stays so."""
    held = change_history.held(draft.id)
    if held.state is not ChangeState.DRAFT:
        raise IllegalMove("it was submitted")
    return held
