"""Making two identities one, as staff decide it: which `sub` stays, which TRN, which address; and parting them again.

Both histories are kept. For thirty days a merge can be undone, as long as what it did still stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.errors import EmailInUse, IdentityError, IllegalMove, OwnAccount, TrnAlreadyLinked
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.models import Resolution, StaffUser, TrnLink, User, UserMerge
from identity_provider.services import (
    accounts,
    audit,
    awards,
    identities,
    one_login_links,
    outbox,
    passkeys,
    pooling,
    resume,
    service_uses,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.pooling import Pooled
from identity_provider.services.trn_links import Evidence

UNDO_FOR = timedelta(days=30)
ACCOUNTS_MERGED = accounts.ACCOUNTS_MERGED
ACCOUNTS_PARTED = "accounts_parted"


class NotMergeable(IdentityError):
    """One of the two is merged, erased or locked, or they are one identity."""


class TrnToChoose(IdentityError):
    """Both point at a record, so that one of the two TRNs must be chosen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What stays of the two: the survivor's `sub` always, and of either the address and the TRN."""

    email: str
    trn: str | None
    reason: str


def check(survivor: User, other: User, staff: StaffUser) -> None:
    """Whether this agent may make the two one. Raises NotMergeable or OwnAccount."""
    if survivor.id == other.id or not (survivor.is_live and other.is_live):
        raise NotMergeable
    if identities.is_own(survivor, staff) or identities.is_own(other, staff):
        raise OwnAccount


def merge(survivor_id: UUID, other_id: UUID, choice: Choice, *, staff: StaffUser, now: datetime) -> UserMerge:
    """Make `other` part of the survivor, whose `sub` stays; services learn `previous_user_id`. Both addresses are told.

    Raises NotMergeable, OwnAccount, TrnToChoose when both hold a TRN and neither is chosen, and IllegalMove when the
    address or TRN chosen is neither's (they changed since the page was shown) or no reason is given.
    """
    if not choice.reason.strip():
        raise IllegalMove("accounts are never merged without a reason")
    survivor, other = _held(survivor_id, other_id)
    check(survivor, other, staff)
    _check_choice(survivor, other, choice)
    row = UserMerge(
        survivor_id=survivor.id,
        merged_id=other.id,
        survivor_email=survivor.email,
        survivor_email_verified_at=survivor.email_verified_at,
        client_ids_added=sorted(service_uses.of(other.id) - service_uses.of(survivor.id)),
        merged_email=other.email,
        reason=choice.reason,
        merged_by=str(staff.id),
        at=now,
        undo_until=now + UNDO_FOR,
    )
    actor = Actor.of(staff)
    _settle_record(survivor, other, row, choice, actor=actor, now=now)
    pooled = accounts.become_part_of(other, survivor, actor=actor, reason=choice.reason, now=now)
    row.carried, row.moved_case_id = pooled.carried, pooled.case_id
    if choice.email != survivor.email:
        proved = other.email_verified_at
        accounts.give_address(survivor, choice.email, actor=actor, now=now, reason=choice.reason, proved_at=proved)
    db.session.add(row)
    db.session.flush()
    if survivor.trn is not None:
        _end_case_of(survivor, choice.reason, actor=actor, now=now)
    _tell(ACCOUNTS_MERGED, row, kept=choice.email, now=now, passkeys=passkeys.has_any(survivor))
    return row


def standing_merge_of(user: User) -> UserMerge | None:
    """How this identity became part of another one, when staff did it and nobody took it back."""
    return db.session.scalar(select(UserMerge).where(UserMerge.merged_id == user.id, UserMerge.undone_at.is_(None)))


def undo(merge_id: UUID, *, staff: StaffUser, reason: str, now: datetime) -> UserMerge:
    """Part the two again: each has its address and its record as before, and its own `sub` for its services.

    Keys of each (passkeys, One Logins) open its own; those made since, and sessions, end: they may be either's.

    Raises IllegalMove when it is too late, was done, or something that the merge did was changed since; OwnAccount;
    EmailInUse when somebody else has taken the address meanwhile; TrnAlreadyLinked likewise.
    """
    if not reason.strip():
        raise IllegalMove("nothing is undone without a reason")
    row = db.session.get_one(UserMerge, merge_id)
    survivor, other = _held(row.survivor_id, row.merged_id)
    db.session.refresh(row)
    if staff.email in (row.survivor_email, row.merged_email) or identities.is_own(survivor, staff):
        raise OwnAccount
    if row.undone_at is not None or now >= row.undo_until:
        raise IllegalMove("it is too late to undo this")
    if not survivor.is_live or other.merged_into_id != survivor.id or other.erased_at is not None:
        raise IllegalMove("one of the two has changed since")
    actor = Actor.of(staff)
    if survivor.email == row.merged_email:
        proved = row.survivor_email_verified_at
        accounts.give_address(survivor, row.survivor_email, actor=actor, now=now, reason=reason, proved_at=proved)
    if accounts.by_address(row.merged_email) is not None:
        raise EmailInUse
    other.merged_into_id = None
    other.updated_at = now
    db.session.flush()
    _turn_round(survivor, other, row, actor=actor, reason=reason, now=now)
    pooling.part(survivor, other, Pooled(row.carried, row.moved_case_id), actor=actor, now=now)
    awards.give_back(survivor, other)
    service_uses.take_back(survivor.id, row.client_ids_added)
    _close_ways_in(survivor, row.at, actor=actor, now=now)
    row.undone_at, row.undone_by = now, str(staff.id)
    change = ({"merged_into": str(survivor.id)}, {"merged_into": None})
    audit.record("user_merge_undone", Subject("user", other.id), actor=actor, now=now, reason=reason, change=change)
    _tell(ACCOUNTS_PARTED, row, kept="", now=now)
    return row


