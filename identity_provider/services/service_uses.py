"""Which services a person signed in to: those hear of changes, and no other."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert

from identity_provider.db import db
from identity_provider.models import Grant, ServiceUse


def noting(user_id: Any, client_id: Any, now: Any) -> Insert:
    """The statement that writes it down, once: for hot paths that put it, with parameters, into another one."""
    row = {"user_id": user_id, "client_id": client_id, "first_at": now}
    return insert(ServiceUse).values(row).on_conflict_do_nothing()


def note(user_id: UUID, client_id: str, *, now: datetime) -> None:
    """Write down that the person came from this service."""
    db.session.execute(noting(user_id, client_id, now))


def forget(user_id: UUID, client_id: str) -> None:
    """The person stopped sharing with this service: it is told of no further change, until they come from it again."""
    db.session.execute(delete(ServiceUse).where(ServiceUse.user_id == user_id, ServiceUse.client_id == client_id))


def of(user_id: UUID) -> set[str]:
    """The services that the person came from, by client id."""
    return set(db.session.scalars(select(ServiceUse.client_id).where(ServiceUse.user_id == user_id)))


def take_back(user_id: UUID, client_ids: list[str]) -> None:
    """These services came with an account that is parted again; those that the person has since used stay."""
    own = select(Grant.client_id).where(Grant.user_id == user_id)
    db.session.execute(
        delete(ServiceUse).where(
            ServiceUse.user_id == user_id, ServiceUse.client_id.in_(client_ids), ServiceUse.client_id.not_in(own)
        )
    )


def pass_on(from_user: UUID, to_user: UUID) -> None:
    """The services of an account that was merged follow the person to the account that remains."""
    used = select(literal(to_user), ServiceUse.client_id, ServiceUse.first_at).where(ServiceUse.user_id == from_user)
    columns = ["user_id", "client_id", "first_at"]
    db.session.execute(insert(ServiceUse).from_select(columns, used).on_conflict_do_nothing())
