"""What identity providers verified of people: what confirms makes us surer, what differs is asked of a reviewer.

Nothing of a person changes by a report alone, and what it makes surer is never surer than the record itself says: the
register is asked, and only a record that bears the verified name and date of birth is raised or found.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import IdentityError, RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, Unanswered, VerificationLevel
from identity_provider.domain.values import PersonName, Trn
from identity_provider.models import ChangeRequest, Client, IdentityCheck, User
from identity_provider.ports import TeacherRegister
from identity_provider.queue import defer
from identity_provider.services import (
    audit,
    change_requests,
    kept_lookups,
    lookups,
    service_uses,
    support_tickets,
    trn_links,
)
from identity_provider.services.audit import SYSTEM, Actor, Subject
from identity_provider.services.register_search import Occasion
from identity_provider.services.statements import CHECK
from identity_provider.services.trn_links import Evidence
from identity_provider.vault import vault
from matching.comparisons import Level, first_names, last_names
from matching.normalise import family_name, given_name
from matching.records import RecordStatus, TeachingRecord

WEIGH = "weigh_identity_check"
RAISED, RECORD_DIFFERS, NOTHING, REVIEW = "raised", "record_differs", "nothing", "review"
"""What a report led to: a surer link, a linked record that says otherwise, nothing, or a reviewer's decision."""

_REFERENCE = "identity-check-reference"
_ONE_PERSON_S = frozenset({Level.SAME, Level.PART, Level.VARIANT})


class ReferenceUsed(IdentityError):
    """The provider has reported something else under this reference."""


class NotTheirs(IdentityError):
    """The person never came from this service: what it says of them is not heard, nor that they exist."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What an identity provider saw of somebody, and on what; `reference` is what it calls its report."""

    provider: str
    document_kind: str
    checked_on: date
    first_name: str = field(repr=False)
    last_name: str = field(repr=False)
    date_of_birth: date = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reported:
    """A report that is kept, what it asks of reviewers, and whether it was kept just now."""

    check: IdentityCheck
    requests: list[ChangeRequest]
    is_new: bool


def report(user: User, seen: Verified, reference: str, *, client: Client, now: datetime) -> Reported:
    """Keep what a provider verified of a held user, sealed, and ask a reviewer where it contradicts us.

    The same report under the same reference is kept once. Raises NotTheirs, and ReferenceUsed for another report.
    """
    if client.id != user.registered_with_client_id and client.id not in service_uses.of(user.id):
        raise NotTheirs
    there = _reported_as(reference, client) if reference else None
    if there is not None:
        if there.user_id != user.id or _facts(there) != _as_facts(seen):
            raise ReferenceUsed
        return Reported(there, _requests_of(there), is_new=False)
    row = _keep(user, seen, reference, client=client, now=now)
    opened = _ask_reviewers(user, seen, row, actor=Actor.of(client), now=now)
    if row.differs:
        row.led_to, row.weighed_at = REVIEW, now
    else:
        defer(WEIGH, key=f"{WEIGH}:{row.id}", check_id=str(row.id))
    db.session.flush()
    return Reported(row, opened, is_new=True)


def weigh(check_id: UUID, register: TeacherRegister, now: datetime) -> None:
    """See what a report that confirms makes surer; for the worker. Not inside a transaction.

    Raises RegisterUnavailable when there is no answer, so that the job is tried again.
    """
    with transaction():
        check = db.session.get(IdentityCheck, check_id)
        user = db.session.get(User, check.user_id) if check is not None else None
        if check is None or user is None or check.weighed_at is not None:
            return
        if user.merged_into_id is not None or not user.is_live or not _still_confirms(check, user):
            check.weighed_at, check.led_to = now, NOTHING
            return
    if user.trn is not None:
        _weigh_link(check, user, user.trn, register, now)
    elif lookups.is_open(user):
        _search(check, user, register, now)
    else:
        _led_to(check, NOTHING, now)


