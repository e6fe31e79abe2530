"""The machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The time of day, in UTC."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(UTC)
