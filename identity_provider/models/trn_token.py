"""A token by which a service vouches for whose record an email address is (domain.md, "TRN token")."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class TrnToken(Base):
    """One pair of address and TRN. The token itself is kept as an HMAC; it is good once, and until it expires."""

    __tablename__ = "trn_tokens"
    __table_args__ = (
        CheckConstraint("trn ~ '^[0-9]{7}$'", name="trn_is_seven_digits"),
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("(used_at IS NULL) = (used_by_id IS NULL)", name="use_has_user"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revocation_has_actor"),
        Index("ix_trn_tokens_created_at", "created_at"),
        Index("ix_trn_tokens_email", "email"),
        Index("ix_trn_tokens_trn", "trn"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    token_hmac: Mapped[bytes] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(String(320))
    trn: Mapped[str] = mapped_column(String(7))
    # `client:<id>` or `staff:<id>`.
    made_by: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    used_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    revoked_at: Mapped[datetime | None]
    # `staff:<id>`; why stands in the audit.
    revoked_by: Mapped[str | None] = mapped_column(String(120))

    def is_good(self, now: datetime) -> bool:
        """Whether it may still be used."""
        return self.used_at is None and self.revoked_at is None and now < self.expires_at
