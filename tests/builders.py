"""Builders: rows for tests, each with sensible values and only what the sentence needs spelled out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from identity_provider.db import db, transaction
from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
from identity_provider.domain.access import StaffRole
from identity_provider.domain.lookup import LookupReason, VerificationLevel
from identity_provider.models import Client, StaffUser, User
from identity_provider.services import trn_links
from identity_provider.services.audit import SYSTEM
from matching.records import TeachingRecord

ASKED = FurtherAnswers(other_names=(), training=Training.NO, school_work=SchoolWork.ASSISTANT).as_kept()
"""`stated_further` of somebody who was asked everything before they are taken for a person without a record."""

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_numbers = count(1)


def a_user(trn: str | None = None, level: VerificationLevel = VerificationLevel.LOW, **values: Any) -> User:
    """A person; linked to `trn` when one is given."""
    number = next(_numbers)
    user = User(
        **{
            "email": f"person{number}@example.com",
            "email_verified_at": NOW,
            "first_name": "Kate",
            "last_name": f"Bush{number}",
            "date_of_birth": date(1985, 3, 4),
            "created_at": NOW,
            "updated_at": NOW,
        }
        | values
    )
    with transaction():
        db.session.add(user)
        db.session.flush()
        if trn is not None:
            trn_links.link(user, trn, trn_links.Evidence(LookupReason.MATCHED, level), actor=SYSTEM, now=NOW)
    return user


def a_client(**values: Any) -> Client:
    """A relying service that may ask for everything a person has."""
    number = next(_numbers)
    client = Client(
        **{
            "id": f"service-{number}",
            "name": "Register for an NPQ",
            "service_url": "https://npq.example.org/",
            "redirect_uris": ["https://npq.example.org/callback"],
            "scopes": ["openid", "profile", "email", "phone", "offline_access", "trn"],
            "grant_types": ["authorization_code", "refresh_token"],
            "created_at": NOW,
            "updated_at": NOW,
        }
        | values
    )
    with transaction():
        db.session.add(client)
    return client


def a_staff_user(*roles: StaffRole, **values: Any) -> StaffUser:
    """A member of staff; an Agent when no role is named."""
    number = next(_numbers)
    staff = StaffUser(
        **{
            "email": f"agent{number}@example.com",
            "name": f"Agent {number}",
            "roles": [role.value for role in roles or (StaffRole.AGENT,)],
            "created_at": NOW,
        }
        | values
    )
    with transaction():
        db.session.add(staff)
    return staff


def a_record(trn: str = "1234567", **values: Any) -> TeachingRecord:
    """A teaching record of Kate Bush, born 4 March 1985."""
    known: dict[str, Any] = {
        "first_name": "Kate",
        "last_name": "Bush",
        "date_of_birth": date(1985, 3, 4),
        "nino": "AB123456C",
    }
    return TeachingRecord(**({"trn": trn} | known | values))
