"""Which services a person came to us from: those are told of changes, and no other."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class ServiceUse(Base):
    """One person who has signed in to one service at least once. Written when a code is issued or an account made."""

    __tablename__ = "service_uses"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(100), primary_key=True, index=True)
    first_at: Mapped[datetime]
