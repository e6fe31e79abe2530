"""What we refused a relying service, so that its own team finds out why without asking us."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class ClientError(Base):
    """One kind of refusal: where, by which error, in which of our words; counted, so that a loop fills one row.

    Nothing that a person or a service sent stands in it. No foreign key: it would lock the client's row.
    """

    __tablename__ = "client_errors"

    client_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    place: Mapped[str] = mapped_column(String(60), primary_key=True)
    error: Mapped[str] = mapped_column(String(60), primary_key=True)
    description: Mapped[str] = mapped_column(String(300), primary_key=True)
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    # The reference that finds the newest one in the log.
    request_id: Mapped[str] = mapped_column(String(64), default="")
