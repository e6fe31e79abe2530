"""What the pages of TRN tokens read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select

from identity_provider.db import db
from identity_provider.models import TrnToken

PER_PAGE = 50
MOST_FOUND = 50


class State(StrEnum):
    """Where a token stands."""

    UNUSED = "unused"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(token: TrnToken, now: datetime) -> State:
    """Where it stands now: what was done to it counts before the time that has passed."""
    if token.used_at is not None:
        return State.USED
    if token.revoked_at is not None:
        return State.REVOKED
    return State.UNUSED if now < token.expires_at else State.EXPIRED


def page_of(state: State | None, number: int, now: datetime) -> list[TrnToken]:
    """One page of the tokens, the newest first."""
    found = select(TrnToken).where(*_in_state(state, now)).order_by(TrnToken.created_at.desc(), TrnToken.id)
    return list(db.session.scalars(found.limit(PER_PAGE).offset((number - 1) * PER_PAGE)))


def number_of(state: State | None, now: datetime) -> int:
    """How many tokens there are to page through."""
    return db.session.scalar(select(func.count()).select_from(TrnToken).where(*_in_state(state, now))) or 0


def find(*, email: str = "", trn: str = "") -> list[TrnToken]:
    """Tokens for this address, or this TRN, the newest first."""
    wanted = TrnToken.email == email if email else TrnToken.trn == trn
    return list(
        db.session.scalars(select(TrnToken).where(wanted).order_by(TrnToken.created_at.desc()).limit(MOST_FOUND))
    )


def _in_state(state: State | None, now: datetime) -> list[ColumnElement[bool]]:
    unused = [TrnToken.used_at.is_(None), TrnToken.revoked_at.is_(None)]
    conditions: dict[State | None, list[ColumnElement[bool]]] = {
        None: [],
        State.UNUSED: [*unused, TrnToken.expires_at > now],
        State.EXPIRED: [*unused, TrnToken.expires_at <= now],
        State.USED: [TrnToken.used_at.is_not(None)],
        State.REVOKED: [TrnToken.used_at.is_(None), TrnToken.revoked_at.is_not(None)],
    }
    return conditions[state]
