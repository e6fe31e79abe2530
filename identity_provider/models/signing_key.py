"""The keys that sign tokens, shared by every worker of every machine."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.errors import IllegalMove


class KeyState(StrEnum):
    """The life of a key: published before it signs, published after it signed, then gone."""

    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"
    REMOVED = "removed"


_NEXT = {
    KeyState.PENDING: KeyState.ACTIVE,
    KeyState.ACTIVE: KeyState.RETIRED,
    KeyState.RETIRED: KeyState.REMOVED,
}


class SigningKey(Base):
    """One key pair. The private half is sealed, and wiped when the key is removed."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint("(state = 'removed') = (private_sealed IS NULL)", name="removed_has_no_private_key"),
        Index(
            "uq_signing_keys_active_algorithm",
            "algorithm",
            unique=True,
            postgresql_where=text("state = 'active'"),
        ),
    )

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    algorithm: Mapped[str] = mapped_column(String(10))
    state: Mapped[KeyState] = mapped_column(stored_by_value(KeyState), default=KeyState.PENDING)
    public_jwk: Mapped[dict[str, Any]]
    private_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]

    def move_on(self, now: datetime) -> None:
        """Take the next step of a key's life. Raises IllegalMove when there is none."""
        if self.state not in _NEXT:
            raise IllegalMove(f"a {self.state} key has no next state")
        self.state = _NEXT[self.state]
        match self.state:
            case KeyState.ACTIVE:
                self.activated_at = now
            case KeyState.RETIRED:
                self.retired_at = now
            case _:
                self.removed_at = now
                self.private_sealed = None
