"""What a new register may change: everybody whose record was not found so far is looked up in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import User
from identity_provider.queue import defer
from identity_provider.services.lookups import LOOK_UP_AGAIN

USERS_PER_TRANSACTION = 500


def look_everybody_up_again() -> int:
    """Have the worker search the new register for all users who are pending or `None`; how many they are.

    Left out is who was never asked about a record, or not yet asked to check their answers (`not_looked_up`): another
    empty answer would give their case to the helpdesk. They are searched for when they next sign in.
    """
    waiting = db.session.scalars(
        select(User.id)
        .where(
            User.lookup_status.in_((LookupStatus.PENDING, LookupStatus.NONE)),
            User.lookup_reason != LookupReason.NOT_LOOKED_UP,
            User.merged_into_id.is_(None),
            User.erased_at.is_(None),
        )
        .order_by(User.created_at)
    ).all()
    for start in range(0, len(waiting), USERS_PER_TRANSACTION):
        _defer(waiting[start : start + USERS_PER_TRANSACTION])
    return len(waiting)


def _defer(users: Sequence[UUID]) -> None:
    with transaction():
        for user_id in users:
            defer(LOOK_UP_AGAIN, key=f"{LOOK_UP_AGAIN}:{user_id}", user_id=str(user_id))
