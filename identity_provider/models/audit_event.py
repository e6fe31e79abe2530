"""Who did what to whose data, and when. Rows are only ever added, and sealed so that it shows when one was not."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class AuditEvent(Base):
    """One view or change. A trigger refuses to change it, and to delete it before six years are over."""

    __tablename__ = "audit_events"
    __table_args__ = (
        Index("ix_audit_events_subject", "subject_type", "subject_id", "at"),
        # What the console's search asks for: everything about somebody, or by somebody, newest first.
        Index("ix_audit_events_about", "subject_id", "at"),
        Index("ix_audit_events_by", "actor_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    at: Mapped[datetime] = mapped_column(index=True)
    # user | staff | client | system, and which one.
    actor_type: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(String(2000), default="")
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    request_id: Mapped[str] = mapped_column(String(40), default="")
    # When the database wrote it, by the database's own clock: what seals go by.
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp(), index=True)


class AuditSeal(Base):
    """A link of the chain over the audit: the events of one stretch of time, bound to all that was sealed before.

    `digest` is an HMAC-SHA256 under a key that the database does not hold: who can write to the database only cannot
    make a seal that fits. A trigger refuses to change or delete it.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (
        CheckConstraint("since < until", name="has_length"),
        CheckConstraint("number > 0", name="number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Events recorded from `since` on and before `until`; the next seal begins where this one ends.
    since: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(unique=True)
    events: Mapped[int]
    digest: Mapped[bytes]
