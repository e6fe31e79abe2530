"""The right to register a service by software, handed out by an operator (RFC 7591 section 3)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, String, true
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class InitialAccessToken(Base):
    """Good until it expires or was used often enough. Only its HMAC is kept."""

    __tablename__ = "initial_access_tokens"
    __table_args__ = (CheckConstraint("uses <= max_uses AND max_uses > 0", name="used_at_most"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hmac: Mapped[bytes] = mapped_column(unique=True)
    label: Mapped[str] = mapped_column(String(200))
    # What services that register with it may ask people for.
    scopes: Mapped[list[str]]
    # Whether they must use PKCE: the protocol's own certification has confidential clients that do not.
    require_pkce: Mapped[bool] = mapped_column(default=True, server_default=true())
    uses: Mapped[int] = mapped_column(default=0)
    max_uses: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
