"""People as services read them through the API. Every reading is written down."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from identity_provider.db import db
from identity_provider.domain.lookup import LookupStatus
from identity_provider.models import Client, User
from identity_provider.services import audit, identities, person_json
from identity_provider.services.audit import Actor, Subject


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the list: page `number` (from 1) of `size` people."""

    number: int
    size: int
    statuses: Collection[LookupStatus] = ()


def read_page(page: Page, *, client: Client, now: datetime) -> dict[str, Any]:
    """One page of everybody, by last name, first name and id, and how many there are in all."""
    wanted = _listed(page)
    total = db.session.scalar(select(func.count()).select_from(User).where(*wanted)) or 0
    people = db.session.scalars(
        select(User)
        .where(*wanted)
        .order_by(User.last_name, User.first_name, User.id)
        .limit(page.size)
        .offset((page.number - 1) * page.size)
    ).all()
    shown = {"users": [str(each.id) for each in people]}
    audit.record("users_read", Subject("user", "list"), actor=Actor.of(client), now=now, change=({}, shown))
    return {"users": [person_json.in_api(each, client) for each in people], "total": total}


def read_one(user_id: UUID, *, client: Client, now: datetime) -> dict[str, Any] | None:
    """One person, with more about them; an id that was merged answers with the account that remains."""
    asked = db.session.get(User, user_id)
    user = identities.survivor_of(asked) if asked is not None else None
    if user is None or user.erased_at is not None:
        return None
    audit.record("user_read", Subject("user", user.id), actor=Actor.of(client), now=now)
    registered_with = db.session.get(Client, user.registered_with_client_id or "")
    merged = [each for each in identities.all_of(user) if each.id != user.id]
    return person_json.in_api(user, client) | {
        "created": person_json.moment(user.created_at),
        "registeredWithClientId": registered_with.id if registered_with else None,
        "registeredWithClientDisplayName": registered_with.name if registered_with else None,
        "mergedUserIds": [str(each.id) for each in merged],
    }


def _listed(page: Page) -> Sequence[ColumnElement[bool]]:
    live = [User.merged_into_id.is_(None), User.erased_at.is_(None)]
    return live + ([User.lookup_status.in_(page.statuses)] if page.statuses else [])
