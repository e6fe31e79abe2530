"""What an identity provider verified of a person and told us."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class IdentityCheck(Base):
    """One report. What was verified is sealed; `differs` names the details in which it contradicts ours."""

    __tablename__ = "identity_checks"
    __table_args__ = (
        Index("ix_identity_checks_user", "user_id", "at"),
        Index(
            "uq_identity_checks_reference",
            "client_id",
            "reference_hmac",
            unique=True,
            postgresql_where=text("reference_hmac IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    # The service that reported it; None for what GOV.UK One Login told us itself.
    client_id: Mapped[str | None] = mapped_column(ForeignKey("clients.id"))
    provider: Mapped[str] = mapped_column(String(200))
    document_kind: Mapped[str] = mapped_column(String(60))
    checked_on: Mapped[date]
    verified_sealed: Mapped[bytes]
    differs: Mapped[list[str]] = mapped_column(default=list)
    at: Mapped[datetime]
    # What the provider calls its report, as a keyed hash: the same one is kept once.
    reference_hmac: Mapped[bytes | None]
    # What became of a report that confirms: once the register was asked, whether it made a record of theirs surer.
    weighed_at: Mapped[datetime | None]
    led_to: Mapped[str] = mapped_column(String(40), default="", server_default="")
