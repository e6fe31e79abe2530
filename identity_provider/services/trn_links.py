"""Pointing a user at a teaching record: the only writer of a TRN, and of where a lookup stands.

At most one live user holds a TRN. Two checks stand in the way of a second one: the question asked here, and the
unique indexes, which stop whoever got past it at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove, TrnAlreadyLinked, UserAlreadyHasTrn
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel
from identity_provider.models import TrnLink, User
from identity_provider.services import audit, identities
from identity_provider.services.audit import Actor, Subject

_UNSETTLED = (LookupReason.REGISTER_UNAVAILABLE, LookupReason.NOT_LOOKED_UP, LookupReason.NO_RECORD)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a link is made: where it comes from (`Found` reasons only), how sure it is, and in whose words."""

    source: LookupReason
    level: VerificationLevel
    reason: str = ""


def link(user: User, trn: str, evidence: Evidence, *, actor: Actor, now: datetime) -> None:
    """Point the user at the record. Linking to the same record again only ever raises the level.

    Raises TrnAlreadyLinked when another user holds the TRN, also when that user was quicker by a moment; and
    UserAlreadyHasTrn when the user points elsewhere: an old link is ended with a reason, never overwritten.
    """
    if not user.is_live:
        raise IllegalMove("this identity is merged, erased or locked")
    if user.trn == trn:
        _raise_level(user, evidence, actor=actor, now=now)
        return
    if user.trn is not None:
        raise UserAlreadyHasTrn(user.trn)
    holder = holder_of(trn)
    if holder is user:
        # Linked a moment ago by somebody else.
        db.session.refresh(user)
        _raise_level(user, evidence, actor=actor, now=now)
        return
    if holder is not None:
        raise TrnAlreadyLinked(trn, holder.id)
    before = _standing(user)
    state = LookupState(LookupStatus.FOUND, evidence.source)
    try:
        with db.session.begin_nested():
            user.trn = trn
            user.verification_level = evidence.level
            _stand(user, state, now)
            db.session.add(
                TrnLink(
                    user_id=user.id,
                    trn=trn,
                    source=evidence.source,
                    level=evidence.level,
                    reason=evidence.reason,
                    linked_by=f"{actor.type}:{actor.id}",
                    linked_at=now,
                )
            )
            db.session.flush()
    except IntegrityError as clash:
        db.session.refresh(user)
        raise TrnAlreadyLinked(trn) from clash
    _record("trn_linked", user, before, actor=actor, now=now, reason=evidence.reason)


def unlink(user: User, leads_to: LookupState, *, actor: Actor, reason: str, now: datetime) -> None:
    """End the user's link with a reason; it stays in the history.

    Raises IllegalMove when there is none, or when no reason is given.
    """
    live = live_link_of(user)
    if live is None or leads_to.status is LookupStatus.FOUND:
        raise IllegalMove("there is no link to end")
    if not reason.strip():
        raise IllegalMove("a link is never ended without a reason")
    before = _standing(user)
    live.ended_at = now
    live.ended_by = f"{actor.type}:{actor.id}"
    live.end_reason = reason
    user.trn = None
    user.verification_level = None
    _stand(user, leads_to, now)
    db.session.flush()
    _record("trn_unlinked", user, before, actor=actor, now=now, reason=reason)


def stand_at(user: User, state: LookupState, *, actor: Actor, now: datetime, reason: str = "") -> None:
    """Write where the lookup of a user without a TRN stands.

    A user who is linked stays linked whatever a later search says, so nothing is written for one; and what the
    helpdesk confirmed is taken back by staff only. An answer that did not come (`register_unavailable`) never
    replaces one that did, except "there is no record": that is said only as long as the register says so.
    """
    if state.status is LookupStatus.FOUND:
        raise IllegalMove("Found is written by link()")
    if user.trn is not None or (_is_settled(user) and state.reason is LookupReason.REGISTER_UNAVAILABLE):
        return
    if user.lookup_status is LookupStatus.FAILED and actor.type != "staff":
        return
    before = _standing(user)
    _stand(user, state, now)
    if before != _standing(user):
        _record("lookup_state_changed", user, before, actor=actor, now=now, reason=reason)


def stand_open(user: User, state: LookupState, *, actor: Actor, now: datetime, reason: str) -> None:
    """Write that nothing is sure of a person any more: another identity turned out to be theirs, and is pending.

    Also of one whom the helpdesk confirmed to have no TRN, and whoever acts: that was said of what was known of one
    identity, and more is known of the person. Raises IllegalMove for another state, or when they are linked.
    """
    if state.status is not LookupStatus.PENDING or user.trn is not None:
        raise IllegalMove("only somebody without a record is opened again, and as pending")
    before = _standing(user)
    _stand(user, state, now)
    _record("lookup_state_changed", user, before, actor=actor, now=now, reason=reason)


def forget(user: User) -> None:
    """Of an erased person no record is known any more, nor that there was one: the history of the links goes too.

    Raises IllegalMove while there is a live link: it is ended first, with a reason.
    """
    if user.trn is not None:
        raise IllegalMove("a live link is ended with a reason first")
    db.session.execute(delete(TrnLink).where(TrnLink.user_id == user.id))
    user.lookup_status = LookupStatus.PENDING
    user.lookup_reason = LookupReason.NOT_LOOKED_UP
    user.looked_up_at = None


def holder_of(trn: str) -> User | None:
    """The live user who holds this TRN."""
    return db.session.scalar(select(User).where(User.trn == trn))


def live_link_of(user: User) -> TrnLink | None:
    """The user's link as it stands now."""
    return db.session.scalar(select(TrnLink).where(TrnLink.user_id == user.id, TrnLink.ended_at.is_(None)))


def was_ended(user: User, trn: str, *, since: datetime | None = None) -> bool:
    """Whether a link of this person to the record was ended, by whichever of their identities, at or after `since`.

    It was ended with a reason, by somebody who knew: no search, file or older word of a service knows better.
    """
    ended = select(TrnLink.user_id).where(TrnLink.trn == trn, TrnLink.ended_at.is_not(None))
    if since is not None:
        ended = ended.where(TrnLink.ended_at >= since)
    whose = set(db.session.scalars(ended))
    return bool(whose) and any(each.id in whose for each in identities.all_of(user))


def _is_settled(user: User) -> bool:
    return user.looked_up_at is not None and user.lookup_reason not in _UNSETTLED


def _raise_level(user: User, evidence: Evidence, *, actor: Actor, now: datetime) -> None:
    if user.verification_level is VerificationLevel.MEDIUM or evidence.level is VerificationLevel.LOW:
        return
    before = _standing(user)
    user.verification_level = evidence.level
    live = live_link_of(user)
    if live is not None:
        live.level = evidence.level
    user.updated_at = now
    _record("trn_link_raised", user, before, actor=actor, now=now, reason=evidence.reason)


def _stand(user: User, state: LookupState, now: datetime) -> None:
    user.lookup_status = state.status
    user.lookup_reason = state.reason
    user.looked_up_at = now
    user.updated_at = now


def _standing(user: User) -> dict[str, str | None]:
    return {
        "trn": user.trn,
        "lookup_status": user.lookup_status,
        "lookup_reason": user.lookup_reason,
        "verification_level": user.verification_level,
    }


def _record(
    action: str, user: User, before: dict[str, str | None], *, actor: Actor, now: datetime, reason: str
) -> None:
    audit.record(
        action, Subject("user", user.id), actor=actor, now=now, reason=reason, change=(before, _standing(user))
    )
