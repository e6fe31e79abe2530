"""What a new register may change: everybody whose record was not found so far is looked up in it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, or_, select

from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import Lookup, User
from identity_provider.queue import defer
from identity_provider.services.lookup_replay import UNANSWERED
from identity_provider.services.lookups import LOOK_UP_AGAIN

USERS_PER_TRANSACTION = 500


def look_everybody_up_again() -> int:
    """Have the worker search the new register for all users who are pending or `None`; how many they are.

    Among them is who got an empty answer and was not yet asked to check what they said (`not_looked_up`): their record
    may have come with this register. Left out is whom no search was ever for: nobody asked for their record.
    """
    searched_for = exists().where(Lookup.user_id == User.id, Lookup.outcome != UNANSWERED)
    waiting = db.session.scalars(
        select(User.id)
        .where(
            User.lookup_status.in_((LookupStatus.PENDING, LookupStatus.NONE)),
            or_(User.lookup_reason != LookupReason.NOT_LOOKED_UP, searched_for),
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
