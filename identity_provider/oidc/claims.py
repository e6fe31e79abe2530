"""What a service is told about a person: pure, given the person's row (domain.md, "OpenID Connect surface").

A claim without a value is left out, never null or blank: services have overwritten good TRNs with blanks.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import VerificationLevel
from identity_provider.models import User
from identity_provider.services import persons
from identity_provider.services.clients import TRN_SCOPES

SUPPORTED = (
    "sub",
    "previous_user_id",
    "name",
    "given_name",
    "middle_name",
    "family_name",
    "preferred_name",
    "birthdate",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
    "trn",
    "trn_lookup_status",
    "trn_lookup_reason",
    "trn_verification_level",
    "ni_number",
    "trn_match_ni_number",
)

_LOOKUP = frozenset({"trn_lookup_status", "trn_lookup_reason"})
_OF_TRN = _LOOKUP | {"trn", "trn_verification_level", "ni_number", "trn_match_ni_number"}


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom the claims are for: what was granted, and what the service may be told at all."""

    scopes: frozenset[str]
    allowed_scopes: frozenset[str]
    match_policy: MatchPolicy
    # Names asked for one by one, by the `claims` parameter (OpenID Connect Core 5.5).
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Person:
    """A user with what stands outside the row: subjects, and the National Insurance number in clear."""

    user: User | persons.Person
    # By which this service knows them, and knew identities that were merged into this one.
    subject: str
    previous_subjects: tuple[str, ...] = ()
    nino: str | None = None
    # Whether that number is the one on the linked record.
    nino_matches: bool = False


def about(person: Person, audience: Audience) -> dict[str, Any]:
    """The claims by scope, and those asked for by name that the service's own scopes allow; a TRN by scope only."""
    granted = _by_scope(person, audience.scopes, audience.match_policy)
    if not audience.asked:
        return granted
    # Whoever is told of a TRN without the scope would get around the lookup and what the service demands of it.
    nameable = audience.allowed_scopes - TRN_SCOPES
    allowed = _by_scope(person, nameable, audience.match_policy)
    return granted | {name: allowed[name] for name in audience.asked if name in allowed}


def only(claims: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The subject and the named claims: for a service that says what it wants in its id_token.

    Whatever is said of a TRN comes with how the lookup stands: a missing TRN alone would say nothing.
    """
    wanted = {"sub", *names}
    if wanted & _OF_TRN:
        wanted |= _LOOKUP
    return {name: value for name, value in claims.items() if name in wanted}


def trn_of(user: User | persons.Person, policy: MatchPolicy) -> str | None:
    """The TRN that a service of this policy may be told: a `Strict` one only at verification level Medium."""
    if policy is MatchPolicy.STRICT and user.verification_level is not VerificationLevel.MEDIUM:
        return None
    return user.trn


def half_hash(token: str, algorithm: str) -> str:
    """`at_hash` (OpenID Connect Core 3.1.3.6); SHA-512 for Ed25519, whose name holds no hash size."""
    digest = hashlib.sha512 if algorithm == "Ed25519" else hashlib.sha256
    half = digest(token.encode()).digest()
    return base64.urlsafe_b64encode(half[: len(half) // 2]).decode().rstrip("=")


def seconds(moment: datetime) -> int:
    """A moment as JSON Web Tokens write it (RFC 7519 section 2, NumericDate)."""
    return int(moment.timestamp())


def _by_scope(person: Person, scopes: frozenset[str], policy: MatchPolicy) -> dict[str, Any]:
    user = person.user
    claims: dict[str, Any] = {"sub": person.subject, "previous_user_id": list(person.previous_subjects)}
    if "profile" in scopes:
        claims |= _profile(user)
    if "email" in scopes:
        claims |= {"email": user.email.lower(), "email_verified": user.email_verified_at is not None}
    if "phone" in scopes and user.mobile_number:
        claims |= {
            "phone_number": user.mobile_number,
            "phone_number_verified": user.mobile_verified_at is not None,
        }
    if TRN_SCOPES & scopes:
        claims |= _trn(person, policy)
    return {name: value for name, value in claims.items() if value is not None and value not in ("", [])}


def _profile(user: User | persons.Person) -> dict[str, Any]:
    return {
        "name": user.name.full,
        "given_name": user.first_name,
        "middle_name": user.middle_name,
        "family_name": user.last_name,
        "preferred_name": user.preferred_name,
        "birthdate": user.date_of_birth.isoformat() if user.date_of_birth else None,
        "updated_at": seconds(user.updated_at),
    }


def _trn(person: Person, policy: MatchPolicy) -> dict[str, Any]:
    user = person.user
    trn = trn_of(user, policy)
    compared = policy is MatchPolicy.STRICT and trn is not None and person.nino is not None
    return {
        "trn": trn,
        "trn_lookup_status": user.lookup_status.value,
        "trn_lookup_reason": user.lookup_reason.value,
        "trn_verification_level": user.verification_level.value if user.verification_level else None,
        "ni_number": person.nino if policy is MatchPolicy.STRICT else None,
        # A string, as services have always read it (relying-services.md).
        "trn_match_ni_number": str(person.nino_matches) if compared else None,
    }
