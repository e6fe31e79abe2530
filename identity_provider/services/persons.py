"""A person as the hot paths read them: the columns that tokens and claims are made of, and nothing to write to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import aliased

from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.domain.values import PersonName
from identity_provider.models import User


@dataclass(slots=True)
class Person:
    """One identity, with the ids of those that were merged into it."""

    id: UUID
    email: str
    email_verified_at: datetime | None
    mobile_number: str | None
    mobile_verified_at: datetime | None
    first_name: str
    middle_name: str
    last_name: str
    preferred_name: str
    date_of_birth: date | None
    trn: str | None
    lookup_status: LookupStatus
    lookup_reason: LookupReason
    verification_level: VerificationLevel | None
    stated_nino_encrypted: bytes | None = field(repr=False)
    updated_at: datetime
    is_live: bool
    merged_ids: list[UUID]

    @property
    def name(self) -> PersonName:
        """The official name as it stands here."""
        return PersonName(self.first_name, self.last_name, self.middle_name)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session of a person's browser, with the person: what an answer at once is made from."""

    id: UUID
    user_id: UUID
    authenticated_at: datetime
    amr: list[str]
    last_seen_at: datetime
    user: Person


_merged = aliased(User)

IS_LIVE: ColumnElement[bool] = func.num_nulls(User.merged_into_id, User.erased_at, User.locked_at) == literal_column(
    "3"
)
"""User.is_live, for the database to judge; in words in which no index looks for everybody who is."""

COLUMNS: tuple[Any, ...] = (
    User.id.label("person_id"),
    User.email,
    User.email_verified_at,
    User.mobile_number,
    User.mobile_verified_at,
    User.first_name,
    User.middle_name,
    User.last_name,
    User.preferred_name,
    User.date_of_birth,
    User.trn,
    User.lookup_status,
    User.lookup_reason,
    User.verification_level,
    User.stated_nino_encrypted,
    User.updated_at.label("person_updated_at"),
    IS_LIVE.label("is_live"),
    func.array(
        select(_merged.id)
        .where(_merged.merged_into_id == User.id)
        .order_by(_merged.created_at)
        .correlate(User)
        .scalar_subquery()
    ).label("merged_ids"),
)
"""What a statement selects of a person, in the order in which `person_of` reads it."""


def person_of(row: tuple[Any, ...]) -> Person:
    """The person of a row of COLUMNS."""
    person = Person(*row)
    person.lookup_status = LookupStatus(person.lookup_status)
    person.lookup_reason = LookupReason(person.lookup_reason)
    if person.verification_level is not None:
        person.verification_level = VerificationLevel(person.verification_level)
    return person
