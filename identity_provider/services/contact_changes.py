"""Changing how one is reached: the new contact is proved by a code, the old one is told, and may take it back.

Whether an address is another account's is told to nobody but that account's owner (attack 28).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused, EmailInUse
from identity_provider.models import CodeChallenge, Contact, ContactChange, SentCode, User
from identity_provider.services import accounts, audit, outbox, rate_limits, sign_in_codes
from identity_provider.services.audit import Actor, Subject

REVERSIBLE_FOR = timedelta(hours=72)
_CODES_LAST = timedelta(hours=1)

PURPOSES = {Contact.EMAIL: "new_email", Contact.MOBILE: "new_mobile"}
NEW_EMAIL_CODE = "new_email_code"
NEW_MOBILE_CODE = "sms_new_mobile_code"
_CODE_KINDS = {Contact.EMAIL: NEW_EMAIL_CODE, Contact.MOBILE: NEW_MOBILE_CODE}
ADDRESS_WANTED = "address_wanted"
CONTACT_CHANGED = "contact_changed"
CONTACT_CHANGED_TEXT = "sms_contact_changed"
NEW_ADDRESS_IN_USE = "new_address_in_use"

CHANGES_PER_PERSON = rate_limits.Limit("contact_changes_per_person", 10, timedelta(days=1), audited=True)
TEXTS_PER_NUMBER = rate_limits.Limit("texts_per_number", 5, timedelta(hours=1), audited=True)
TEXTS_PER_PERSON = rate_limits.Limit("texts_per_person", 10, timedelta(days=1), audited=True)
TEXTS_PER_IP = rate_limits.Limit("texts_per_ip", 60, timedelta(hours=1), audited=True)


@dataclass(frozen=True, slots=True)
class Here:
    """Where the person sits: the session of their browser, and the language that they read."""

    session_id: UUID
    locale: str


def count_text(number: str, whose: str, ip: str, *, now: datetime) -> None:
    """Count one text message: they cost money, and ring at night. Raises RateLimited; commit it before the sending."""
    rate_limits.count(TEXTS_PER_IP, ip, now=now)
    rate_limits.count(TEXTS_PER_PERSON, whose, now=now)
    rate_limits.count(TEXTS_PER_NUMBER, number, now=now)


def ask(person: User, contact: Contact, value: str, here: Here, *, now: datetime) -> None:
    """Send a code to what is to be the new contact, to be entered in the session that asked.

    An address that is somebody else's gets no code: its owner is told that it was asked for. The same rows are
    written either way.
    """
    challenge = sign_in_codes.challenge(PURPOSES[contact], value, here.session_id, now=now)
    taken = contact is Contact.EMAIL and _is_anothers(value, person)
    kind = ADDRESS_WANTED if taken else _CODE_KINDS[contact]
    sent = sign_in_codes.send(challenge, now=now, words={"locale": here.locale}, kind=kind)
    db.session.execute(update(SentCode).where(SentCode.id == sent.id).values(used_at=now if taken else None))
    # What was asked for before is not wanted any more.
    earlier = (CodeChallenge.purpose == PURPOSES[contact], CodeChallenge.subject_id == here.session_id)
    db.session.execute(delete(CodeChallenge).where(*earlier, CodeChallenge.id != challenge.id))


def waiting(contact: Contact, session_id: UUID, *, now: datetime) -> CodeChallenge | None:
    """What this session is proving at the moment, if anything."""
    return db.session.scalar(
        select(CodeChallenge)
        .where(
            CodeChallenge.purpose == PURPOSES[contact],
            CodeChallenge.subject_id == session_id,
            CodeChallenge.created_at > now - _CODES_LAST,
            CodeChallenge.passed_at.is_(None),
        )
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
    )


def prove(person: User, challenge: CodeChallenge, typed: str, here: Here, *, now: datetime) -> bool:
    """Take the new contact if the code is right; the person is held by the caller. A wrong try is committed, too.

    Every other session of theirs ends with a change of address. False also when the address was taken meanwhile.
    """
    try:
        sign_in_codes.check(challenge, typed, now=now)
        if challenge.purpose == PURPOSES[Contact.EMAIL]:
            _take_address(person, challenge.address, here, now=now)
        else:
            set_mobile(person, challenge.address, here, now=now)
    except (CodeRefused, EmailInUse):
        return False
    return True


def set_mobile(person: User, number: str, here: Here, *, now: datetime) -> None:
    """Give the person another mobile number, proved at this moment; an empty one is none."""
    before = (person.mobile_number or "", person.mobile_verified_at)
    person.mobile_number = number or None
    person.mobile_verified_at = now if number else None
    person.updated_at = now
    if before[0] == number:
        return
    change = ({"mobile": before[0]}, {"mobile": number})
    audit.record("mobile_changed", Subject("user", person.id), actor=Actor.of(person), now=now, change=change)
    row = _keep(person, (Contact.MOBILE, *before, number), here.locale, now=now)
    tell(row, CONTACT_CHANGED, person.email, now=now)
    if before[0]:
        tell(row, CONTACT_CHANGED_TEXT, before[0], now=now)


def tell(change: ContactChange, kind: str, to: str, *, now: datetime) -> None:
    """Write to somebody about a change; the worker signs the link. Nobody is told twice of one thing in one way."""
    payload = {"change_id": str(change.id), "contact": change.contact, "locale": change.locale}
    outbox.post(kind, f"{kind}:{change.id}:{to == change.new_value}", to=to, payload=payload, now=now)


def _take_address(person: User, address: str, here: Here, *, now: datetime) -> None:
    before = (person.email, person.email_verified_at)
    if address == before[0]:
        return
    accounts.put_address(person, address, proved_at=now, now=now)
    accounts.end_what_was_begun(person, now=now, but=here.session_id)
    change = ({"email": before[0]}, {"email": address})
    audit.record("email_changed", Subject("user", person.id), actor=Actor.of(person), now=now, change=change)
    row = _keep(person, (Contact.EMAIL, *before, address), here.locale, now=now)
    tell(row, CONTACT_CHANGED, before[0], now=now)
    tell(row, NEW_ADDRESS_IN_USE, address, now=now)
    if person.mobile_number and person.mobile_verified_at is not None:
        tell(row, CONTACT_CHANGED_TEXT, person.mobile_number, now=now)


def _keep(
    person: User, what: tuple[Contact, str, datetime | None, str], locale: str, *, now: datetime
) -> ContactChange:
    contact, old, old_verified_at, new = what
    row = ContactChange(
        user_id=person.id,
        user=person,
        contact=contact,
        old_value=old,
        old_verified_at=old_verified_at,
        new_value=new,
        locale=locale,
        changed_at=now,
        reversible_until=now + REVERSIBLE_FOR,
    )
    db.session.add(row)
    db.session.flush()
    return row


def _is_anothers(address: str, person: User) -> bool:
    holder = accounts.by_address(address)
    return holder is not None and holder.id != person.id
