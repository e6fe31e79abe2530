"""The accounts of people: made once per address, recognised by name and birthday, two of one person made one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from identity_provider.db import db
from identity_provider.domain.errors import EmailInUse, IllegalMove
from identity_provider.domain.lookup import LookupReason, LookupStatus, pending
from identity_provider.domain.values import PersonName
from identity_provider.models import CaseStatus, Journey, Resolution, SupportTicket, User
from identity_provider.services import (
    audit,
    awards,
    browser_sessions,
    change_history,
    likeness,
    outbox,
    passkeys,
    pooling,
    rate_limits,
    service_uses,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import SYSTEM, Actor, Subject
from identity_provider.services.pooling import Pooled

ADDRESS_CHANGED = "email_changed"
ACCOUNTS_MERGED = "accounts_merged"
NAMESAKES_PER_ADDRESS = rate_limits.Limit("namesakes_per_address", 20, timedelta(days=1))


def by_address(email: str) -> User | None:
    """The account that this address signs in to; it may be locked."""
    return db.session.scalar(
        select(User).where(User.email == email, User.merged_into_id.is_(None), User.erased_at.is_(None))
    )


def held(user_id: UUID) -> User:
    """The account as it is now, held until the transaction ends."""
    return db.session.get_one(User, user_id, with_for_update={"of": User}, populate_existing=True)


def hold_all(user_ids: Collection[UUID]) -> None:
    """Hold several accounts, always in one order, so that two who want the same ones do not wait in a circle."""
    for user_id in sorted(user_ids):
        held(user_id)


def create(journey: Journey, *, now: datetime) -> tuple[User, bool]:
    """Make the account of somebody who proved an address and said who they are; and whether it is new.

    When another tab was quicker by a moment there is one account, not two: that one is returned.
    """
    if journey.email is None or journey.email_proved_at is None:
        raise IllegalMove("no account without a proved address")
    user = User(
        email=journey.email,
        email_verified_at=journey.email_proved_at,
        first_name=journey.first_name,
        last_name=journey.last_name,
        mobile_number=journey.mobile_number if journey.mobile_proved_at is not None else None,
        mobile_verified_at=journey.mobile_proved_at,
        registered_with_client_id=journey.client.id,
        created_at=now,
        updated_at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(user)
            db.session.flush()
    except IntegrityError:
        there = by_address(journey.email)
        if there is None:
            raise
        return there, False
    if journey.client.first_party:
        # Others may still be refused what they ask for: those are noted when they are given a code.
        service_uses.note(user.id, journey.client.id, now=now)
    state_identity(user, journey, now=now)
    keep_statements(user, journey, now=now)
    audit.record("user_created", Subject("user", user.id), actor=Actor.of(user), now=now, reason=journey.client.id)
    return user, True


def state_identity(user: User, journey: Journey, *, now: datetime) -> None:
    """Take name and birthday from the journey: only for an account that this journey made."""
    before = _stated(user)
    user.first_name = journey.first_name or user.first_name
    user.middle_name = journey.middle_name or ""
    user.last_name = journey.last_name or user.last_name
    user.preferred_name = journey.preferred_name or ""
    user.date_of_birth = journey.date_of_birth
    user.updated_at = now
    _note_change(user, before, now=now)


def keep_statements(user: User, journey: Journey, *, now: datetime) -> None:
    """Keep what the person stated so that nobody asks again. What was not asked in this journey stays as it was."""
    before = _stated(user)
    if journey.has_previous_names is not None:
        user.stated_previous_names = list(journey.previous_names)
    if journey.has_nino is not None:
        user.stated_has_nino = journey.has_nino
        # "I do not know it" takes nothing away that was given before.
        user.stated_nino_encrypted = journey.nino_encrypted or user.stated_nino_encrypted
    if journey.has_trn is not None:
        user.stated_has_trn = journey.has_trn
        user.stated_trn = journey.stated_trn
    if journey.has_qts is not None:
        user.stated_has_qts = journey.has_qts
    if journey.training_provider is not None:
        user.stated_training_provider = journey.training_provider
    if journey.further_answers:
        user.stated_further = dict(journey.further_answers)
    user.date_of_birth = user.date_of_birth or journey.date_of_birth
    user.updated_at = now
    _note_change(user, before, now=now)


def recall_statements(journey: Journey, user: User) -> None:
    """Bring what an account's person stated before into the journey: answers given before are not asked again."""
    journey.email = user.email
    journey.first_name, journey.middle_name, journey.last_name = user.first_name, user.middle_name, user.last_name
    journey.preferred_name = user.preferred_name or user.name.full
    journey.date_of_birth = user.date_of_birth
    journey.previous_names = list(user.stated_previous_names)
    journey.has_previous_names = bool(user.stated_previous_names)
    journey.has_nino, journey.nino_encrypted = user.stated_has_nino, user.stated_nino_encrypted
    journey.has_trn, journey.stated_trn = user.stated_has_trn, user.stated_trn
    journey.has_qts, journey.training_provider = user.stated_has_qts, user.stated_training_provider
    journey.further_answers = dict(user.stated_further)


