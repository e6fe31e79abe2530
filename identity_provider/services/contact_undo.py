"""Taking a change of contacts back, by the link that the old contact got: whoever sits in the account has no say."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.errors import EmailInUse, IllegalMove
from identity_provider.models import Contact, ContactChange, User
from identity_provider.services import accounts, audit, browser_sessions, contact_changes, one_login_links, passkeys
from identity_provider.services.audit import Actor, Subject

PURPOSE = "contact_change"
"""What these links are signed for."""

CHANGE_ID = "change"
"""What a signed link holds: the id of the change."""

PUT_BACK = "contact_put_back"
_LOCKED = "whoever was reached before says that it was not them, and their old address has an account by now"


def usable(change_id: UUID, *, now: datetime) -> ContactChange | None:
    """The change, if it may still be taken back: the person is there, nobody did it yet, and time is left."""
    change = db.session.get(ContactChange, change_id)
    return change if change is not None and _may_be_undone(change, change.user, now) else None


def put_back(change_id: UUID, *, now: datetime) -> bool:
    """Restore what stood there before this change and, of later ones, whatever they changed besides.

    Every session and everything that services were granted ends: whoever made the change signs in no more. Both sides
    are told. False when the old address belongs to another account by now: then this account is locked instead, so
    that nobody has it until the helpdesk has looked. Raises IllegalMove when it cannot be taken back (any more).
    """
    found = db.session.get(ContactChange, change_id)
    if found is None:
        raise IllegalMove("there is no such change")
    # The person first, as everywhere: of two clicks at once the second one waits here, and finds it done.
    person = accounts.held(found.user_id)
    db.session.refresh(found)
    if not _may_be_undone(found, person, now):
        raise IllegalMove("this cannot be taken back any more")
    undone = _from_then_on(found)
    restored = {Contact(each.contact): each for each in reversed(undone)}
    for each in undone:
        each.over_at = now
    actor = Actor("user", str(person.id))
    try:
        _restore(person, restored, actor=actor, now=now)
    except EmailInUse:
        _take_new_keys(person, found.changed_at, actor=actor, now=now)
        _shut(person, actor=actor, now=now)
        return False
    accounts.end_what_was_begun(person, now=now)
    _take_new_keys(person, found.changed_at, actor=actor, now=now)
    _tell(person, restored, now=now)
    return True


def _may_be_undone(change: ContactChange, person: User, now: datetime) -> bool:
    there = person.merged_into_id is None and person.erased_at is None
    return there and change.over_at is None and now < change.reversible_until


def _from_then_on(change: ContactChange) -> list[ContactChange]:
    """The change and those that were made after it, in the order in which they were made."""
    after = (ContactChange.changed_at > change.changed_at) | (ContactChange.id == change.id)
    return list(
        db.session.scalars(
            select(ContactChange)
            .where(ContactChange.user_id == change.user_id, ContactChange.over_at.is_(None), after)
            .order_by(ContactChange.changed_at)
        )
    )


def _restore(person: User, restored: dict[Contact, ContactChange], *, actor: Actor, now: datetime) -> None:
    before = {"email": person.email, "mobile": person.mobile_number or ""}
    email, mobile = restored.get(Contact.EMAIL), restored.get(Contact.MOBILE)
    if email is not None:
        accounts.put_address(person, email.old_value, proved_at=email.old_verified_at, now=now)
    if mobile is not None:
        person.mobile_number, person.mobile_verified_at = mobile.old_value or None, mobile.old_verified_at
        person.updated_at = now
    after = {"email": person.email, "mobile": person.mobile_number or ""}
    subject = Subject("user", person.id)
    audit.record("contact_put_back", subject, actor=actor, now=now, change=(before, after))


def _take_new_keys(person: User, changed_at: datetime, *, actor: Actor, now: datetime) -> None:
    """Whoever made the change may have made themselves other ways in, in the same session: a passkey, a One Login.

    So may an account that they had made part of this one.
    """
    since = changed_at - browser_sessions.PERSON.absolute
    for key in passkeys.of(person):
        if key.created_at > since or key.user_id != person.id:
            passkeys.remove(key, now=now)
    for connection in one_login_links.connections_of(person):
        if connection.linked_at > since or connection.user_id != person.id:
            one_login_links.end(person, connection.id, actor=actor, but=None, now=now)


def _tell(person: User, restored: dict[Contact, ContactChange], *, now: datetime) -> None:
    """Both sides, by email: a restored address and the one that it was for a while; else the person's address."""
    email = restored.get(Contact.EMAIL)
    if email is not None:
        for to in (email.old_value, email.new_value):
            contact_changes.tell(email, PUT_BACK, to, now=now)
    else:
        contact_changes.tell(restored[Contact.MOBILE], PUT_BACK, person.email, now=now)


def _shut(person: User, *, actor: Actor, now: datetime) -> None:
    if person.is_live:
        accounts.lock(person, actor=actor, reason=_LOCKED, now=now)
