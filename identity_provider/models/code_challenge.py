"""A proof that somebody reads the mail of an address: one challenge, its codes, and five tries in all."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base


class CodeChallenge(Base):
    """What was asked of whom, and how many tries are left for all the codes sent for it."""

    __tablename__ = "code_challenges"
    __table_args__ = (
        CheckConstraint("tries_left >= 0", name="tries_left"),
        Index("ix_code_challenges_created_at", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    purpose: Mapped[str] = mapped_column(String(40))
    # The address that the codes went to; and whom the challenge serves: a journey, a staff session, a case's link.
    address: Mapped[str] = mapped_column(String(320))
    subject_id: Mapped[UUID] = mapped_column(index=True)
    tries_left: Mapped[int] = mapped_column(default=5)
    created_at: Mapped[datetime]
    passed_at: Mapped[datetime | None]

    codes: Mapped[list[SentCode]] = relationship(back_populates="challenge", order_by="SentCode.counter")


class SentCode(Base):
    """One code as it was sent: valid for its own time, good once, stored as an HMAC."""

    __tablename__ = "sent_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    challenge_id: Mapped[UUID] = mapped_column(ForeignKey("code_challenges.id", ondelete="CASCADE"), index=True)
    # The HOTP counter (RFC 4226): the worker that writes the mail computes the code anew from it.
    counter: Mapped[int]
    code_hmac: Mapped[bytes]
    sent_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    challenge: Mapped[CodeChallenge] = relationship(back_populates="codes")
