"""Passkeys (WebAuthn Level 3) of people and of staff, and the challenges that prove that somebody holds one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.models.staff_user import StaffUser
from identity_provider.models.user import User


class Passkey(Base):
    """A public key whose other half somebody holds. It belongs to one person or one member of staff."""

    __tablename__ = "passkeys"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, staff_id) = 1", name="one_owner"),
        CheckConstraint("sign_count >= 0", name="sign_count"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    staff_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_users.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    # What the device knows the account by: random, the same for all passkeys of an account, never the `sub`.
    user_handle: Mapped[bytes]
    public_key: Mapped[bytes]
    # 32 bits without a sign, as devices send it; 0 from those that do not count.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    # Whether the key may be copied to other devices of the same person (a synchronised passkey).
    synchronised: Mapped[bool]
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="joined")
    staff: Mapped[StaffUser | None] = relationship(lazy="joined")


class PasskeyChallenge(Base):
    """What a device is asked to sign: once, in one browser, within minutes. It is deleted by its use."""

    __tablename__ = "passkey_challenges"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    challenge: Mapped[bytes] = mapped_column(unique=True)
    # What it is for, and the HMAC of the secret of the browser that asked.
    purpose: Mapped[str] = mapped_column(String(40))
    browser_hmac: Mapped[bytes]
    # Who adds a passkey, and what their device is to know the account by; None where nobody is known yet.
    owner_id: Mapped[UUID | None]
    user_handle: Mapped[bytes | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
