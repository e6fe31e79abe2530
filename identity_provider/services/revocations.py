"""What ends grants and tokens other than their own client or a sign-out: the person, the operator, a lost scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, cast, exists, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from identity_provider.db import db
from identity_provider.models import AccessToken, Consent, Grant


def sessions_of_person(user_id: UUID) -> list[UUID]:
    """The browser sessions, also forgotten ones, in which something was granted in a person's name that is not over."""
    live = select(Grant.session_id).where(Grant.user_id == user_id, Grant.revoked_at.is_(None))
    return list(db.session.scalars(live.distinct().order_by(Grant.session_id)))


def of_client(client_id: str, *, now: datetime) -> None:
    """End whatever a service was granted by anybody, and the tokens with which it acts for itself."""
    db.session.execute(
        update(Grant).where(Grant.client_id == client_id, Grant.revoked_at.is_(None)).values(revoked_at=now)
    )
    _revoke_own_tokens(AccessToken.client_id == client_id, now=now)


def with_scopes(client_id: str, scopes: Collection[str], *, now: datetime) -> None:
    """End what a service was granted with one of these scopes, which it may have no more."""
    lost = cast(sorted(scopes), ARRAY(Text()))

    def holds_one(column: Any) -> ColumnElement[bool]:
        holds: ColumnElement[bool] = func.string_to_array(column, " ", type_=ARRAY(Text())).overlap(lost)
        return holds

    db.session.execute(
        update(Grant)
        .where(Grant.client_id == client_id, Grant.revoked_at.is_(None), holds_one(Grant.scope))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    _revoke_own_tokens(and_(AccessToken.client_id == client_id, holds_one(AccessToken.scope)), now=now)


def without_consent(client_id: str, *, now: datetime) -> None:
    """End what a service was granted by people who were not asked, now that it is one that people are asked about."""
    asked = exists().where(
        Consent.user_id == Grant.user_id, Consent.client_id == client_id, Consent.withdrawn_at.is_(None)
    )
    db.session.execute(
        update(Grant)
        .where(Grant.client_id == client_id, Grant.revoked_at.is_(None), ~asked)
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def sessions_at(user_id: UUID, client_id: str) -> Sequence[UUID]:
    """The browser sessions in which the person went to a service, as far as something is remembered of them."""
    theirs = select(Grant.session_id).where(Grant.user_id == user_id, Grant.client_id == client_id)
    return db.session.scalars(theirs.distinct()).all()


def _revoke_own_tokens(which: ColumnElement[bool], *, now: datetime) -> None:
    """Tokens that no person stands behind: those of a grant end with it."""
    db.session.execute(
        update(AccessToken)
        .where(which, AccessToken.grant_id.is_(None), AccessToken.revoked_at.is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
