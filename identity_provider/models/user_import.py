"""A file of people that a service team brings: checked row by row first, then run by somebody else."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from identity_provider.db import Base, stored_by_value
from identity_provider.domain.errors import IllegalMove

if TYPE_CHECKING:
    from identity_provider.models.client import Client


class UserImportState(StrEnum):
    """How far an import has come."""

    CHECKING = "checking"  # the dry run goes on; nothing is changed
    CHECKED = "checked"  # somebody else than the uploader decides
    RUNNING = "running"  # row by row; a killed worker goes on where it was
    STOPPED = "stopped"  # somebody stopped it; the rows that are done stay done
    DONE = "done"
    REJECTED = "rejected"  # nothing was changed, nor will be


class RowOutcome(StrEnum):
    """What becomes of one row."""

    CREATE = "create"
    LINK = "link"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    REFUSED = "refused"


_NEXT = {
    UserImportState.CHECKING: {UserImportState.CHECKED, UserImportState.REJECTED},
    UserImportState.CHECKED: {UserImportState.RUNNING, UserImportState.REJECTED},
    UserImportState.RUNNING: {UserImportState.STOPPED, UserImportState.DONE},
    UserImportState.STOPPED: {UserImportState.RUNNING},
    UserImportState.DONE: set[UserImportState](),
    UserImportState.REJECTED: set[UserImportState](),
}


class UserImport(Base):
    """One file. How many rows came to what stays for good; the rows themselves do not (services/retention.py)."""

    __tablename__ = "user_imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[UserImportState] = mapped_column(
        stored_by_value(UserImportState), default=UserImportState.CHECKING, index=True
    )
    rows_in_all: Mapped[int]
    uploaded_by_id: Mapped[UUID] = mapped_column(ForeignKey("staff_users.id"))
    uploaded_at: Mapped[datetime]
    decided_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str] = mapped_column(String(1000), default="")
    settled_at: Mapped[datetime | None] = mapped_column(index=True)
    # How many rows came to what, by outcome, once it is over.
    counts: Mapped[dict[str, int]] = mapped_column(default=dict)

    client: Mapped[Client] = relationship(lazy="joined")

    def move(self, state: UserImportState) -> None:
        """Go on to another state. Raises IllegalMove where its life does not allow that."""
        if state not in _NEXT[self.state]:
            raise IllegalMove(f"an import that is {self.state} is never {state} next")
        self.state = state


class UserImportRow(Base):
    """One line of the file. What it says of a person is sealed, and goes after a while."""

    __tablename__ = "user_import_rows"
    __table_args__ = (
        CheckConstraint("(outcome IS NULL) = (done_at IS NULL)", name="outcome_has_moment"),
        Index("ix_user_import_rows_to_plan", "import_id", "line", postgresql_where=text("planned IS NULL")),
        Index("ix_user_import_rows_to_run", "import_id", "line", postgresql_where=text("outcome IS NULL")),
    )

    import_id: Mapped[UUID] = mapped_column(ForeignKey("user_imports.id", ondelete="CASCADE"), primary_key=True)
    # Of the file, where the header is line 1.
    line: Mapped[int] = mapped_column(primary_key=True)
    content_sealed: Mapped[bytes]
    # By which the rows of a person are found who asks to be forgotten; None where no address could be read.
    email_hmac: Mapped[bytes | None] = mapped_column(index=True)
    planned: Mapped[RowOutcome | None] = mapped_column(stored_by_value(RowOutcome, "planned"))
    planned_note: Mapped[str] = mapped_column(String(300), default="")
    outcome: Mapped[RowOutcome | None] = mapped_column(stored_by_value(RowOutcome))
    note: Mapped[str] = mapped_column(String(300), default="")
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"), index=True)
    done_at: Mapped[datetime | None]
