"""What a new register may change: everybody whose record was not found so far is looked up in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, or_, select

from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import Lookup, User
from identity_provider.queue import defer
from identity_provider.services import audit
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.lookup_replay import UNANSWERED
from identity_provider.services.lookups import LOOK_UP_AGAIN
from identity_provider.services.register_import import ImportResult, Switch

USERS_PER_TRANSACTION = 500
LOOK_EVERYBODY_UP_AGAIN = "look_everybody_up_again"


def switch_over(switch: Switch, result: ImportResult, *, file_name: str, actor: Actor, now: datetime) -> int:
    """Have a register searched, write down that it is, and have the worker look people up in it; how many they are.

    All of it is done in one transaction: a register that is searched while the audit does not say so, or while who
    may be in it waits on, would be taken for one that is not.
    """
    with transaction() as session:
        held = session.connection().connection.driver_connection
        if held is None:
            raise AssertionError("a session that is connected has a connection")
        switch(held)
        audit.record(
            "register.imported",
            Subject("register", str(result.generation)),
            actor=actor,
            now=now,
            change=({}, asdict(result) | {"file": file_name}),
        )
        # Without a key: such a job that waits already may begin before this is committed.
        defer(LOOK_EVERYBODY_UP_AGAIN)
        return len(session.scalars(_waiting()).all())


def look_everybody_up_again() -> int:
    """Have the worker search the new register for all users who are pending or `None`; how many they are.

    Among them is who got an empty answer and was not yet asked to check what they said (`not_looked_up`): their record
    may have come with this register. Left out is whom no search was ever for: nobody asked for their record.
    """
    waiting = db.session.scalars(_waiting()).all()
    for start in range(0, len(waiting), USERS_PER_TRANSACTION):
        _defer(waiting[start : start + USERS_PER_TRANSACTION])
    return len(waiting)


def _waiting() -> Select[UUID]:
    searched_for = exists().where(Lookup.user_id == User.id, Lookup.outcome != UNANSWERED)
    return (
        select(User.id)
        .where(
            User.lookup_status.in_((LookupStatus.PENDING, LookupStatus.NONE)),
            or_(User.lookup_reason != LookupReason.NOT_LOOKED_UP, searched_for),
            User.merged_into_id.is_(None),
            User.erased_at.is_(None),
        )
        .order_by(User.created_at)
    )


def _defer(users: Sequence[UUID]) -> None:
    with transaction():
        for user_id in users:
            defer(LOOK_UP_AGAIN, key=f"{LOOK_UP_AGAIN}:{user_id}", user_id=str(user_id))
