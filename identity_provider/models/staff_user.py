"""A member of staff who may enter the support console."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base
from identity_provider.domain.access import Permission, StaffRole, permissions_of


class StaffUser(Base):
    """Staff are not users: another table, another sign-in, another cookie."""

    __tablename__ = "staff_users"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str] = mapped_column(String(320), unique=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    roles: Mapped[list[str]] = mapped_column(default=list)
    totp_secret_encrypted: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    # The last time step accepted: a TOTP code is good once (RFC 6238 section 5.2).
    totp_last_step: Mapped[int | None]
    # Handed over by an administrator, and needed beside the mailbox to set up the first authenticator app; and the
    # HMAC of the browser that has shown it.
    enrolment_code_hmac: Mapped[bytes | None]
    enrolment_code_expires_at: Mapped[datetime | None]
    enrolment_browser_hmac: Mapped[bytes | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_signed_in_at: Mapped[datetime | None]

    @property
    def permissions(self) -> frozenset[Permission]:
        """All that this person may do; nothing once disabled."""
        if self.disabled_at is not None:
            return frozenset()
        return permissions_of(frozenset(StaffRole(role) for role in self.roles))

    @property
    def display_name(self) -> str:
        """How colleagues see this person."""
        return self.name or self.email
