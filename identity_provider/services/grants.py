"""Codes and tokens: issued, redeemed once, refreshed in a family, looked up by HMAC, and revoked together.

These run at every sign-in and every call of a service, so each change is one SQL statement (design page oidc.md,
"Cost") and rows come back as plain values.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import and_, delete, func, insert, or_, select, update

from config.logging import SECURITY
from identity_provider.db import db
from identity_provider.models import (
    AccessToken,
    AuthorizationRequest,
    BrowserSession,
    Grant,
    PushedRequest,
    RefreshToken,
    UsedAssertion,
)
from identity_provider.services import audit, measures, service_uses
from identity_provider.vault import new_secret, vault

CODE_LIVES = timedelta(seconds=60)
ACCESS_TOKEN_LIVES = timedelta(minutes=15)
REFRESH_TOKEN_LIVES = timedelta(days=14)
FAMILY_LIVES = timedelta(days=90)
REUSE_GRACE = timedelta(seconds=30)
# A code is recognised as used, and its tokens are found, for this long after it was issued.
REMEMBERED_FOR = timedelta(days=1)

ACCESS_PREFIX = "gat_"
REFRESH_PREFIX = "grt_"

_CODE = "authorization_code"
_ACCESS = "access_token"
_REFRESH = "refresh_token"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")

log = structlog.get_logger(SECURITY)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a person allowed, as far as tokens say it."""

    id: UUID
    client_id: str
    user_id: UUID
    scope: str
    session_id: UUID
    auth_time: datetime
    amr: list[str]
    nonce: str | None
    claims_request: dict[str, Any]
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Presented:
    """A live token that somebody presented, and what stands behind it: a person's grant, or a service itself."""

    id: UUID
    client_id: str
    scope: str
    issued_at: datetime
    expires_at: datetime
    granted: Granted | None

    @property
    def scopes(self) -> frozenset[str]:
        """What the token is good for."""
        return frozenset(self.scope.split())


@dataclass(frozen=True, slots=True)
class Redemption:
    """What a client sends to redeem a code (RFC 6749 4.1.3; RFC 7636 4.5)."""

    client_id: str
    code: str = field(repr=False)
    redirect_uri: str | None = None
    verifier: str | None = field(default=None, repr=False)


_GRANTED = (
    Grant.id,
    Grant.client_id,
    Grant.user_id,
    Grant.scope,
    Grant.session_id,
    Grant.auth_time,
    Grant.amr,
    Grant.nonce,
    Grant.claims_request,
    Grant.redirect_uri,
)


def issue_code(request: AuthorizationRequest, session: BrowserSession, *, now: datetime) -> str:
    """Grant what was asked to the client, and return the code that it redeems."""
    if session.user_id is None or session.authenticated_at is None:
        raise ValueError("nobody is signed in")
    code = new_secret()
    db.session.execute(
        insert(Grant)
        .values(
            id=uuid4(),
            client_id=request.client_id,
            user_id=session.user_id,
            scope=request.scope,
            session_id=session.id,
            auth_time=session.authenticated_at,
            amr=session.amr,
            nonce=request.nonce,
            claims_request=request.parameters.get("claims") or {},
            redirect_uri=request.redirect_uri,
            code_hmac=vault.keyed_hash(_CODE, code),
            code_challenge=request.code_challenge,
            code_expires_at=now + CODE_LIVES,
            created_at=now,
            expires_at=now + REMEMBERED_FOR,
        )
        # In the same round trip: from now on this service hears of changes of this person.
        .add_cte(service_uses.noting(session.user_id, request.client_id, now).cte("service_use"))
    )
    return code


