"""How often something was tried in a window of time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class RateCounter(Base):
    """One counter per key and window. UNLOGGED: a crash forgets counts, which harms nobody."""

    __tablename__ = "rate_counters"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 -- SQLAlchemy reads a plain dict

    # The HMAC of what is counted: the table holds no address of anybody.
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)
