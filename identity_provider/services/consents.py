"""What people allow services that others run: asked for once, remembered, taken back whenever they like.

Services of our own family (`Client.first_party`) are never asked about: they may know what they are registered for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove
from identity_provider.models import AuthorizationRequest, Client, Consent, Grant, ServiceUse, User
from identity_provider.services import audit, service_uses
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.clients import PERSON_SCOPES
from identity_provider.services.persons import Person

OF_PROFILE = frozenset(
    {
        "name",
        "given_name",
        "middle_name",
        "family_name",
        "preferred_name",
        "birthdate",
        "updated_at",
    }
)
_OF_SCOPE = {
    "profile": OF_PROFILE,
    "email": frozenset({"email", "email_verified"}),
    "phone": frozenset({"phone_number", "phone_number_verified"}),
}


@dataclass(frozen=True, slots=True)
class ServiceUsed:
    """A service that knows something of a person: what they allowed it, if they were asked, and since when."""

    client: Client
    consent: Consent | None
    since: datetime


def asked_for(request: AuthorizationRequest) -> tuple[str, ...]:
    """The scopes that a request comes to, in a fixed order.

    A claim that is asked for by its name (OpenID Connect Core 5.5) counts as the scope that it belongs to: otherwise
    a service would get around the question (attack 34).
    """
    by_name = _claims_named(request)
    implied = {scope for scope, claims in _OF_SCOPE.items() if claims & by_name}
    wanted = request.scopes | (implied & set(request.client.scopes))
    return tuple(scope for scope in PERSON_SCOPES if scope in wanted)


def is_due(request: AuthorizationRequest, user: User | Person) -> bool:
    """Whether the person has to be asked before this request may be granted.

    Not for a first-party service. Otherwise when nothing was allowed so far, when the request comes to more than was
    allowed, and when the service wants the question asked (`prompt=consent`) and this very request got no yes yet.
    """
    if request.client.first_party:
        return False
    standing = standing_one(user, request.client)
    if standing is None or not set(asked_for(request)) <= set(standing.scopes):
        return True
    return "consent" in request.prompt.split() and standing.said_yes_to != request.id


def standing_one(user: User | Person, client: Client) -> Consent | None:
    """What the person allows this service now."""
    return db.session.scalar(
        select(Consent).where(
            Consent.user_id == user.id, Consent.client_id == client.id, Consent.withdrawn_at.is_(None)
        )
    )


def allow(request: AuthorizationRequest, user: User, *, now: datetime) -> None:
    """The person said yes to what this request comes to. The caller holds the user, so that two tabs make one row."""
    standing = standing_one(user, request.client)
    before = list(standing.scopes) if standing is not None else []
    allowed = [scope for scope in PERSON_SCOPES if scope in {*before, *asked_for(request)}]
    if standing is None:
        standing = Consent(user_id=user.id, client_id=request.client_id, granted_at=now)
        db.session.add(standing)
    standing.scopes, standing.said_yes_to, standing.confirmed_at = allowed, request.id, now
    _record("consent_given", user, request.client, (before, allowed), now=now)


def note_refusal(request: AuthorizationRequest, user: User, *, now: datetime) -> None:
    """The person said no. Nothing that they allowed before is taken back by that."""
    _record("consent_refused", user, request.client, ([], list(asked_for(request))), now=now)


def withdraw(user: User, client_id: str, *, now: datetime) -> Client:
    """Take back what a service was allowed, and end everything that it was granted for this person.

    It is told of no further change of theirs either, until they sign in to it again.

    Raises IllegalMove for a service that the person has not used.
    """
    client = db.session.get(Client, client_id)
    if client is None or client_id not in {each.client.id for each in services_used(user)}:
        raise IllegalMove("this service was allowed nothing")
    standing = standing_one(user, client)
    if standing is not None:
        standing.withdrawn_at = now
    service_uses.forget(user.id, client_id)
    ended = db.session.execute(
        update(Grant)
        .where(Grant.user_id == user.id, Grant.client_id == client_id, Grant.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(Grant.id)
        .execution_options(synchronize_session=False)
    ).all()
    before = list(standing.scopes) if standing is not None else []
    _record("consent_withdrawn", user, client, (before, []), now=now, reason=f"{len(ended)} sign-ins ended")
    return client


def services_used(user: User) -> list[ServiceUsed]:
    """Every service that the person signed in to, and has not stopped since; the newest one first."""
    uses = select(ServiceUse.client_id, ServiceUse.first_at).where(_of(ServiceUse, user))
    used = dict(db.session.execute(uses).all())
    standing = {
        each.client_id: each
        for each in db.session.scalars(select(Consent).where(_of(Consent, user), Consent.withdrawn_at.is_(None)))
    }
    known = db.session.scalars(select(Client).where(Client.id.in_({*used, *standing}))).all()
    found = [
        ServiceUsed(each, standing.get(each.id), used.get(each.id) or standing[each.id].granted_at) for each in known
    ]
    return sorted(found, key=lambda each: (each.since, each.client.id), reverse=True)


def _of(table: type[Consent] | type[ServiceUse], user: User) -> ColumnElement[bool]:
    return table.user_id == user.id


def _claims_named(request: AuthorizationRequest) -> frozenset[str]:
    named: dict[str, list[str]] = request.parameters.get("claims") or {}
    return frozenset(name for names in named.values() for name in names)


def _record(
    action: str,
    user: User,
    client: Client,
    change: tuple[list[str], list[str]],
    *,
    now: datetime,
    reason: str = "",
) -> None:
    before, after = ({"client": client.id, "scopes": scopes} for scopes in change)
    audit.record(action, Subject("user", user.id), actor=Actor.of(user), now=now, reason=reason, change=(before, after))