def redeem_code(sent: Redemption, *, now: datetime) -> Granted | None:
    """Use a code, once; None when it is not good for this client, redirect URI and verifier, or too old.

    Everything that must hold stands in one UPDATE, so that of any number of parallel redemptions one succeeds. A
    second use revokes whatever the first one gave out (RFC 6749 4.1.2), also when it comes at the same moment.
    """
    hashes = vault.keyed_hashes(_CODE, sent.code)
    claimed = db.session.execute(
        update(Grant)
        .where(
            Grant.code_hmac.in_(hashes),
            Grant.client_id == sent.client_id,
            Grant.redirect_uri == sent.redirect_uri,
            Grant.code_challenge.is_not_distinct_from(_challenge_of(sent.verifier)),
            Grant.code_expires_at > now,
            # By the database's clock too: ours may jump back, and would revive a code (attack 58).
            Grant.issued_at > func.now() - CODE_LIVES,
            Grant.redeemed_at.is_(None),
            Grant.revoked_at.is_(None),
        )
        .values(redeemed_at=now)
        .returning(*_GRANTED)
    ).first()
    if claimed is not None:
        return Granted(*claimed)
    replayed = db.session.execute(
        update(Grant)
        .where(Grant.code_hmac.in_(hashes), Grant.client_id == sent.client_id, Grant.redeemed_at.is_not(None))
        .values(revoked_at=now)
        .returning(Grant.id)
    ).first()
    if replayed is not None:
        log.warning("authorization_code_replayed", grant_id=str(replayed.id), client_id=sent.client_id)
        measures.reused("authorization_code")
        _audit("authorization_code_replayed", replayed.id, sent.client_id, now)
    else:
        measures.refused("authorization_code")
    return None


def new_access_token() -> str:
    """An opaque access token: a prefix that secret scanners know, and 256 bits."""
    return ACCESS_PREFIX + new_secret()


def keep_access_token(token: str, *, client_id: str, grant_id: UUID | None, scope: str, now: datetime) -> None:
    """Remember a token that is being issued, as an HMAC."""
    db.session.execute(
        insert(AccessToken).values(
            id=uuid4(),
            token_hmac=vault.keyed_hash(_ACCESS, token),
            grant_id=grant_id,
            client_id=client_id,
            scope=scope,
            issued_at=now,
            expires_at=now + ACCESS_TOKEN_LIVES,
        )
    )


def find_access_token(token: str, *, now: datetime) -> Presented | None:
    """The live access token of this text; None when it is unknown, expired or revoked, or its grant was."""
    row = db.session.execute(
        select(
            AccessToken.id,
            AccessToken.client_id,
            AccessToken.scope,
            AccessToken.issued_at,
            AccessToken.expires_at,
            AccessToken.grant_id,
            *_GRANTED,
        )
        .outerjoin(Grant, Grant.id == AccessToken.grant_id)
        .where(
            AccessToken.token_hmac.in_(vault.keyed_hashes(_ACCESS, token)),
            AccessToken.expires_at > now,
            AccessToken.revoked_at.is_(None),
            or_(AccessToken.grant_id.is_(None), and_(Grant.id.is_not(None), Grant.revoked_at.is_(None))),
        )
    ).first()
    if row is None:
        return None
    token_id, client_id, token_scope, issued_at, expires_at, grant_id, *of_grant = row
    return Presented(token_id, client_id, token_scope, issued_at, expires_at, Granted(*of_grant) if grant_id else None)


def start_family(grant_id: UUID, *, now: datetime) -> str:
    """The first refresh token of a grant; the grant now lives as long as its family may."""
    db.session.execute(update(Grant).where(Grant.id == grant_id).values(expires_at=now + FAMILY_LIVES))
    return _add_refresh_token(grant_id, now)


def rotate_refresh_token(token: str, *, now: datetime) -> tuple[Granted, str] | None:
    """Exchange a refresh token for the next of its family, by one UPDATE; None when it is not good.

    A second exchange within a short grace is taken for a lost answer or a second worker, and written down.
    """
    good = and_(
        RefreshToken.token_hmac.in_(vault.keyed_hashes(_REFRESH, token)),
        RefreshToken.expires_at > now,
        RefreshToken.grant_id == Grant.id,
        Grant.revoked_at.is_(None),
        Grant.expires_at > now,
    )
    row = db.session.execute(
        update(RefreshToken).where(good, RefreshToken.rotated_at.is_(None)).values(rotated_at=now).returning(*_GRANTED)
    ).first()
    if row is None:
        row = db.session.execute(
            update(RefreshToken)
            .where(good, RefreshToken.rotated_at > now - REUSE_GRACE)
            .values(reused=RefreshToken.reused + 1)
            .returning(*_GRANTED)
        ).first()
        if row is None:
            return None
        log.warning("refresh_token_used_twice_within_grace", grant_id=str(row.id), client_id=row.client_id)
        measures.reused("refresh_token")
    return Granted(*row), _add_refresh_token(row.id, now)


