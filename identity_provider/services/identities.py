"""All the rows that one person is: an account, and those that were merged into it."""

from __future__ import annotations

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.models import StaffUser, User


def survivor_of(user: User) -> User:
    """The account that this one was merged into, followed to its end; the account itself when it was not."""
    while user.merged_into_id is not None:
        user = db.session.get_one(User, user.merged_into_id)
    return user


def all_of(user: User) -> list[User]:
    """Every identity of the person, the one in use first."""
    found = [survivor_of(user)]
    for each in found:
        found.extend(db.session.scalars(select(User).where(User.merged_into_id == each.id).order_by(User.created_at)))
    return found


def is_own(user: User, staff: StaffUser) -> bool:
    """Whether any identity of the person, also one that was merged, is of the agent's own email address (attack 33)."""
    return staff.email in {each.email for each in all_of(user)}
