"""What a person allowed a relying service, and the tokens that came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class Grant(Base):
    """One answer to one authorization request: the code, and whatever is issued from it.

    The code is kept as an HMAC. Revoking the grant kills every token that came of it (RFC 6749 4.1.2), which is why
    no token is valid without looking here. The row outlives the code so that a replay is recognised as one.
    """

    __tablename__ = "grants"
    __table_args__ = (CheckConstraint("redeemed_at IS NULL OR redeemed_at <= expires_at", name="redeemed_in_time"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[str] = mapped_column(String(100), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    scope: Mapped[str] = mapped_column(Text)
    # The browser session that answered, which `sid` in the id_token stands for. Its row may go before this one.
    session_id: Mapped[UUID] = mapped_column(index=True)
    auth_time: Mapped[datetime]
    amr: Mapped[list[str]] = mapped_column(default=list)
    nonce: Mapped[str | None] = mapped_column(Text)
    # The `claims` parameter (OpenID Connect Core 5.5), as far as it was understood.
    claims_request: Mapped[dict[str, Any]] = mapped_column(default=dict)
    redirect_uri: Mapped[str] = mapped_column(Text)
    code_hmac: Mapped[bytes] = mapped_column(unique=True)
    code_challenge: Mapped[str | None] = mapped_column(String(128))
    code_expires_at: Mapped[datetime]
    redeemed_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # By the database's clock, so that a code which expired stays so when a machine's clock jumps back (attack 58).
    issued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # When nothing that came of it can be alive any more.
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AccessToken(Base):
    """A bearer token (RFC 6750), opaque or a JWT: either is looked up by its HMAC.

    Without a grant it is a service's own (client credentials): no person stands behind it.
    """

    __tablename__ = "access_tokens"
    # Those of services themselves, which end when the service is switched off or loses a scope.
    __table_args__ = (Index("ix_access_tokens_of_service", "client_id", postgresql_where=text("grant_id IS NULL")),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hmac: Mapped[bytes] = mapped_column(unique=True)
    grant_id: Mapped[UUID | None] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"), index=True)
    client_id: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    revoked_at: Mapped[datetime | None]


class RefreshToken(Base):
    """One link of a family; the family is the grant. Good once, but for a short grace (RFC 9700 4.14.2)."""

    __tablename__ = "refresh_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hmac: Mapped[bytes] = mapped_column(unique=True)
    grant_id: Mapped[UUID] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"), index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    rotated_at: Mapped[datetime | None]
    reused: Mapped[int] = mapped_column(default=0)


class UsedAssertion(Base):
    """A client assertion that was accepted, kept until it expires so that it is good once (RFC 7523 section 3, 7)."""

    __tablename__ = "used_assertions"

    # HMAC of client and jti: unique across every worker.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class PushedRequest(Base):
    """Authorization parameters that a client left with us (RFC 9126), under a reference that is bound to it."""

    __tablename__ = "pushed_requests"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    reference_hmac: Mapped[bytes] = mapped_column(unique=True)
    client_id: Mapped[str] = mapped_column(String(100))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