def namesake(journey: Journey) -> User | None:
    """Another account with this name and birthday, the one used last; it may be the person's own.

    Names are compared by the matcher's own comparisons: Kate is Catherine, and Smith-Jones is Jones.
    """
    if journey.date_of_birth is None:
        return None
    born_that_day = db.session.scalars(
        select(User)
        .where(
            User.date_of_birth == journey.date_of_birth,
            User.email != journey.email,
            User.merged_into_id.is_(None),
            User.erased_at.is_(None),
            User.locked_at.is_(None),
            User.email_verified_at.is_not(None),
        )
        .order_by(User.last_signed_in_at.desc().nulls_last(), User.created_at)
    )
    return next((user for user in born_that_day if likeness.are_alike(_said(journey), user.name)), None)


def is_who_says(user: User, journey: Journey) -> bool:
    """Whether the journey's answers name the person whom the account names."""
    said = likeness.compared(_said(journey))
    return said == likeness.compared(user.name) and user.date_of_birth in (None, journey.date_of_birth)


def make_one(survivor: User, other: User | None, *, email: str, now: datetime) -> None:
    """The person proved both addresses: they end with one account, reached by the address that they chose.

    `other` is their second account, if one was made: it becomes part of the survivor, whose `sub` stays. Both
    addresses are told, also that the keys of both open the one now: whoever read the mail of one of them for a while
    may have done it. Raises EmailInUse when `email` is somebody else's account.
    """
    actor, before = Actor.of(survivor), survivor.email
    second = other if other is not None and other.id != survivor.id else None
    if second is not None:
        become_part_of(held(second.id), survivor, actor=actor, reason="the person proved both addresses", now=now)
    has_keys = second is not None and passkeys.has_any(survivor)
    words: dict[str, object] = {"user_id": str(survivor.id), "passkeys": has_keys}
    if email != before:
        give_address(survivor, email, actor=actor, now=now, reason="chosen when two accounts became one", proved_at=now)
        for address in (before, email):
            key = f"email-changed:{survivor.id}:{now.timestamp():.6f}:{address == email}"
            outbox.post(ADDRESS_CHANGED, key, to=address, payload=words, now=now)
    elif second is not None:
        for address in (email, second.email):
            key = f"{ACCOUNTS_MERGED}:{second.id}:{now.timestamp():.6f}:{address == email}"
            outbox.post(ACCOUNTS_MERGED, key, to=address, payload=words | {"kept": address == email}, now=now)


