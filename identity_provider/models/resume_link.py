"""The link in the email that tells a person that their case is solved."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.models.support_ticket import SupportTicket


class ResumeLink(Base):
    """Single use, expires, and never signs anyone in by itself: a fresh code does (domain.md, "Resume")."""

    __tablename__ = "resume_links"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("support_tickets.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    ticket: Mapped[SupportTicket] = relationship(lazy="joined")
