"""A file that somebody sent to show that what they say of themselves is true."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.evidence import EvidenceState
from identity_provider.vault import vault

NAME = "evidence-name"


class Evidence(Base):
    """What is known of one file. The file itself lies sealed in the store, under `storage_key`.

    It waits for the scanner, is then clean or infected, and in the end gone. An infected one and one that is gone are
    shown to nobody from that moment on; `deleted_at` says when the store had forgotten it, too.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("media_type IN ('image/jpeg', 'image/png', 'application/pdf')", name="known_media_type"),
        CheckConstraint("size > 0 AND pages > 0", name="has_something"),
        CheckConstraint("state NOT IN ('waiting', 'clean') OR deleted_at IS NULL", name="deleted_means_over"),
        CheckConstraint("state <> 'clean' OR judged_at IS NOT NULL", name="clean_means_judged"),
        Index("ix_evidence_user", "user_id", "received_at"),
        Index("ix_evidence_waiting", "received_at", postgresql_where=text("state = 'waiting'")),
        Index("ix_evidence_delete_after", "delete_after", postgresql_where=text("deleted_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    state: Mapped[EvidenceState] = mapped_column(default=EvidenceState.WAITING)
    # Of the cleaned file, as are size (bytes), pages and digest.
    media_type: Mapped[str] = mapped_column(String(40))
    # What the person called it, fit to be shown; None once the file is gone.
    name_sealed: Mapped[bytes | None]
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[bytes | None]
    storage_key: Mapped[str] = mapped_column(String(80), unique=True)
    received_at: Mapped[datetime]
    judged_at: Mapped[datetime | None]
    delete_after: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    @property
    def original_name(self) -> str:
        """What the person called the file, without what could do harm; empty once it is gone."""
        return vault.unseal(self.name_sealed, NAME) if self.name_sealed is not None else ""

    @property
    def is_shown(self) -> bool:
        """Whether a reviewer may see it."""
        return self.state is EvidenceState.CLEAN

    def judge(self, state: EvidenceState, now: datetime) -> None:
        """The scanner has spoken. Raises IllegalMove when it had before, or the file is gone."""
        if self.state is not EvidenceState.WAITING or state not in {EvidenceState.CLEAN, EvidenceState.INFECTED}:
            raise IllegalMove(f"{self.state.value} evidence cannot become {state.value}")
        self.state, self.judged_at = state, now
        if state is EvidenceState.INFECTED:
            self.delete_after = now
            self._forget()

    def end(self, now: datetime) -> None:
        """Nobody sees it from now on. What was infected stays known as infected."""
        self.delete_after = min(self.delete_after, now)
        if self.state is not EvidenceState.INFECTED:
            self.state = EvidenceState.GONE
        self._forget()

    def _forget(self) -> None:
        self.name_sealed = self.sha256 = None
