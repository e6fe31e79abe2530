"""Codes and tokens: issued, redeemed once, refreshed in a family, looked up by HMAC, and revoked together.

These run at every sign-in and every call of a service, so each change is one SQL statement, and so one transaction
(design page oidc.md, "Cost"); rows come back as plain values.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog
from sqlalchemy import delete, select, update

from config.logging import SECURITY
from identity_provider.db import db, transaction
from identity_provider.models import (
    AccessToken,
    AuthorizationRequest,
    BrowserSession,
    Grant,
    PushedRequest,
    RefreshToken,
    UsedAssertion,
)
from identity_provider.services import audit, measures, persons, sign_in_history
from identity_provider.services import grant_statements as statements
from identity_provider.services.persons import Person, SignedIn, person_of
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

# What hashes of these are kept for.
AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"
_ACCESS = "access_token"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}\Z")

_GRANT_COLUMNS = len(statements.GRANTED)

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
    person: Person = field(repr=False)


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
    # Whether the client may have refresh tokens.
    refreshes: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """The tokens of one exchange, which are kept as HMACs, and what they stand for."""

    granted: Granted
    scope: str
    # By which the access token is kept, so that another text may take its place.
    id: UUID
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)


def issue_code(request: AuthorizationRequest, session: BrowserSession | SignedIn, *, now: datetime) -> str:
    """Grant what was asked to the client, and return the code that it redeems."""
    if session.user_id is None or session.authenticated_at is None:
        raise ValueError("nobody is signed in")
    code = new_secret()
    statements.ISSUE.run(
        id=uuid4(),
        client_id=request.client_id,
        user_id=session.user_id,
        scope=request.scope,
        session_id=session.id,
        auth_time=session.authenticated_at,
        amr=session.amr,
        nonce=request.nonce,
        claims_request=orjson.dumps(request.parameters.get("claims") or {}).decode(),
        redirect_uri=request.redirect_uri,
        code_hmac=vault.keyed_hash(AUTHORIZATION_CODE, code),
        code_challenge=request.code_challenge,
        code_expires_at=now + CODE_LIVES,
        now=now,
        expires_at=now + REMEMBERED_FOR,
    )
    return code


def redeem_code(sent: Redemption, *, now: datetime) -> Issued | None:
    """Use a code, once, for tokens; None when it is not good for this client, redirect URI and verifier, or too old.

    Everything that must hold stands in one statement, so that of any number of parallel redemptions one succeeds. A
    second use revokes whatever the first one gave out (RFC 6749 4.1.2), also when it comes at the same moment.
    """
    issued = exchange_code(sent, now=now)
    if issued is None:
        _end_if_replayed(vault.hash_literal(AUTHORIZATION_CODE, sent.code), sent.client_id, now)
    return issued


def exchange_code(sent: Redemption, *, now: datetime) -> Issued | None:
    """The statement of `redeem_code` alone; where it gives None nothing has changed, and redeem_code must follow."""
    fresh = _Fresh(now)
    row = statements.REDEEM.first(
        hashes=vault.hash_literal(AUTHORIZATION_CODE, sent.code),
        client_id=sent.client_id,
        redirect_uri=sent.redirect_uri,
        challenge=challenge_of(sent.verifier),
        refreshes=sent.refreshes,
        code_lives=CODE_LIVES,
        family_expires_at=now + FAMILY_LIVES,
        **fresh.values,
    )
    if row is None:
        return None
    granted = _granted(row)
    return fresh.issued(granted, granted.scope, continues=row[-1])


def challenge_of(verifier: str | None) -> str | None:
    """The S256 challenge that a verifier answers; one that can not be a verifier answers none."""
    if verifier is None:
        return None
    if not _VERIFIER.match(verifier):
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def new_access_token() -> str:
    """An opaque access token: a prefix that secret scanners know, and 256 bits."""
    return ACCESS_PREFIX + new_secret()


def keep_service_token(token: str, *, client_id: str, scope: str, now: datetime) -> None:
    """Remember a token that a service is given for itself, as an HMAC: no person stands behind it."""
    statements.KEEP_ACCESS_TOKEN.run(
        id=uuid4(),
        token_hmac=vault.keyed_hash(_ACCESS, token),
        client_id=client_id,
        scope=scope,
        now=now,
        expires_at=now + ACCESS_TOKEN_LIVES,
    )


def replace_access_token(token_id: UUID, token: str) -> None:
    """Remember another text for a token that nobody was given yet: a JWT says what its grant is, so it comes after."""
    statements.REPLACE_ACCESS_TOKEN.run(id=token_id, token_hmac=vault.keyed_hash(_ACCESS, token))


def find_access_token(token: str, *, now: datetime) -> Presented | None:
    """The live access token of this text; None when it is unknown, expired or revoked, or its grant was."""
    row = statements.FIND_ACCESS_TOKEN.first(hashes=vault.hash_literal(_ACCESS, token), now=now)
    if row is None:
        return None
    token_id, client_id, scope, issued_at, expires_at = row[:5]
    granted = _granted(row[5:]) if row[5] is not None else None
    return Presented(token_id, client_id, scope, issued_at, expires_at, granted)


def rotate_refresh_token(token: str, client_id: str, *, scope: str | None = None, now: datetime) -> Issued | None:
    """Exchange a refresh token for the next of its family and an access token, by one statement.

    None when it is not good for this client, or `scope` asks for more than was granted. A second exchange within a
    short grace is taken for a lost answer or a second worker, and written down.
    """
    fresh = _Fresh(now)
    asked = {"hashes": vault.hash_literal(REFRESH_TOKEN, token), "client_id": client_id, "scope": scope, **fresh.values}
    row = statements.ROTATE.first(**asked)
    if row is None:
        row = statements.ROTATE_WITHIN_GRACE.first(grace_begins=now - REUSE_GRACE, **asked)
        if row is None:
            return None
        log.warning("refresh_token_used_twice_within_grace", grant_id=str(row[0]), client_id=client_id)
        measures.reused("refresh_token")
    return fresh.issued(_granted(row), row[-1], continues=True)


def find_refresh_token(token: str, *, now: datetime, grace: timedelta = timedelta()) -> Presented | None:
    """The live refresh token of this text: not exchanged yet, or at most `grace` ago."""
    row = statements.FIND_REFRESH_TOKEN.first(
        hashes=vault.hash_literal(REFRESH_TOKEN, token), now=now, grace_begins=now - grace
    )
    if row is None:
        return None
    granted = _granted(row[3:])
    return Presented(row[0], granted.client_id, granted.scope, row[1], row[2], granted)


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
            RefreshToken.token_hmac.in_(vault.keyed_hashes(REFRESH_TOKEN, token)),
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
        dead = select(key).where(is_dead).limit(batch)
        if table is Grant:
            # By their ids: what the history takes over is what is deleted here.
            ids = db.session.scalars(dead.with_for_update(skip_locked=True)).all()
            sign_in_history.keep_those_of(Grant.id.in_(ids), now=now)
            dead = select(Grant.id).where(Grant.id.in_(ids))
        gone = db.session.execute(
            delete(table)
            .where(key.in_(dead.scalar_subquery()))
            .returning(key)
            .execution_options(synchronize_session=False)
        )
        removed += len(gone.all())
    return removed


class _Fresh:
    """The texts of tokens that an exchange may give out, and what the database keeps of them."""

    def __init__(self, now: datetime) -> None:
        self._id = uuid4()
        self._access_token = new_access_token()
        self._refresh_token = REFRESH_PREFIX + new_secret()
        self.values: dict[str, Any] = {
            "now": now,
            "token_id": self._id,
            "token_hmac": vault.keyed_hash(_ACCESS, self._access_token),
            "token_expires_at": now + ACCESS_TOKEN_LIVES,
            "next_id": uuid4(),
            "next_hmac": vault.keyed_hash(REFRESH_TOKEN, self._refresh_token),
            "next_expires_at": now + REFRESH_TOKEN_LIVES,
        }

    def issued(self, granted: Granted, scope: str, *, continues: bool) -> Issued:
        """What was given out after all."""
        return Issued(granted, scope, self._id, self._access_token, self._refresh_token if continues else None)


def _granted(row: tuple[Any, ...]) -> Granted:
    person = person_of(row[_GRANT_COLUMNS : _GRANT_COLUMNS + len(persons.COLUMNS)])
    columns = (*row[:_GRANT_COLUMNS], person)
    return Granted(*columns)


def _end_if_replayed(hashes: str, client_id: str, now: datetime) -> None:
    """Revoke what came of a code that was used before, and write it down: both or neither."""
    with transaction():
        replayed = statements.REVOKE_REPLAYED.first(hashes=hashes, client_id=client_id, now=now)
        if replayed is not None:
            _audit("authorization_code_replayed", replayed[0], client_id, now)
    if replayed is None:
        measures.refused("authorization_code")
        return
    log.warning("authorization_code_replayed", grant_id=str(replayed[0]), client_id=client_id)
    measures.reused("authorization_code")


def _audit(action: str, grant_id: UUID, client_id: str, now: datetime) -> None:
    actor = audit.Actor("client", client_id)
    audit.record(action, audit.Subject("grant", grant_id), actor=actor, now=now)
