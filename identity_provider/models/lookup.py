"""One run of the matcher for one person, stored with its outcome, reason and explanation."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base


class Lookup(Base):
    """What was asked, what came back and why. `unanswered` is no outcome of matching: no search took place."""

    __tablename__ = "lookups"
    __table_args__ = (
        CheckConstraint("outcome IN ('match','ambiguous','not_determinable','none','unanswered')", name="outcome"),
        CheckConstraint("(outcome = 'match') = (trn IS NOT NULL)", name="match_means_trn"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    journey_id: Mapped[UUID | None] = mapped_column(ForeignKey("journeys.id", ondelete="SET NULL"), index=True)
    # Where it was run: journey (silent), check_answers, sign_in, job, console.
    occasion: Mapped[str] = mapped_column(String(40))
    # The last question that had been answered when it was run, as its page is called; None outside a journey.
    question: Mapped[str | None] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(60))
    trn: Mapped[str | None] = mapped_column(String(7))
    policy: Mapped[str] = mapped_column(String(20))
    weights_version: Mapped[str] = mapped_column(String(40), default="")
    # The person's details as asked, encrypted. The explanation holds fields, levels and bits, and is for staff; its
    # sentences repeat what was asked and lie sealed beside it, by TRN; empty where an older lookup's were taken out.
    asked_encrypted: Mapped[bytes]
    explanation: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sentences_sealed: Mapped[bytes | None]
    # What the person had said beside their details when this decided something: what an empty answer rests on.
    said_sealed: Mapped[bytes | None]
    duration_ms: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
