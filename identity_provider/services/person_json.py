"""A person as services read them in the API and in messages: the names and types of domain.md, nothing else.

A service is told of a TRN only as far as it may be (`shown_trn`); where the lookup stands is said beside it, always.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import VerificationLevel
from identity_provider.models import Client, User

TOLD = (
    "emailAddress",
    "firstName",
    "middleName",
    "lastName",
    "preferredName",
    "dateOfBirth",
    "trn",
    "mobileNumber",
    "trnLookupStatus",
)
"""The keys of a message's user, whose changes are told. Every key is always there, null where there is no value."""


def shown_trn(user: User, client: Client) -> str | None:
    """The TRN that this service may be told: a `Strict` one only at verification level Medium (domain.md)."""
    if client.match_policy is MatchPolicy.STRICT and user.verification_level is not VerificationLevel.MEDIUM:
        return None
    return user.trn


def in_message(user: User, client: Client) -> dict[str, Any]:
    """The `user` of a webhook message, without its id."""
    return {
        "emailAddress": user.email.lower(),
        "firstName": user.first_name,
        "middleName": user.middle_name or None,
        "lastName": user.last_name,
        "preferredName": user.preferred_name or None,
        "dateOfBirth": user.date_of_birth.isoformat() if user.date_of_birth else None,
        "trn": shown_trn(user, client),
        "mobileNumber": user.mobile_number,
        "trnLookupStatus": user.lookup_status.value,
    }


def in_api(user: User, client: Client) -> dict[str, Any]:
    """A user of the API's list."""
    told = in_message(user, client)
    return {"userId": str(user.id), "email": told.pop("emailAddress")} | told


def moment(at: datetime) -> str:
    """A moment as JSON writes it: ISO 8601, UTC, with a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