def take_in(check: IdentityCheck, user: User, *, now: datetime) -> None:
    """Go on with a check of a held user that no service reported: what GOV.UK One Login proved itself."""
    if not check.differs:
        defer(WEIGH, key=f"{WEIGH}:{check.id}", check_id=str(check.id))
        return
    facts = _facts(check)
    named = {name: facts[name] for name in ("provider", "document_kind", "first_name", "last_name")}
    seen = Verified(**named, checked_on=check.checked_on, date_of_birth=date.fromisoformat(facts["date_of_birth"]))
    _ask_reviewers(user, seen, check, actor=Actor.of(user), now=now)
    check.led_to, check.weighed_at = REVIEW, now


def verified_in(check: IdentityCheck) -> dict[str, str]:
    """What the provider saw, opened: for the page of a reviewer, and the person's own export."""
    return _facts(check)


def of(user_ids: list[UUID]) -> list[IdentityCheck]:
    """Every report about these identities, newest first."""
    return list(
        db.session.scalars(
            select(IdentityCheck).where(IdentityCheck.user_id.in_(user_ids)).order_by(IdentityCheck.at.desc())
        )
    )


def _keep(user: User, seen: Verified, reference: str, *, client: Client, now: datetime) -> IdentityCheck:
    row = IdentityCheck(
        user_id=user.id,
        client_id=client.id,
        provider=seen.provider,
        document_kind=seen.document_kind,
        checked_on=seen.checked_on,
        verified_sealed=vault.seal(json.dumps(_as_facts(seen)), CHECK),
        differs=_differences(user, seen),
        reference_hmac=vault.keyed_hash(_REFERENCE, reference) if reference else None,
        at=now,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError as clash:
        # The same reference, at this moment, about somebody else.
        raise ReferenceUsed from clash
    audit.record(
        "identity_checked",
        Subject("user", user.id),
        actor=Actor.of(client),
        now=now,
        reason=seen.provider,
        change=({}, {"identity_check": str(row.id), "differs": row.differs}),
    )
    return row


def _ask_reviewers(
    user: User, seen: Verified, check: IdentityCheck, *, actor: Actor, now: datetime
) -> list[ChangeRequest]:
    """One request for the name and one for the date, as far as they differ and none of that kind is open."""
    wanted: list[PersonName | date] = []
    if {"firstName", "lastName"} & set(check.differs):
        wanted.append(PersonName(seen.first_name, seen.last_name, user.middle_name))
    if "dateOfBirth" in check.differs:
        wanted.append(seen.date_of_birth)
    asked = (change_requests.open_from_check(user, check, each, actor=actor, now=now) for each in wanted)
    return [request for request in asked if request is not None]


def _weigh_link(check: IdentityCheck, user: User, trn: str, register: TeacherRegister, now: datetime) -> None:
    """Raise the level of a link whose record bears the verified name and date; one that does not is pointed out."""
    found = register.find_by_identifiers(Trn.parse(trn).digits, "")
    record = next((each for each in found if each.trn == trn), None)
    fits = record is not None and _fits(record, user)
    with transaction():
        held = db.session.get_one(User, user.id, with_for_update={"of": User}, populate_existing=True)
        if held.trn != trn or not held.is_live:
            raise RegisterUnavailable("the person changed meanwhile")
        raised = fits and held.verification_level is not VerificationLevel.MEDIUM
        if raised:
            evidence = Evidence(held.lookup_reason, VerificationLevel.MEDIUM, f"identity check {check.id}")
            trn_links.link(held, trn, evidence, actor=SYSTEM, now=now)
        _led_to(check, RAISED if raised else NOTHING if fits else RECORD_DIFFERS, now)


def _search(check: IdentityCheck, user: User, register: TeacherRegister, now: datetime) -> None:
    """Ask the register with the verified details: by the policy for those, a name and a birthday may be enough."""
    service = check.client_id or user.registered_with_client_id
    client = db.session.get(Client, service) if service else None
    policy = client.match_policy if client is not None else MatchPolicy.DEFAULT
    person, occasion = lookups.person_of(user), Occasion.IDENTITY_CHECK
    search = lookups.look_up(person, register, policy, occasion=occasion, now=now, proved=True)
    if check.client_id is not None:
        search = replace(search, source=LookupReason.MATCHED)
    with transaction():
        held = db.session.get_one(User, user.id, with_for_update={"of": User}, populate_existing=True)
        kept_lookups.keep(search, user_id=held.id, journey_id=None)
        unanswered = isinstance(search.answer, Unanswered)
        changed = search.asked != lookups.person_of(held) or not held.is_live or not lookups.is_open(held)
        if not unanswered and not changed:
            lookups.settle(held, search, now=now)
            told = held.trn is not None and support_tickets.resolve_by_match(held, now, tell=True) is not None
            if held.trn is not None and client is not None and not told:
                lookups.tell_of_record(held, client, now=now)
            if held.trn is None:
                _led_to(check, NOTHING, now)
    if unanswered or changed:
        raise RegisterUnavailable("the register is to be asked again")
    if held.trn is not None:
        _weigh_link(check, held, held.trn, register, now)


def _led_to(check: IdentityCheck, what: str, now: datetime) -> None:
    with transaction():
        row = db.session.get_one(IdentityCheck, check.id)
        row.weighed_at, row.led_to = now, what
        change = {"identity_check": str(row.id), "led_to": what}
        audit.record("identity_check_weighed", Subject("user", row.user_id), actor=SYSTEM, now=now, change=({}, change))


def _fits(record: TeachingRecord, user: User) -> bool:
    """Whether a record bears this person's name and date of birth, in some form of the name."""
    first = first_names(
        [given_name(user.first_name)],
        given_name(user.middle_name),
        [given_name(each) for each in (record.first_name, *record.previous_first_names)],
        given_name(record.middle_name),
    )
    lasts = [family_name(each) for each in (record.last_name, *record.previous_last_names)]
    last = last_names([family_name(user.last_name)], lasts)
    is_open = record.status is RecordStatus.ACTIVE
    return is_open and record.date_of_birth == user.date_of_birth and {first.level, last.level} <= _ONE_PERSON_S


def _still_confirms(check: IdentityCheck, user: User) -> bool:
    facts = _facts(check)
    seen = (facts["first_name"], facts["last_name"], date.fromisoformat(facts["date_of_birth"]))
    return not _differs_in(user, *seen)


def _differences(user: User, seen: Verified) -> list[str]:
    return _differs_in(user, seen.first_name, seen.last_name, seen.date_of_birth)


def _differs_in(user: User, first: str, last: str, born: date) -> list[str]:
    compared = (
        ("firstName", _same(given_name(first).joined, given_name(user.first_name).joined, first, user.first_name)),
        ("lastName", _same(family_name(last).joined, family_name(user.last_name).joined, last, user.last_name)),
        ("dateOfBirth", born == user.date_of_birth),
    )
    return [name for name, same in compared if not same]


def _same(one: str, two: str, raw_one: str, raw_two: str) -> bool:
    """Of a name of which normalising leaves nothing, the name as it stands is compared."""
    return one == two if one or two else raw_one.casefold() == raw_two.casefold()


def _reported_as(reference: str, client: Client) -> IdentityCheck | None:
    hashes = vault.keyed_hashes(_REFERENCE, reference)
    return db.session.scalar(
        select(IdentityCheck).where(IdentityCheck.client_id == client.id, IdentityCheck.reference_hmac.in_(hashes))
    )


def _requests_of(check: IdentityCheck) -> list[ChangeRequest]:
    return list(db.session.scalars(select(ChangeRequest).where(ChangeRequest.identity_check_id == check.id)))


def _as_facts(seen: Verified) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(seen).items()}


def _facts(check: IdentityCheck) -> dict[str, str]:
    kept: dict[str, str] = json.loads(vault.unseal(check.verified_sealed, CHECK))
    return kept
