"""What the list of leaked TRNs reads."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from identity_provider.db import db
from identity_provider.models import LeakedTrn, User

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """One number of the list, and who is linked to it."""

    leaked: LeakedTrn
    holder: User | None


def counts() -> tuple[int, int]:
    """How many numbers are on the list, and how many users are linked to one."""
    held = select(func.count()).select_from(LeakedTrn).join(User, User.trn == LeakedTrn.trn)
    return db.session.scalar(select(func.count()).select_from(LeakedTrn)) or 0, db.session.scalar(held) or 0


def page_of(number: int, *, linked_only: bool) -> list[Listed]:
    """One page of the list, the newest first."""
    join = select(LeakedTrn, User).join(User, User.trn == LeakedTrn.trn, isouter=not linked_only)
    rows = db.session.execute(
        join.order_by(LeakedTrn.added_at.desc(), LeakedTrn.trn).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    )
    return [Listed(leaked, holder) for leaked, holder in rows]


def find(trn: str) -> list[Listed]:
    """The number, if it is on the list."""
    rows = db.session.execute(
        select(LeakedTrn, User).join(User, User.trn == LeakedTrn.trn, isouter=True).where(LeakedTrn.trn == trn)
    )
    return [Listed(leaked, holder) for leaked, holder in rows]
