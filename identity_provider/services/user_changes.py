"""What changes of people, collected by the session itself, so that nobody who changes a person can forget to tell.

Only what is different when the transaction ends is told: what was set back, or failed, never happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import InstrumentedAttribute, LoaderCallableStatus, Session, SessionTransaction, object_session

from identity_provider.db import db
from identity_provider.models import User
from identity_provider.services.person_json import PersonAsTold

_KEY = "changed_people"
_WATCHED = (*(each.name for each in fields(PersonAsTold)), "merged_into_id")


@dataclass(slots=True)
class Change:
    """What one transaction did to one person. `before` is None for somebody new."""

    user: User
    is_new: bool = False
    olds: dict[str, Any] = field(default_factory=dict)

    @property
    def before(self) -> PersonAsTold | None:
        """The person as they were when the transaction began."""
        if self.is_new:
            return None
        olds = {name: value for name, value in self.olds.items() if name != "merged_into_id"}
        return replace(PersonAsTold.of(self.user), **olds)

    @property
    def was_merged(self) -> bool:
        """Whether the account became part of another one."""
        return self.user.merged_into_id is not None and (
            self.is_new or self.olds.get("merged_into_id", self.user.merged_into_id) is None
        )

    @property
    def was_parted(self) -> bool:
        """Whether the account was part of another one, and is none of it any more."""
        return self.user.merged_into_id is None and self.olds.get("merged_into_id") is not None


def changes_of(session: Session) -> Iterator[Change]:
    """Every person who is another one than when the transaction began; forgets them."""
    noted: dict[User, Change] = session.info.pop(_KEY, {})
    for change in noted.values():
        if change.user in session and inspect(change.user).persistent and change.user.erased_at is None:
            yield change


def _noted(session: Session, user: User) -> Change:
    people: dict[User, Change] = session.info.setdefault(_KEY, {})
    return people.setdefault(user, Change(user))


def _watch(name: str) -> None:
    def note(user: User, value: object, old: object, _initiator: object) -> None:
        session = object_session(user)
        # What was never set on a row that was added a moment ago is NULL there.
        was = None if old is LoaderCallableStatus.NO_VALUE else old
        if session is not None and inspect(user).persistent and value != was:
            _noted(session, user).olds.setdefault(name, was)

    attribute: InstrumentedAttribute[Any] = getattr(User, name)
    # The old value is loaded where it was not: a change of what nobody has looked at is a change too.
    event.listen(attribute, "set", note, active_history=True)


for _name in _WATCHED:
    _watch(_name)


@event.listens_for(db.session, "before_flush")
def _note_new(session: Session, *_: object) -> None:
    for each in session.new:
        if isinstance(each, User):
            _noted(session, each).is_new = True


@event.listens_for(db.session, "after_transaction_end")
def _forget(session: Session, ended: SessionTransaction) -> None:
    if ended.parent is None:
        session.info.pop(_KEY, None)
