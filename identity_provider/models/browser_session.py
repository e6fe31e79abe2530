"""A browser that is known to us, signed in or not."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.models.sign_in import DEVICE_LENGTH
from identity_provider.models.staff_user import StaffUser
from identity_provider.models.user import User


class BrowserSession(Base):
    """The server's side of a session cookie: the cookie's secret is kept as an HMAC only.

    `id` never leaves us: each relying service knows the session by a name of its own (`subjects.session_name`). The
    cookie's secret is made anew at every change of privilege (OWASP ASVS 3.2.1); `id` stays.
    """

    __tablename__ = "browser_sessions"
    __table_args__ = (
        CheckConstraint("user_id IS NULL OR staff_id IS NULL", name="one_kind_of_person"),
        CheckConstraint(
            "(user_id IS NULL AND staff_id IS NULL) OR authenticated_at IS NOT NULL",
            name="signed_in_has_time",
        ),
        Index("ix_browser_sessions_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    secret_hmac: Mapped[bytes] = mapped_column(unique=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    authenticated_at: Mapped[datetime | None]
    amr: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # Kind of browser and of device, as `Firefox/Windows`: enough to know one's own again, no fingerprint.
    device: Mapped[str] = mapped_column(String(DEVICE_LENGTH), default="", server_default="")

    user: Mapped[User | None] = relationship(lazy="joined")
    staff: Mapped[StaffUser | None] = relationship(lazy="joined")
