"""The subject by which the services of one sector know a person (OpenID Connect Core 8.1)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class PairwiseSubject(Base):
    """Made at random when it is first needed, and kept: it tells nothing and no change of a secret changes it."""

    __tablename__ = "pairwise_subjects"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    sector_identifier: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[UUID] = mapped_column(unique=True)
    created_at: Mapped[datetime]
