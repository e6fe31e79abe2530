"""Awards of a person, the codes by which they are shared, and who looked."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.awards import Qualification
from identity_provider.models.client import Client
from identity_provider.models.user import User


class Award(Base):
    """One qualification of one person, as the service that awarded it says. Withdrawn ones stay, and say so."""

    __tablename__ = "awards"
    __table_args__ = (
        # The service's own reference names one award of one person, whoever sends it again.
        Index("uq_awards_reference", "client_id", "provider_reference", unique=True),
        CheckConstraint("(withdrawn_at IS NULL) = (withdrawal_reason = '')", name="withdrawn_for_a_reason"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    # Whom the service named: when that identity is parted from the one it became part of, the award goes with it.
    recorded_for_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    provider_reference: Mapped[str] = mapped_column(String(100))
    qualification: Mapped[Qualification] = mapped_column(stored_by_value(Qualification))
    provider_name: Mapped[str] = mapped_column(String(200))
    awarded_on: Mapped[date]
    recorded_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawal_reason: Mapped[str] = mapped_column(String(200), default="")

    user: Mapped[User] = relationship(foreign_keys=[user_id])
    client: Mapped[Client] = relationship()
    codes: Mapped[list[AwardCode]] = relationship(back_populates="award", order_by="AwardCode.created_at.desc()")

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is not to be relied on any more."""
        return self.withdrawn_at is not None


class AwardCode(Base):
    """What the holder of an award gives to whoever wants to check it. Kept hashed; shown once."""

    __tablename__ = "award_codes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    award_id: Mapped[UUID] = mapped_column(ForeignKey("awards.id"), index=True)
    code_hmac: Mapped[bytes] = mapped_column(unique=True)
    # Whom the person made it for, in their own words.
    given_to: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    wrong_dates: Mapped[int] = mapped_column(default=0, server_default="0")
    # Too many wrong dates of birth were entered with it.
    locked_at: Mapped[datetime | None]

    award: Mapped[Award] = relationship(back_populates="codes")
    checks: Mapped[list[AwardCheck]] = relationship(back_populates="code", order_by="AwardCheck.at.desc()")

    def is_usable(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.locked_at is None and now < self.expires_at


class AwardCheck(Base):
    """One look at an award by somebody who knew its code and the holder's date of birth."""

    __tablename__ = "award_checks"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    code_id: Mapped[UUID] = mapped_column(ForeignKey("award_codes.id"), index=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    # Who they say they are, and why they ask; nobody has to say it.
    organisation: Mapped[str] = mapped_column(String(200), default="", server_default="")
    reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # Whether they were told that the award was withdrawn.
    told_withdrawn: Mapped[bool]
    at: Mapped[datetime]

    code: Mapped[AwardCode] = relationship(back_populates="checks")
