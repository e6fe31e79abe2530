"""A person as services read them in the API and in messages: the names and types of domain.md, nothing else.

A service is told of a TRN only as far as it may be (`shown_trn`); where the lookup stands is said beside it, always.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import LookupStatus, VerificationLevel
from identity_provider.models import Client, User


@dataclass(frozen=True, slots=True)
class PersonAsTold:
    """As much of a user as services are told of, at one moment: as it is, or as it was before a change."""

    email: str
    first_name: str
    middle_name: str
    last_name: str
    preferred_name: str
    date_of_birth: date | None
    trn: str | None
    mobile_number: str | None
    lookup_status: LookupStatus
    verification_level: VerificationLevel | None

    @classmethod
    def of(cls, user: User) -> Self:
        """The user as they are now."""
        return cls(**{each.name: getattr(user, each.name) for each in fields(cls)})


def shown_trn(person: User | PersonAsTold, client: Client) -> str | None:
    """The TRN that this service may be told: a `Strict` one only at verification level Medium (domain.md)."""
    if client.match_policy is MatchPolicy.STRICT and person.verification_level is not VerificationLevel.MEDIUM:
        return None
    return person.trn


def in_message(person: User | PersonAsTold, client: Client) -> dict[str, Any]:
    """The `user` of a webhook message, without its id."""
    return {
        "emailAddress": person.email.lower(),
        "firstName": person.first_name,
        "middleName": person.middle_name or None,
        "lastName": person.last_name,
        "preferredName": person.preferred_name or None,
        "dateOfBirth": person.date_of_birth.isoformat() if person.date_of_birth else None,
        "trn": shown_trn(person, client),
        "mobileNumber": person.mobile_number,
        "trnLookupStatus": person.lookup_status.value,
    }


def in_api(user: User, client: Client) -> dict[str, Any]:
    """A user of the API's list."""
    told = in_message(user, client)
    return {"userId": str(user.id), "email": told.pop("emailAddress")} | told


def moment(at: datetime) -> str:
    """A moment as JSON writes it: ISO 8601, UTC, with a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
