"""A feature that somebody switched on or off, for everybody or for one service."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class FeatureSwitch(Base):
    """How one feature stands. Without a row it stands as its default says.

    The name is kept as text, not as a closed set: a release that no longer knows a feature must still start.
    """

    __tablename__ = "feature_switches"

    feature: Mapped[str] = mapped_column(String(60), primary_key=True)
    # Empty: for every service without a row of its own.
    client_id: Mapped[str] = mapped_column(String(100), primary_key=True, default="")
    is_on: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(1000))
    # `staff:<id>` or `system:<name>`.
    changed_by: Mapped[str] = mapped_column(String(120))
    changed_at: Mapped[datetime]
