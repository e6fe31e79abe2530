"""Awards that services record of people who signed in to them: recorded, corrected, withdrawn, and never doubled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain.awards import Qualification
from identity_provider.domain.errors import IdentityError
from identity_provider.models import Award, Client, User
from identity_provider.services import audit, identities, outbox, rate_limits, service_uses, subjects
from identity_provider.services.audit import Actor, Subject

RECORDED = "award_recorded"
CORRECTED = "award_corrected"
WITHDRAWN = "award_withdrawn"
CERTIFICATE = "award_certificate"


class NoSuchHolder(IdentityError):
    """The service does not know anybody by this subject: nobody has it, or they never signed in to the service."""


class NoSuchAward(IdentityError):
    """The service has recorded no award of this person with this reference."""


class ReferenceTaken(IdentityError):
    """The service has used this reference for an award of somebody else."""


class AwardWithdrawn(IdentityError):
    """The award was withdrawn: it is restored before it is corrected."""


@dataclass(frozen=True, slots=True)
class Awarded:
    """What a service says of an award."""

    qualification: Qualification
    provider_name: str
    awarded_on: date


def holder_known_as(subject: str, *, client: Client) -> User:
    """The person whom this service knows by a subject, held until the transaction ends.

    Raises NoSuchHolder also for somebody who is there and has not signed in to this service: the two look alike.
    """
    user_id = subjects.user_known_as(client, subject)
    named = db.session.get(User, user_id) if user_id is not None else None
    if named is None or named.erased_at is not None:
        raise NoSuchHolder
    user = identities.survivor_of(named)
    knows = service_uses.of(user.id) | service_uses.of(named.id)
    if user.erased_at is not None or not (client.id in knows or _recorded_by(client, user)):
        raise NoSuchHolder
    return _held(user)


def record(user: User, reference: str, said: Awarded, *, client: Client, now: datetime) -> tuple[Award, bool]:
    """Take down an award of a held user, or correct the one of this reference; returns whether it is a new one.

    What is said twice changes nothing and tells nobody. Raises ReferenceTaken, AwardWithdrawn, and NoSuchHolder for a
    new award of somebody who stopped sharing with the service.
    """
    award = _by_reference(client, reference)
    if award is None:
        if client.id not in service_uses.of(user.id):
            raise NoSuchHolder
        return _add(user, reference, said, client=client, now=now), True
    if award.user_id != user.id:
        raise ReferenceTaken
    if award.is_withdrawn:
        raise AwardWithdrawn
    before = said_of(award)
    if said != before:
        award.qualification, award.provider_name = said.qualification, said.provider_name
        award.awarded_on, award.updated_at = said.awarded_on, now
        _note("award_corrected", award, Actor.of(client), now=now, change=(_facts(before), _facts(said)))
        _tell(CORRECTED, award, now=now)
    return award, False


def withdraw(user: User, reference: str, reason: str, *, client: Client, now: datetime) -> Award:
    """Say that an award is not to be relied on, and why; whoever checks it is told, and the holder is.

    Raises NoSuchAward.
    """
    award = one_of(user, reference, client=client)
    if not award.is_withdrawn:
        award.withdrawn_at = award.updated_at = now
        award.withdrawal_reason = reason
        _note("award_withdrawn", award, Actor.of(client), now=now, reason=reason)
        _tell(WITHDRAWN, award, now=now)
    return award


def restore(user: User, reference: str, *, client: Client, now: datetime) -> Award:
    """Take a withdrawal back. Raises NoSuchAward."""
    award = one_of(user, reference, client=client)
    if award.is_withdrawn:
        award.withdrawn_at, award.withdrawal_reason, award.updated_at = None, "", now
        _note("award_restored", award, Actor.of(client), now=now)
        _tell(RECORDED, award, now=now)
    return award


def one_of(user: User, reference: str, *, client: Client) -> Award:
    """The award that this service recorded of the user with this reference. Raises NoSuchAward."""
    award = _by_reference(client, reference)
    if award is None or award.user_id != user.id:
        raise NoSuchAward
    return award


def recorded_of(user: User, *, client: Client) -> list[Award]:
    """The awards that this service recorded of the user, the newest first."""
    return [each for each in held_by(user) if each.client_id == client.id]


def held_by(user: User) -> list[Award]:
    """Every award of the user, withdrawn ones too, the newest first."""
    mine = select(Award).where(Award.user_id == user.id).order_by(Award.awarded_on.desc(), Award.recorded_at.desc())
    return list(db.session.scalars(mine))


def mine(user: User, award_id: UUID) -> Award | None:
    """An award of this user; None for anybody else's, as for none."""
    award = db.session.get(Award, award_id)
    return award if award is not None and award.user_id == user.id else None


