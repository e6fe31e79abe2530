"""What a person allowed a service that others run, and whether they have taken it back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base
from identity_provider.models.client import Client


class Consent(Base):
    """One permission, remembered until it is withdrawn; at most one stands per person and service.

    First-party services have none: they are never asked for (design page oidc.md, "Protocol").
    """

    __tablename__ = "consents"
    __table_args__ = (
        Index(
            "uq_consents_standing",
            "user_id",
            "client_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    client_id: Mapped[str] = mapped_column(String(100), ForeignKey("clients.id"))
    # Everything allowed so far; a scope that is not among them is asked for anew (attack 34).
    scopes: Mapped[list[str]]
    # The authorization request that was being answered when the person said yes last: `prompt=consent` is satisfied
    # by a yes to that very request. The request's row may be cleaned away before this one.
    said_yes_to: Mapped[UUID]
    granted_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    client: Mapped[Client] = relationship(lazy="joined")