def lock(user: User, *, actor: Actor, reason: str, now: datetime) -> None:
    """Shut a person out until somebody lets them in again: nobody signs in to the account, wherever it is open it ends.

    Raises IllegalMove when it is not in use, or no reason is given.
    """
    if not user.is_live or not reason.strip():
        raise IllegalMove("only an account that is in use is locked, and with a reason")
    user.locked_at = user.updated_at = now
    end_what_was_begun(user, now=now)
    audit.record("user_locked", Subject("user", user.id), actor=actor, now=now, reason=reason)


def unlock(user: User, *, actor: Actor, reason: str, now: datetime) -> None:
    """Let a person in again. Raises IllegalMove when the account is not locked, or no reason is given."""
    if user.locked_at is None or not reason.strip():
        raise IllegalMove("only a locked account is unlocked, and with a reason")
    user.locked_at = None
    user.updated_at = now
    audit.record("user_unlocked", Subject("user", user.id), actor=actor, now=now, reason=reason)


def give_address(
    user: User, email: str, *, actor: Actor, now: datetime, reason: str, proved_at: datetime | None = None
) -> None:
    """Have the account signed in to by another address; the caller tells both of them.

    Nobody has proved it yet unless `proved_at` says when. What was begun with the old address ends. Raises EmailInUse,
    also when somebody else was quicker by a moment.
    """
    before = user.email
    put_address(user, email, proved_at=proved_at, now=now)
    end_what_was_begun(user, now=now)
    change = ({"email": before}, {"email": email})
    audit.record("email_changed", Subject("user", user.id), actor=actor, now=now, reason=reason, change=change)


def address_proved(user: User, *, now: datetime) -> None:
    """A code that went to the account's address came back."""
    user.email_verified_at = user.email_verified_at or now


def put_address(user: User, email: str, *, proved_at: datetime | None, now: datetime) -> None:
    """Write the address, and nothing else: what ends with the old one is for the caller. Raises EmailInUse."""
    holder = by_address(email)
    if holder is not None and holder.id != user.id:
        raise EmailInUse
    try:
        with db.session.begin_nested():
            user.email = email
            user.email_verified_at = proved_at
            user.updated_at = now
            db.session.flush()
    except IntegrityError as clash:
        db.session.refresh(user)
        raise EmailInUse from clash


def rename(user: User, name: PersonName, *, actor: Actor, now: datetime, discreetly: bool = False) -> None:
    """Give the person another name. Of somebody with that name nothing was asked: "no record" is not said any more.

    `discreetly`: the audit says that the name was changed, and neither the old nor the new one.
    """
    before, was = _stated(user), user.name
    user.first_name, user.middle_name, user.last_name = name.first, name.middle, name.last
    user.updated_at = now
    _note_change(user, before, now=now)
    change = ({}, {}) if discreetly else (asdict(was), asdict(name))
    audit.record("name_changed", Subject("user", user.id), actor=actor, now=now, change=change)


def keep_previous_name(user: User, was: PersonName, *, now: datetime) -> None:
    """The record may still be kept under the name that the person had: it is searched for by that one too."""
    kept = {
        "first_name": was.first if was.first != user.first_name else "",
        "last_name": was.last if was.last != user.last_name else "",
    }
    if any(kept.values()) and kept not in user.stated_previous_names:
        before = _stated(user)
        user.stated_previous_names = [*user.stated_previous_names, kept]
        user.updated_at = now
        _note_change(user, before, now=now)


def correct_birthday(user: User, born: date, *, actor: Actor, now: datetime) -> None:
    """Give the person another date of birth; of somebody born then nothing was asked, as with `rename`."""
    before, was = _stated(user), user.date_of_birth
    user.date_of_birth = born
    user.updated_at = now
    _note_change(user, before, now=now)
    change = ({"date_of_birth": was.isoformat() if was else None}, {"date_of_birth": born.isoformat()})
    audit.record("date_of_birth_changed", Subject("user", user.id), actor=actor, now=now, change=change)


