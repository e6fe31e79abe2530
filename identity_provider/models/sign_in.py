"""When and how people proved who they are, for their own history: no address, no fingerprint of a device."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base

DEVICE_LENGTH = 40


class SignIn(Base):
    """One proof, for one service (empty: for the person's own account). Others that it was good for have rows too.

    A code that a service was given is a `Grant` for as long as anything may come of it; its row here is written when
    that one goes (services/sign_in_history.py), so that no sign-in has to write twice.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        Index("uq_sign_ins_proof", "session_id", "client_id", "authenticated_at", unique=True),
        Index("ix_sign_ins_user_id_at", "user_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    client_id: Mapped[str] = mapped_column(String(100), default="")
    # The browser session, whose row may be gone.
    session_id: Mapped[UUID]
    authenticated_at: Mapped[datetime]
    amr: Mapped[list[str]] = mapped_column(default=list)
    # Kind of browser and of device, as `Firefox/Windows`.
    device: Mapped[str] = mapped_column(String(DEVICE_LENGTH), default="")
    at: Mapped[datetime] = mapped_column(index=True)
