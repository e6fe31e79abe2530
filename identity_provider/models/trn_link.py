"""The pointer from a user to a teaching record, with its history."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.domain.lookup import LookupReason, VerificationLevel

if TYPE_CHECKING:
    from identity_provider.models.user import User


class TrnLink(Base):
    """One period in which a user pointed at a TRN. At most one live link per TRN and per user."""

    __tablename__ = "trn_links"
    __table_args__ = (
        CheckConstraint("trn ~ '^[0-9]{7}$'", name="trn_is_seven_digits"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        Index("uq_trn_links_live_trn", "trn", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index("uq_trn_links_live_user", "user_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    trn: Mapped[str] = mapped_column(String(7), index=True)
    source: Mapped[LookupReason]
    level: Mapped[VerificationLevel]
    reason: Mapped[str] = mapped_column(String(2000), default="")
    linked_by: Mapped[str] = mapped_column(String(120))
    linked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(120))
    end_reason: Mapped[str | None] = mapped_column(String(2000))

    user: Mapped[User] = relationship(back_populates="links")
