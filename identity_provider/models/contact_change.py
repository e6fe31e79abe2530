"""A change of how a person is reached, kept as long as whoever was reached before may take it back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.models.user import EMAIL_LENGTH, User


class Contact(StrEnum):
    """A way to reach a person."""

    EMAIL = "email"
    MOBILE = "mobile"


class ContactChange(Base):
    """What stood there before, and what was put in its place; empty where there was, or is, no mobile number.

    It is taken back at most once, by the link that the old contact got; then, or with an earlier change that is taken
    back, it is over.
    """

    __tablename__ = "contact_changes"
    __table_args__ = (
        CheckConstraint("contact IN ('email','mobile')", name="contact"),
        CheckConstraint("contact = 'mobile' OR (old_value <> '' AND new_value <> '')", name="always_an_address"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    contact: Mapped[str] = mapped_column(String(10))
    old_value: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    old_verified_at: Mapped[datetime | None]
    new_value: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    # The language that the person read when they made it.
    locale: Mapped[str] = mapped_column(String(5), default="en")
    changed_at: Mapped[datetime]
    reversible_until: Mapped[datetime]
    over_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")
