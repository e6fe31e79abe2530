"""What a TRN token does once its address is proved: the TRN is linked, and nothing is asked."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from uuid import UUID

from sqlalchemy import update

from identity_provider.db import db
from identity_provider.domain.errors import RecordNotLinkable, RegisterUnavailable, TrnAlreadyLinked
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.domain.values import Trn
from identity_provider.models import Journey, TrnToken, User
from identity_provider.ports import TeacherRegister
from identity_provider.services import (
    accounts,
    audit,
    case_work,
    journey_codes,
    journey_standing,
    journeys,
    lookups,
    support_tickets,
    trn_links,
    trn_tokens,
)
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.journey_codes import CodeFor
from identity_provider.services.register_search import Impatient
from identity_provider.services.trn_links import Evidence
from matching.records import RecordStatus, TeachingRecord


class AddressUnproved:
    """The token waits for a code to its address: the person came by a key of their account."""


def next_step(journey: Journey, register: TeacherRegister, *, now: datetime) -> AddressUnproved | TeachingRecord | None:
    """What the token waits for: a proof of its address, or that its record be linked (`use`); None when it is no help.

    Not inside a transaction: the register is an outside thing.
    """
    return AddressUnproved() if _wants_code(journey, now=now) else _record_for(journey, register, now=now)


def ask_for_code(journey: Journey, *, locale: str, now: datetime) -> None:
    """Send a code to the address of a held journey, and have it entered before anything else.

    The caller has counted it: where none may be sent, nothing is asked, and the token stays unused.
    """
    journey_codes.send(journey, CodeFor.SIGN_IN, locale=locale, now=now)
    journeys.ask_again(journey)


def offered(journey: Journey, *, now: datetime) -> Trn | None:
    """The TRN that the journey's token would link the person to, now that they have proved the token's address."""
    return _waiting(journey, now=now) if journey_standing.is_address_proved(journey) else None


def use(journey: Journey, record: TeachingRecord, *, now: datetime) -> User | None:
    """Link the person of a held journey to the record that the register gave for the token's TRN; uses the token up.

    Somebody without an account gets one, with the record's names and birthday: no question is left. Returns the
    person, or None when nothing was done: the token was used in another tab, the record is not to be linked, or it
    is linked to another account, which the ordinary questions sort out; also when that happened a moment ago.
    """
    token = trn_tokens.of_request(journey.authorization_request, now=now, hold=True)
    trn = offered(journey, now=now)
    if trn is None or token is None or not _may_link(journey, trn, record) or _staff_know_better(journey, token):
        return None
    try:
        with db.session.begin_nested():
            return _link(journey, trn, token, record, now=now)
    except TrnAlreadyLinked:
        return None


def _link(journey: Journey, trn: Trn, token: TrnToken, record: TeachingRecord, *, now: datetime) -> User:
    user = journey.user or _account_of_record(journey, record, now=now)
    evidence = Evidence(LookupReason.TRN_TOKEN, VerificationLevel.MEDIUM, f"TRN token of {token.made_by}")
    trn_links.link(user, trn.digits, evidence, actor=Actor.of(user), now=now)
    _spend(token.id, user, now=now)
    support_tickets.resolve_by_match(user, now)
    journey.submitted_at = journey.submitted_at or now
    return user


def _wants_code(journey: Journey, *, now: datetime) -> bool:
    """Whether the token waits for a code: its person came by a key of their account, whose address nobody has proved.

    One is asked for once in a journey: who then shows the key again goes on, and the token stays unused.
    """
    if journey.email_proved_at is None or journey_standing.is_address_proved(journey):
        return False
    return _waiting(journey, now=now) is not None and not journey_codes.was_sent(journey, CodeFor.SIGN_IN)


def _record_for(journey: Journey, register: TeacherRegister, *, now: datetime) -> TeachingRecord | None:
    """The register's record for the TRN that is offered; None when none is, or the register has none or is silent."""
    trn = offered(journey, now=now)
    if trn is None:
        return None
    try:
        return case_work.record_of(Impatient(register, monotonic() + lookups.PATIENCE_SECONDS), trn)
    except (RegisterUnavailable, RecordNotLinkable, TimeoutError):
        return None


def _waiting(journey: Journey, *, now: datetime) -> Trn | None:
    """The TRN of the journey's token, if it is for the journey's address and its person has no other one."""
    token = trn_tokens.of_request(journey.authorization_request, now=now)
    if token is None or journey.email != token.email:
        return None
    if journey.user is not None and journey.user.trn not in (None, token.trn):
        return None
    return Trn(token.trn)


def _may_link(journey: Journey, trn: Trn, record: TeachingRecord) -> bool:
    if record.trn != trn.digits or record.status is not RecordStatus.ACTIVE:
        return False
    holder = trn_links.holder_of(trn.digits)
    if holder is not None and holder.id != journey.user_id:
        return False
    return journey.user is not None or bool(record.first_name and record.last_name)


def _staff_know_better(journey: Journey, token: TrnToken) -> bool:
    """Whether staff ended this person's link to the record, or confirmed that there is none, after the service vouched
    for it.
    """
    user = journey.user
    if user is None:
        return False
    if user.lookup_status is LookupStatus.FAILED:
        return user.looked_up_at is None or user.looked_up_at >= token.created_at
    return trn_links.was_ended(user, token.trn, since=token.created_at)


def _account_of_record(journey: Journey, record: TeachingRecord, *, now: datetime) -> User:
    """Make the account of somebody new with what the record says: the service vouched for it, so nothing is asked."""
    journey.first_name, journey.middle_name, journey.last_name = record.first_name, record.middle_name, record.last_name
    journey.preferred_name = f"{record.first_name} {record.last_name}"[:200]
    journey.date_of_birth = record.date_of_birth
    user, _ = accounts.create(journey, now=now)
    journeys.become(journey, user, now=now)
    return user


def _spend(token_id: UUID, user: User, *, now: datetime) -> None:
    db.session.execute(
        update(TrnToken)
        .where(TrnToken.id == token_id, TrnToken.used_at.is_(None))
        .values(used_at=now, used_by_id=user.id)
    )
    audit.record("trn_token_used", Subject("trn_token", token_id), actor=Actor.of(user), now=now)