def _held(one: UUID, two: UUID) -> tuple[User, User]:
    """Both rows, held until the transaction ends; in one order, so that two agents do not wait for each other."""
    accounts.hold_all({one, two})
    return db.session.get_one(User, one), db.session.get_one(User, two)


def _check_choice(survivor: User, other: User, choice: Choice) -> None:
    if choice.email not in (survivor.email, other.email):
        raise IllegalMove("the address is neither's")
    held = {each.trn for each in (survivor, other) if each.trn is not None}
    if len(held) > 1 and choice.trn is None:
        raise TrnToChoose
    if choice.trn not in held and not (choice.trn is None and not held):
        raise IllegalMove("the TRN is neither's")


def _settle_record(survivor: User, other: User, row: UserMerge, choice: Choice, *, actor: Actor, now: datetime) -> None:
    """Leave the survivor with the TRN that was chosen, and the other with none."""
    theirs, others = trn_links.live_link_of(survivor), trn_links.live_link_of(other)
    nothing_known = pending(LookupReason.NOT_LOOKED_UP)
    if others is not None:
        row.merged_link_id = others.id
        trn_links.unlink(other, nothing_known, actor=actor, reason=choice.reason, now=now)
    if others is None or others.trn != choice.trn:
        return
    if theirs is not None:
        row.survivor_link_id = theirs.id
        trn_links.unlink(survivor, nothing_known, actor=actor, reason=choice.reason, now=now)
    row.made_link_id = _link_as(survivor, others, reason=choice.reason, actor=actor, now=now).id


def _end_case_of(survivor: User, reason: str, *, actor: Actor, now: datetime) -> None:
    """What the helpdesk was still looking for has been found; the person gets the way back to where they left off."""
    case = support_tickets.open_case_of(survivor)
    if case is not None:
        support_tickets.end(support_tickets.lock(case.id), Resolution.TRN_ATTACHED, by=actor, note=reason, now=now)
        resume.send_link(case, resume.TRN_ATTACHED, now=now)


def _turn_round(survivor: User, other: User, row: UserMerge, *, actor: Actor, reason: str, now: datetime) -> None:
    """Give each the record that it pointed at before, if what the merge made still stands."""
    if row.made_link_id is not None:
        live = trn_links.live_link_of(survivor)
        if live is None or live.id != row.made_link_id:
            raise IllegalMove("the record was changed since")
        trn_links.unlink(survivor, pending(LookupReason.NOT_LOOKED_UP), actor=actor, reason=reason, now=now)
    for user, link_id in ((survivor, row.survivor_link_id), (other, row.merged_link_id)):
        link = db.session.get(TrnLink, link_id) if link_id else None
        if link is not None:
            _link_as(user, link, reason=reason, actor=actor, now=now)


def _close_ways_in(survivor: User, since: datetime, *, actor: Actor, now: datetime) -> None:
    """Nobody can say which of the two is signed in to the survivor, or made a key to it while they were one."""
    accounts.end_what_was_begun(survivor, now=now)
    for key in passkeys.of(survivor):
        # What belongs to a third account, which is still part of this one, was made by neither.
        if key.created_at >= since and key.user_id == survivor.id:
            passkeys.remove(key, now=now)
    for connection in one_login_links.connections_of(survivor):
        if connection.linked_at >= since and connection.user_id == survivor.id:
            one_login_links.end(survivor, connection.id, actor=actor, but=None, now=now)


def _link_as(user: User, earlier: TrnLink, *, reason: str, actor: Actor, now: datetime) -> TrnLink:
    """Point the user where an earlier link pointed, as surely as that did."""
    trn_links.link(user, earlier.trn, Evidence(earlier.source, earlier.level, reason), actor=actor, now=now)
    made = trn_links.live_link_of(user)
    if made is None:
        raise TrnAlreadyLinked(earlier.trn)
    return made


def _tell(kind: str, row: UserMerge, *, kept: str, now: datetime, **more: bool) -> None:
    """Both addresses hear of it, in the person's language; neither is told what the other one is."""
    parted = kind == ACCOUNTS_PARTED
    for address in sorted({row.survivor_email, row.merged_email}):
        key = f"{kind}:{row.id}:{address == row.survivor_email}"
        whose = row.merged_id if parted and address == row.merged_email else row.survivor_id
        words: dict[str, object] = {"kept": address == kept, "user_id": str(whose)}
        outbox.post(kind, key, to=address, payload=more | words, now=now)
