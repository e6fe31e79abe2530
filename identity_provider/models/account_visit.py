"""The service that a person came to their own account from, and wants to go back to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class AccountVisit(Base):
    """One for a browser, known by the hash of its cookie; says nothing of who sits there."""

    __tablename__ = "account_visits"
    __table_args__ = (Index("ix_account_visits_expires_at", "expires_at"),)

    browser_hmac: Mapped[bytes] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(100))
    back_uri: Mapped[str] = mapped_column(String(2000))
    sign_out_uri: Mapped[str] = mapped_column(String(2000), default="")
    expires_at: Mapped[datetime]
