"""GOV.UK One Login as a way in: who is connected, who is on the way there, and which sessions it began."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.models.journey import Journey
from identity_provider.models.user import EMAIL_LENGTH, User

SUBJECT_LENGTH = 255


class OneLoginPurpose(StrEnum):
    """What somebody is sent to One Login for."""

    SIGN_IN = "sign_in"
    # To have their name and date of birth proved as well.
    IDENTITY = "identity"


class OneLoginAttempt(Base):
    """One trip to One Login and back, good once, for the browser that it began in.

    It belongs to a journey, to the account of somebody who is signed in, or to nobody yet: who signs in to their own
    account by it. What One Login told is sealed, and forgotten as soon as it is settled what becomes of it.
    """

    __tablename__ = "one_login_attempts"
    __table_args__ = (
        CheckConstraint("journey_id IS NULL OR user_id IS NULL", name="one_errand"),
        CheckConstraint("purpose IN ('sign_in', 'identity')", name="purpose"),
        Index("ix_one_login_attempts_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # The `state` that One Login gives back (RFC 6749 section 10.12) is the only thing that leads here.
    state_hmac: Mapped[bytes] = mapped_column(unique=True)
    nonce_hmac: Mapped[bytes]
    # PKCE (RFC 7636).
    verifier_sealed: Mapped[bytes]
    browser_hmac: Mapped[bytes]
    purpose: Mapped[str] = mapped_column(String(20))
    journey_id: Mapped[UUID | None] = mapped_column(ForeignKey("journeys.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    told_sealed: Mapped[bytes | None]
    settled_at: Mapped[datetime | None]

    journey: Mapped[Journey | None] = relationship()


class OneLoginIdentity(Base):
    """One person's One Login (issuer and subject), and whose identity here it opens. At most one live row for each."""

    __tablename__ = "one_login_identities"
    __table_args__ = (
        Index(
            "uq_one_login_identities_live", "issuer", "subject", unique=True, postgresql_where=text("ended_at IS NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(SUBJECT_LENGTH))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    # The address of the One Login when it was last used, so that its person recognises it; it opens nothing.
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    linked_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class OneLoginSession(Base):
    """Which of our sessions was begun by which of One Login's, so that its sign-out ends them."""

    __tablename__ = "one_login_sessions"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("browser_sessions.id", ondelete="CASCADE"), primary_key=True)
    identity_id: Mapped[UUID] = mapped_column(ForeignKey("one_login_identities.id", ondelete="CASCADE"), index=True)
    # `sid` of the ID token (OpenID Connect Back-Channel Logout 1.0).
    upstream_sid: Mapped[str | None] = mapped_column(String(SUBJECT_LENGTH))
    begun_at: Mapped[datetime]
