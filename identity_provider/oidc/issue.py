"""What stands between a person and a code or a token at the moment of issue, whatever any page believed.

The register, which tells of prohibitions, is an outside thing: it is never asked inside a transaction. At the token
endpoint the need to ask shows up inside one; `answered_outside` then undoes it, asks, and runs it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from authlib.oauth2.rfc6749.errors import InvalidGrantError
from flask import g

from identity_provider.db import transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.errors import IdentityError
from identity_provider.domain.prohibitions import Standing
from identity_provider.kit.app import ports
from identity_provider.models import AuthorizationRequest, Client, Journey, User
from identity_provider.services import authorizations, consents, grants, prohibitions
from identity_provider.services.persons import Person

NO_TRN_YET = "No teacher reference number was found yet"
NOT_ALLOWED = "The person did not allow it"
NOT_THIS_PERSON = "Somebody other than the person asked for signed in"
NO_PASSKEY = "The person did not sign in with a passkey"
CANNOT_BE_GIVEN = "This person cannot be given to this service"
CANNOT_BE_CHECKED = "It could not be checked whether this person may be given to this service; try again later"

Answer = TypeVar("Answer")


class StandingNeeded(Exception):
    """The register has to be asked about this person before anything is issued; raised inside a transaction."""

    def __init__(self, client: Client, trn: str) -> None:
        super().__init__("the register has to be asked first")
        self.client = client
        self.trn = trn


class IssueUnavailable(IdentityError):
    """Whether the person may be given to the service could not be found out: nothing is issued, nothing used up."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a service is told instead of a code (RFC 6749 4.1.2.1)."""

    error: str
    description: str


UNMET = Refusal("unmet_authentication_requirements", NO_PASSKEY)
"""OpenID Connect Core Unmet Authentication Requirements 1.0."""


def bars(client: Client, user: User | Person) -> Standing | None:
    """Why a service that refuses people with a prohibition may not be given this person; None when it may."""
    if not client.block_prohibited:
        return None
    with transaction():
        trn = user.trn
    return prohibitions.bars(client, trn, ports().register)


def refusal_for(barred: Standing) -> Refusal:
    """In words that tell the service nothing of the record."""
    if barred is Standing.UNKNOWN:
        return Refusal("temporarily_unavailable", CANNOT_BE_CHECKED)
    return Refusal("access_denied", CANNOT_BE_GIVEN)


def refusal_of(asked: AuthorizationRequest, journey: Journey) -> Refusal:
    """Why the person goes back to the service without a code, as things stand."""
    if journey.barred is not None:
        return refusal_for(journey.barred)
    user = journey.user
    if user is None or not authorizations.may_return(asked, user):
        return Refusal("access_denied", NO_TRN_YET)
    if authorizations.needs_passkey(asked) and journey.passkey_proved_at is None:
        return UNMET
    if consents.is_due(asked, user):
        return Refusal("access_denied", NOT_ALLOWED)
    return Refusal("access_denied", NO_TRN_YET)


def may_refuse(client: Client) -> bool:
    """Whether `demand` can refuse anything to this service at all."""
    return client.block_prohibited or client.trn_requirement is not TrnRequirement.OPTIONAL


def demand(client: Client, granted: grants.Granted) -> None:
    """Judge anew, at the token endpoint, whether this service may be given this person.

    Raises InvalidGrantError when it may not: a TRN that it demands is gone, or there is a prohibition, which ends the
    whole grant. Raises IssueUnavailable when that could not be found out. To be called before anything is used up.
    """
    if not authorizations.demands_are_met(client, frozenset(granted.scope.split()), granted.person):
        raise InvalidGrantError(NO_TRN_YET)
    trn = granted.person.trn
    if not client.block_prohibited or trn is None:
        return
    asked: dict[str, Standing | None] = g.setdefault("standings", {})
    if trn not in asked:
        raise StandingNeeded(client, trn)
    barred = asked[trn]
    if barred is Standing.UNKNOWN:
        raise IssueUnavailable
    if barred is not None:
        grants.revoke(granted.id, now=ports().clock.now())
        raise InvalidGrantError(CANNOT_BE_GIVEN)


def answered_outside(run: Callable[[], Answer]) -> Answer:
    """Run what issues tokens; where it needs to know of a prohibition, ask outside its transaction and run it again."""
    try:
        return run()
    except StandingNeeded as needed:
        g.setdefault("standings", {})[needed.trn] = prohibitions.bars(needed.client, needed.trn, ports().register)
    return run()
