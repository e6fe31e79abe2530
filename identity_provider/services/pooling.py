"""What was known of two identities that become one: nothing that either of them waits for is lost with the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from identity_provider.db import db
from identity_provider.domain.absence import FurtherAnswers
from identity_provider.domain.lookup import LookupReason, LookupStatus, pending
from identity_provider.models import Client, SupportTicket, User
from identity_provider.queue import defer
from identity_provider.services import audit, lookups, support_tickets, trn_links
from identity_provider.services.audit import Actor, Subject

_TOGETHER = {
    "stated_nino_encrypted": "stated_has_nino",
    "stated_trn": "stated_has_trn",
    "stated_has_qts": None,
    "stated_training_provider": None,
    "stated_previous_names": None,
    "date_of_birth": None,
}
"""What one may have stated and the other not, with the answer that belongs to it."""


_FURTHER = "stated_further"
"""What both were asked before they could be taken for somebody without a record: answers of both count."""

_MADE_ONE = "Two accounts of this person were made one."
_PARTED = "The two accounts were parted again."
"""What the case's ticket is told, since its requester is one of the two."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """What the survivor took over: the statements, with what stood there before, and the open case."""

    carried: dict[str, Any] = field(default_factory=dict)
    case_id: UUID | None = None


def pool(survivor: User, other: User, *, actor: Actor, now: datetime) -> Pooled:
    """Leave the survivor without a record no surer of that than the other one was (domain.md's first rule).

    The survivor takes over what the other one stated besides, where their search stood, and their open case; the
    register is asked again about all of it. Nothing of this is wanted when a record is known.
    """
    if survivor.trn is not None:
        return Pooled()
    carried = _carry(survivor, other)
    if carried:
        survivor.updated_at = now
    unsure = other.lookup_status is LookupStatus.PENDING
    differs = survivor.lookup_status is LookupStatus.NONE and other.lookup_status is not LookupStatus.NONE
    none_of_less = survivor.lookup_status is LookupStatus.NONE and bool(carried)
    if survivor.lookup_status is not LookupStatus.PENDING and (unsure or differs or none_of_less):
        reason = other.lookup_reason if unsure else LookupReason.NOT_LOOKED_UP
        trn_links.stand_open(survivor, pending(reason), actor=actor, now=now, reason="two accounts became one")
    if survivor.lookup_status is not LookupStatus.PENDING:
        return Pooled(carried)
    # An empty answer about one of them is not "no record" of both: first the person is asked again.
    survivor.asked_again_at = None
    look_again(survivor)
    return Pooled(carried, _move_case(other, survivor, _MADE_ONE, actor=actor, now=now))


def part(survivor: User, other: User, pooled: Pooled, *, actor: Actor, now: datetime) -> None:
    """Give back what was taken over, as far as it still stands; the search for either goes on, with a case."""
    for name, before in pooled.carried.items():
        taken = _joined(before, other.stated_further) if name == _FURTHER else getattr(other, name)
        if getattr(survivor, name) == taken:
            setattr(survivor, name, before)
    case = db.session.get(SupportTicket, pooled.case_id) if pooled.case_id else None
    if case is not None and case.user_id == survivor.id and support_tickets.open_case_of(survivor) is case:
        _move_case(survivor, other, _PARTED, actor=actor, now=now)
    for each in (survivor, other):
        if each.lookup_status is LookupStatus.PENDING:
            each.asked_again_at = None
            service = each.registered_with_client_id
            client = db.session.get(Client, service) if service else None
            support_tickets.open_case(each, client, None, each.lookup_reason, now)
            look_again(each)


def look_again(user: User) -> None:
    """Have the register asked about this person."""
    defer(lookups.LOOK_UP_AGAIN, key=f"{lookups.LOOK_UP_AGAIN}:{user.id}", user_id=str(user.id))


def _carry(survivor: User, other: User) -> dict[str, Any]:
    """Take what the survivor has not stated. "No" gives way to what the other one gave; returns what stood there."""
    before: dict[str, Any] = {}
    for name, answer in _TOGETHER.items():
        if getattr(survivor, name) or not getattr(other, name):
            continue
        for each in (name, answer):
            if each is not None:
                before[each] = getattr(survivor, each)
                setattr(survivor, each, getattr(other, each))
    for answer in ("stated_has_nino", "stated_has_trn", "stated_has_qts"):
        said = getattr(other, answer)
        if (getattr(survivor, answer) is None and said is not None) or (said and not getattr(survivor, answer)):
            before.setdefault(answer, getattr(survivor, answer))
            setattr(survivor, answer, said)
    further = _joined(survivor.stated_further, other.stated_further)
    if further != survivor.stated_further:
        before[_FURTHER] = survivor.stated_further
        survivor.stated_further = further
    return before


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return FurtherAnswers.of(one).together_with(FurtherAnswers.of(other)).as_kept()


def _move_case(giver: User, taker: User, why: str, *, actor: Actor, now: datetime) -> UUID | None:
    """The helpdesk goes on with the case as the other one's, unless they have one; returns which one was moved."""
    case = support_tickets.open_case_of(giver)
    if case is None or support_tickets.open_case_of(taker) is not None:
        return None
    case = support_tickets.lock(case.id)
    case.user_id, case.user = taker.id, taker
    db.session.flush()
    change = ({"user": str(giver.id)}, {"user": str(taker.id)})
    audit.record("case_moved", Subject("case", case.id), actor=actor, now=now, change=change)
    support_tickets.say(case, f"{why} Case {case.reference} is now of {taker.email}.", now=now)
    return case.id
