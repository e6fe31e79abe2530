"""The steps of a request for a change, and holding it while one of them is taken."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.change_requests import ChangeState, Happening
from identity_provider.domain.errors import IllegalMove
from identity_provider.models import ChangeEvent, ChangeRequest, User
from identity_provider.services import evidence
from identity_provider.services.audit import SYSTEM, Actor


def held(request_id: UUID) -> ChangeRequest:
    """The request as it is now, held until the transaction ends: of two people the second one waits here.

    Raises IllegalMove when it is gone.
    """
    found = db.session.scalars(
        select(ChangeRequest)
        .where(ChangeRequest.id == request_id)
        .with_for_update(of=ChangeRequest)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise IllegalMove("there is no such request any more")
    return found


def still_there(request_id: UUID) -> ChangeRequest | None:
    """As `held`; None for a request that was forgotten since it was seen."""
    try:
        return held(request_id)
    except IllegalMove:
        return None


def write_down(
    what: Happening,
    request: ChangeRequest,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    file: UUID | None = None,
) -> None:
    """Add a step to the history that the person reads. One about a `file` bears its id: it is written once."""
    by = f"{actor.type}:{actor.id}"
    step = ChangeEvent(id=file or uuid4(), change_request_id=request.id, what=what, by=by, note=note, at=now)
    db.session.add(step)


def was_told_of(file: UUID) -> bool:
    """Whether the history has a step about this file. Ask while the request is held."""
    return db.session.get(ChangeEvent, file) is not None


def withdraw_all_of(user: User, *, now: datetime) -> None:
    """The account became part of another one, or ends: nothing is decided of it any more, and drafts go.

    The caller holds the account, so that nothing of it is sent or decided meanwhile; a draft may be forgotten.
    """
    # In the order in which the sweep holds drafts, so that neither waits for the other.
    theirs = select(ChangeRequest.id).where(ChangeRequest.user_id == user.id).order_by(ChangeRequest.id)
    for request_id in db.session.scalars(theirs).all():
        request = still_there(request_id)
        if request is None:
            continue
        if request.state.is_open:
            request.end(ChangeState.WITHDRAWN, by=f"{SYSTEM.type}:{SYSTEM.id}", now=now)
            write_down(Happening.WITHDRAWN, request, actor=SYSTEM, now=now)
            delete_files(request, now=now)
        elif request.state is ChangeState.DRAFT:
            discard(request, now=now)


def discard(draft: ChangeRequest, *, now: datetime) -> None:
    """Forget what was never sent, with its files."""
    delete_files(draft, now=now)
    db.session.delete(draft)


def delete_files(request: ChangeRequest, *, now: datetime) -> None:
    """Show its evidence to nobody from now on."""
    for each in request.usable_files:
        evidence.delete(each.evidence_id, now)


def keep_files(request: ChangeRequest, *, until: datetime) -> None:
    """Say when its evidence goes."""
    for each in request.usable_files:
        evidence.keep_until(each.evidence_id, until)
