"""A TRN that is known to have become public, or to have been misused: stating it proves nothing any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base

SOURCE_LENGTH = 200


class LeakedTrn(Base):
    """One number of the list. It names no person; whoever it was taken off for stands in the audit."""

    __tablename__ = "leaked_trns"
    __table_args__ = (CheckConstraint("trn ~ '^[0-9]{7}$'", name="trn_is_seven_digits"),)

    trn: Mapped[str] = mapped_column(String(7), primary_key=True)
    # Where it became public, or who told us.
    source: Mapped[str] = mapped_column(String(SOURCE_LENGTH), index=True)
    reason: Mapped[str] = mapped_column(String(1000))
    # `staff:<id>` or `system:<name>`.
    added_by: Mapped[str] = mapped_column(String(120))
    added_at: Mapped[datetime] = mapped_column(index=True)
