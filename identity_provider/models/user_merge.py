"""Two identities that staff made one, and what it takes to part them again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base
from identity_provider.models.user import EMAIL_LENGTH


class UserMerge(Base):
    """One merge. It holds what the two were before, so that it can be undone while `undo_until` has not passed."""

    __tablename__ = "user_merges"
    __table_args__ = (
        CheckConstraint("survivor_id <> merged_id", name="two_identities"),
        CheckConstraint("(undone_at IS NULL) = (undone_by IS NULL)", name="undoing_has_actor"),
        # An identity is part of one other at most.
        Index("uq_user_merges_standing", "merged_id", unique=True, postgresql_where=text("undone_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    survivor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    merged_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    # The addresses before; and the links that ended with the merge and that it made, which an undo turns round.
    survivor_email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    merged_email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    survivor_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("trn_links.id", ondelete="SET NULL"))
    merged_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("trn_links.id", ondelete="SET NULL"))
    made_link_id: Mapped[UUID | None] = mapped_column(ForeignKey("trn_links.id", ondelete="SET NULL"))
    # When the survivor's own address had been proved, if ever; the services that came with the merge; what it had
    # stated otherwise before it took over statements; and the case that it took over.
    survivor_email_verified_at: Mapped[datetime | None]
    client_ids_added: Mapped[list[str]] = mapped_column(default=list, server_default="{}")
    carried: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    moved_case_id: Mapped[UUID | None] = mapped_column(ForeignKey("support_tickets.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(2000))
    merged_by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(String(120))
