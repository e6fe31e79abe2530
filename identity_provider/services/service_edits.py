"""What services change about people through the API: details, the TRN, and what an identity provider verified."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from identity_provider.db import db
from identity_provider.domain.errors import RecordNotLinkable, RegisterUnavailable, UserAlreadyHasTrn
from identity_provider.domain.lookup import LookupReason, VerificationLevel
from identity_provider.domain.values import PersonName, Trn
from identity_provider.models import Client, Resolution, User
from identity_provider.ports import TeacherRegister
from identity_provider.queue import defer
from identity_provider.services import (
    accounts,
    case_work,
    leaked_trns,
    lookups,
    outbox,
    resume,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import Actor
from identity_provider.services.trn_links import Evidence

CHANGED = "changed_by_service"


@dataclass(frozen=True, slots=True)
class DetailChanges:
    """What a service wants changed; None leaves it as it is."""

    email: str | None = None
    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None


def held(user_id: UUID) -> User | None:
    """The user of this id, or the one that they were merged into, held until the transaction ends; None for nobody."""
    user = db.session.get(User, user_id)
    while user is not None and user.merged_into_id is not None:
        user = db.session.get(User, user.merged_into_id)
    if user is None or user.erased_at is not None:
        return None
    return accounts.held(user.id)


def change_details(user: User, wanted: DetailChanges, *, client: Client, now: datetime) -> None:
    """Change a held user's address and name; what is the same already is left alone. The person is told.

    The new address is not proved: whoever signs in with it proves it then. Raises EmailInUse, ValueRefused.
    """
    actor, old_address = Actor.of(client), user.email
    name = PersonName.parse(
        _or(wanted.first_name, user.first_name),
        _or(wanted.last_name, user.last_name),
        _or(wanted.middle_name, user.middle_name),
    )
    renamed, moved = name != user.name, wanted.email not in (None, user.email)
    if wanted.email is not None and moved:
        accounts.give_address(user, wanted.email, actor=actor, now=now, reason=client.id)
    if renamed:
        accounts.rename(user, name, actor=actor, now=now)
        if lookups.is_open(user):
            defer(lookups.LOOK_UP_AGAIN, key=f"{lookups.LOOK_UP_AGAIN}:{user.id}", user_id=str(user.id))
    if not (renamed or moved):
        return
    words = {"service_name": client.name, "address_changed": moved, "name_changed": renamed, "user_id": str(user.id)}
    for address in {old_address, user.email}:
        key = f"{CHANGED}:{user.id}:{now.timestamp():.6f}:{address == old_address}"
        outbox.post(CHANGED, key, to=address, payload=words, now=now)


def refuse_closed_record(trn: Trn, register: TeacherRegister) -> None:
    """Raises RecordNotLinkable for a record that the register says was merged or closed. Not inside a transaction.

    One that the register does not know is taken on the service's word, as the existing service does: it may be newer
    than our copy. So is any while the register is silent.
    """
    try:
        case_work.check_linkable(case_work.record_of(register, trn))
    except RegisterUnavailable:
        return
    except RecordNotLinkable as refusal:
        if refusal.reason != "not_found":
            raise


def set_trn(user: User, trn: Trn, *, client: Client, now: datetime) -> None:
    """Point a held user at a record on a service's word; the person is told, and an open case of theirs ends.

    Raises TrnAlreadyLinked, UserAlreadyHasTrn, IllegalMove for somebody who is locked, and LeakedTrnStated: an agent
    attaches such a number after having made sure in another way, and says how; a service's word says nothing of that.
    """
    if user.trn == trn.digits:
        return
    leaked_trns.refuse(trn.digits)
    actor = Actor.of(client)
    evidence = Evidence(LookupReason.API, VerificationLevel.LOW, f"set by {client.id}")
    trn_links.link(user, trn.digits, evidence, actor=actor, now=now)
    case = support_tickets.open_case_of(user)
    if case is not None:
        case = support_tickets.lock(case.id)
        note = f"{client.name} told us the TRN."
        support_tickets.end(case, Resolution.TRN_ATTACHED, by=actor, note=note, now=now)
        resume.send_link(case, resume.TRN_ATTACHED, now=now)
        return
    came_from = db.session.get(Client, user.registered_with_client_id or "") or client
    lookups.tell_of_record(user, came_from, now=now)


def confirm_no_trn(user: User, *, client: Client, now: datetime) -> None:
    """A service with staff of its own confirms that a held user has no TRN. Raises UserAlreadyHasTrn."""
    if user.trn is not None:
        raise UserAlreadyHasTrn(user.trn)
    actor = Actor.of(client)
    trn_links.stand_at(user, case_work.NO_TRN, actor=actor, now=now, reason=f"confirmed by {client.id}")
    case = support_tickets.open_case_of(user)
    if case is not None:
        case = support_tickets.lock(case.id)
        note = f"{client.name} told us that there is no TRN."
        support_tickets.end(case, Resolution.NO_TRN, by=actor, note=note, now=now)
        resume.send_link(case, resume.NO_TRN_CONFIRMED, now=now)


def _or(wanted: str | None, kept: str) -> str:
    return kept if wanted is None else wanted