def find_refresh_token(token: str, *, now: datetime, grace: timedelta = timedelta()) -> Presented | None:
    """The live refresh token of this text: not exchanged yet, or at most `grace` ago."""
    row = db.session.execute(
        select(RefreshToken.id, RefreshToken.issued_at, RefreshToken.expires_at, *_GRANTED)
        .join(Grant, Grant.id == RefreshToken.grant_id)
        .where(
            RefreshToken.token_hmac.in_(vault.keyed_hashes(_REFRESH, token)),
            RefreshToken.expires_at > now,
            or_(RefreshToken.rotated_at.is_(None), RefreshToken.rotated_at > now - grace),
            Grant.revoked_at.is_(None),
            Grant.expires_at > now,
        )
    ).first()
    if row is None:
        return None
    granted = Granted(*row[3:])
    return Presented(row[0], granted.client_id, granted.scope, row.issued_at, row.expires_at, granted)


def revoke_reused_family(token: str, client_id: str, *, now: datetime) -> None:
    """End the family of a refresh token that was exchanged before: the client or a thief holds a stale copy.

    RFC 9700 4.14.2. Nothing happens for a token that is unknown or another client's.
    """
    reused = db.session.execute(
        update(Grant)
        .where(
            Grant.id == RefreshToken.grant_id,
            Grant.client_id == client_id,
            Grant.revoked_at.is_(None),
            RefreshToken.token_hmac.in_(vault.keyed_hashes(_REFRESH, token)),
            RefreshToken.rotated_at <= now - REUSE_GRACE,
        )
        .values(revoked_at=now)
        .returning(Grant.id)
    ).first()
    if reused is not None:
        log.warning("refresh_token_reused", grant_id=str(reused.id), client_id=client_id)
        measures.reused("refresh_token")
        _audit("refresh_token_reused", reused.id, client_id, now)


def revoke_access_token(token_id: UUID, *, now: datetime) -> None:
    """End one access token (RFC 7009 2.1)."""
    db.session.execute(update(AccessToken).where(AccessToken.id == token_id).values(revoked_at=now))


def revoke(grant_id: UUID, *, now: datetime) -> None:
    """End a grant and with it all its tokens."""
    db.session.execute(update(Grant).where(Grant.id == grant_id, Grant.revoked_at.is_(None)).values(revoked_at=now))


def revoke_of_session(session_id: UUID, *, now: datetime) -> list[str]:
    """End what was granted in a browser session, at sign-out; returns the clients that it was granted to."""
    db.session.execute(
        update(Grant).where(Grant.session_id == session_id, Grant.revoked_at.is_(None)).values(revoked_at=now)
    )
    told = select(Grant.client_id).where(Grant.session_id == session_id).distinct().order_by(Grant.client_id)
    return list(db.session.scalars(told))


def remove_expired(*, now: datetime, batch: int = 1_000) -> int:
    """Delete rows that mean nothing any more, at most `batch` of each kind; returns how many went.

    Call it again while it returns something. Tokens go before their grant.
    """
    kinds = (
        (AccessToken, AccessToken.id, AccessToken.expires_at < now),
        (RefreshToken, RefreshToken.id, RefreshToken.expires_at < now),
        (Grant, Grant.id, Grant.expires_at < now),
        (UsedAssertion, UsedAssertion.key, UsedAssertion.expires_at < now),
        (PushedRequest, PushedRequest.id, PushedRequest.expires_at < now),
    )
    removed = 0
    for table, key, is_dead in kinds:
        dead = select(key).where(is_dead).limit(batch).scalar_subquery()
        gone = db.session.execute(
            delete(table).where(key.in_(dead)).returning(key).execution_options(synchronize_session=False)
        )
        removed += len(gone.all())
    return removed


def _add_refresh_token(grant_id: UUID, now: datetime) -> str:
    token = REFRESH_PREFIX + new_secret()
    db.session.execute(
        insert(RefreshToken).values(
            id=uuid4(),
            token_hmac=vault.keyed_hash(_REFRESH, token),
            grant_id=grant_id,
            issued_at=now,
            expires_at=now + REFRESH_TOKEN_LIVES,
            reused=0,
        )
    )
    return token


def _audit(action: str, grant_id: UUID, client_id: str, now: datetime) -> None:
    actor = audit.Actor("client", client_id)
    audit.record(action, audit.Subject("grant", grant_id), actor=actor, now=now)


def _challenge_of(verifier: str | None) -> str | None:
    """The S256 challenge that a verifier answers; one that can not be a verifier answers none."""
    if verifier is None:
        return None
    if not _VERIFIER.match(verifier):
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