def call(user: User, preferred_name: str, *, now: datetime) -> None:
    """Call the person as they like to be called. The same as before is no change."""
    before = user.preferred_name
    if before == preferred_name:
        return
    user.preferred_name, user.updated_at = preferred_name, now
    change = ({"preferred_name": before}, {"preferred_name": preferred_name})
    audit.record("preferred_name_changed", Subject("user", user.id), actor=Actor.of(user), now=now, change=change)


def become_part_of(other: User, survivor: User, *, actor: Actor, reason: str, now: datetime) -> Pooled:
    """Make `other`, held, part of the survivor: nobody signs in to it any more, and what it waits for goes over.

    Its case is withdrawn when the survivor has a record, or a case of their own. Raises IllegalMove when it holds a
    TRN of its own: what becomes of that is decided first.
    """
    if other.trn is not None:
        raise IllegalMove("an account that points at a record is merged by the helpdesk only")
    passkeys.pass_on(other, survivor, actor=actor, now=now)
    other.merged_into_id = survivor.id
    other.updated_at = now
    if _signed_in_later(other, survivor):
        survivor.language = other.language
    browser_sessions.end_all_of(other, now=now)
    awards.pass_on(other, survivor)
    pooled = pooling.pool(survivor, other, actor=actor, now=now)
    _withdraw_cases(other, now=now)
    change_history.withdraw_all_of(other, now=now)
    db.session.flush()
    merged_into = {"merged_into": str(survivor.id)}
    subject = Subject("user", other.id)
    audit.record("user_merged", subject, actor=actor, now=now, reason=reason, change=({}, merged_into))
    return pooled


def _signed_in_later(one: User, other: User) -> bool:
    if one.last_signed_in_at is None:
        return False
    return other.last_signed_in_at is None or one.last_signed_in_at > other.last_signed_in_at


def end_what_was_begun(user: User, *, now: datetime, but: UUID | None = None) -> None:
    """Sessions and half-done journeys were opened by whoever reads the mail of the address that is given up.

    `but` is the session of the person who gives it up themselves.
    """
    browser_sessions.end_all_of(user, now=now, but=but)
    # A journey that is held by another request is left to that request: it finds its session ended.
    theirs = (
        select(Journey.id)
        .where(Journey.user_id == user.id, Journey.completed_at.is_(None))
        .with_for_update(skip_locked=True, of=Journey, key_share=True)
    )
    db.session.execute(
        update(Journey).where(Journey.id.in_(theirs.scalar_subquery()), Journey.expires_at > now).values(expires_at=now)
    )


def _stated(user: User) -> tuple[object, ...]:
    """Everything stated that an empty answer of the register rests on."""
    return (
        user.name,
        user.date_of_birth,
        [tuple(each.items()) for each in user.stated_previous_names],
        user.stated_has_nino,
        user.stated_nino_encrypted,
        user.stated_has_trn,
        user.stated_trn,
        user.stated_has_qts,
        tuple(user.stated_further.items()),
    )


def _note_change(user: User, before: tuple[object, ...], *, now: datetime) -> None:
    """Of other statements than those asked about, nothing is known: neither that there is no record, nor anything."""
    if _stated(user) == before:
        return
    user.asked_again_at = None
    if user.lookup_status is LookupStatus.NONE:
        trn_links.stand_at(user, pending(LookupReason.NOT_LOOKED_UP), actor=Actor.of(user), now=now)


def _withdraw_cases(user: User, *, now: datetime) -> None:
    for case in db.session.scalars(
        select(SupportTicket).where(SupportTicket.user_id == user.id, SupportTicket.status == CaseStatus.OPEN)
    ):
        note = "The account became part of another one of the same person."
        support_tickets.end(support_tickets.lock(case.id), Resolution.WITHDRAWN, by=SYSTEM, note=note, now=now)


def _said(journey: Journey) -> PersonName:
    return PersonName(journey.first_name or "", journey.last_name or "", journey.middle_name or "")