def send_certificate(award: Award, *, locale: str, now: datetime) -> None:
    """Have the holder sent a link to the certificate; it opens for whoever is signed in as them.

    Raises RateLimited.
    """
    rate_limits.count(rate_limits.CERTIFICATES_BY_EMAIL, str(award.id), now=now)
    key = f"{CERTIFICATE}:{award.id}:{now.timestamp():.6f}"
    words = {"award_id": str(award.id), "locale": locale}
    outbox.post(CERTIFICATE, key, to=award.user.email, payload=words, now=now)
    _note("award_certificate_sent", award, Actor.of(award.user), now=now)


def note_certificate(award: Award, *, now: datetime) -> None:
    """Write down that the holder has a certificate made, which costs a process. Raises RateLimited."""
    rate_limits.count(rate_limits.CERTIFICATES_MADE, str(award.id), now=now)
    _note("award_certificate_made", award, Actor.of(award.user), now=now)


def pass_on(other: User, survivor: User) -> None:
    """The awards of an account that becomes part of another one are the survivor's from now on."""
    db.session.execute(update(Award).where(Award.user_id == other.id).values(user_id=survivor.id))


def give_back(survivor: User, other: User) -> None:
    """Two accounts are parted again: what was recorded for the other one, or what it had taken in, goes with it."""
    theirs = [each.id for each in identities.all_of(other)]
    db.session.execute(
        update(Award).where(Award.user_id == survivor.id, Award.recorded_for_id.in_(theirs)).values(user_id=other.id)
    )


def said_of(award: Award) -> Awarded:
    """The award as the service said it."""
    return Awarded(award.qualification, award.provider_name, award.awarded_on)


def as_facts(award: Award) -> dict[str, Any]:
    """The award as it is written down in the audit: of whom it is stands there already."""
    return {"award": str(award.id), "reference": award.provider_reference} | _facts(said_of(award))


def _add(user: User, reference: str, said: Awarded, *, client: Client, now: datetime) -> Award:
    # Of two calls at once with one reference, for two people, the second one adds nothing.
    added = db.session.scalar(
        insert(Award)
        .values(
            user_id=user.id,
            recorded_for_id=user.id,
            client_id=client.id,
            provider_reference=reference,
            **asdict(said),
            recorded_at=now,
            updated_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Award.client_id, Award.provider_reference])
        .returning(Award.id)
    )
    if added is None:
        raise ReferenceTaken
    award = db.session.get_one(Award, added)
    _note("award_recorded", award, Actor.of(client), now=now, change=({}, _facts(said)))
    _tell(RECORDED, award, now=now)
    return award


def _held(user: User) -> User:
    return db.session.get_one(User, user.id, with_for_update={"of": User}, populate_existing=True)


def _recorded_by(client: Client, user: User) -> bool:
    theirs = select(Award.id).where(Award.client_id == client.id, Award.user_id == user.id).limit(1)
    return db.session.scalar(theirs) is not None


def _by_reference(client: Client, reference: str) -> Award | None:
    named = select(Award).where(Award.client_id == client.id, Award.provider_reference == reference)
    return db.session.scalar(named)


def _note(
    action: str,
    award: Award,
    actor: Actor,
    *,
    now: datetime,
    reason: str = "",
    change: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> None:
    which = {"award": str(award.id), "reference": award.provider_reference}
    before, after = change or ({}, {})
    audit.record(
        action, Subject("user", award.user_id), actor=actor, now=now, reason=reason, change=(before, which | after)
    )


def _facts(said: Awarded) -> dict[str, Any]:
    return {
        "qualification": said.qualification.value,
        "provider_name": said.provider_name,
        "awarded_on": said.awarded_on.isoformat(),
    }


def _tell(kind: str, award: Award, *, now: datetime) -> None:
    """What is to be said of the award is read when the email is written: the newest is what counts."""
    key = f"{kind}:{award.id}:{now.timestamp():.6f}"
    user = db.session.get_one(User, award.user_id)
    outbox.post(kind, key, to=user.email, payload={"award_id": str(award.id)}, now=now)
