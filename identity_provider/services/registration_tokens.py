"""The right to register a service by software (RFC 7591 section 3): made by an operator, counted, and run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from identity_provider.db import db
from identity_provider.domain.errors import IllegalMove
from identity_provider.models import InitialAccessToken
from identity_provider.services import audit
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.clients import SCOPES
from identity_provider.vault import new_secret, vault

PREFIX = "gir_"
# What anybody's service may ask people for; more is for the operator to say.
USUAL_SCOPES = ("openid", "profile", "email")
LONGEST = timedelta(days=365)

_PURPOSE = "initial_access_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a token is good for: how often, how long, and what services that register with it may ask for."""

    label: str
    max_uses: int = 1
    lives: timedelta = timedelta(days=7)
    scopes: tuple[str, ...] = USUAL_SCOPES
    require_pkce: bool = True


def make(allowed: Allowance, *, actor: Actor, now: datetime) -> tuple[InitialAccessToken, str]:
    """A token; its text is returned once and only its HMAC is kept. Raises IllegalMove for what no token may be."""
    unknown = [scope for scope in allowed.scopes if scope not in SCOPES]
    if unknown or "openid" not in allowed.scopes:
        raise IllegalMove(f"the scopes must be known ones, and openid among them; unknown: {' '.join(unknown) or '-'}")
    if allowed.max_uses < 1 or not timedelta() < allowed.lives <= LONGEST or not allowed.label.strip():
        raise IllegalMove("a token needs a label, one use or more, and a life of at most a year")
    token = PREFIX + new_secret()
    row = InitialAccessToken(
        token_hmac=vault.keyed_hash(_PURPOSE, token),
        label=allowed.label.strip(),
        scopes=list(allowed.scopes),
        require_pkce=allowed.require_pkce,
        max_uses=allowed.max_uses,
        created_at=now,
        expires_at=now + allowed.lives,
    )
    db.session.add(row)
    db.session.flush()
    audit.record(
        "initial_access_token_made",
        Subject("initial_access_token", row.id),
        actor=actor,
        now=now,
        reason=row.label,
        change=({}, {"scopes": row.scopes, "max_uses": row.max_uses, "expires_at": row.expires_at.isoformat()}),
    )
    return row, token


def revoke(token_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Make it good for nothing more. What registered with it stays. Raises IllegalMove for one that is not there."""
    row = db.session.get(InitialAccessToken, token_id)
    if row is None:
        raise IllegalMove("there is no such token")
    row.revoked_at = row.revoked_at or now
    audit.record("initial_access_token_revoked", Subject("initial_access_token", row.id), actor=actor, now=now)


def find(token: str, *, now: datetime) -> InitialAccessToken | None:
    """The token of this text, if it is good for another use."""
    return db.session.scalar(
        select(InitialAccessToken).where(
            InitialAccessToken.token_hmac.in_(vault.keyed_hashes(_PURPOSE, token)),
            InitialAccessToken.expires_at > now,
            InitialAccessToken.revoked_at.is_(None),
            InitialAccessToken.uses < InitialAccessToken.max_uses,
        )
    )


def use(found: InitialAccessToken, *, now: datetime) -> bool:
    """Use it once, by one UPDATE; False when somebody else was quicker with the last use."""
    used = db.session.execute(
        update(InitialAccessToken)
        .where(
            InitialAccessToken.id == found.id,
            InitialAccessToken.expires_at > now,
            InitialAccessToken.revoked_at.is_(None),
            InitialAccessToken.uses < InitialAccessToken.max_uses,
        )
        .values(uses=InitialAccessToken.uses + 1)
        .returning(InitialAccessToken.id)
        .execution_options(synchronize_session=False)
    ).first()
    return used is not None
