"""The register's replica: which imports there were, and which generation of it is searched.

The records themselves lie in tables of their own per generation (register_layout.py).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from identity_provider.db import Base, stored_by_value


class ImportState(StrEnum):
    """How far an import came."""

    LOADING = "loading"  # batches of the file are being read; may be resumed
    BUILDING = "building"  # every row is in; sorting, indexes; may be resumed
    CURRENT = "current"  # searched by every lookup
    REPLACED = "replaced"  # was current until a newer one was
    REFUSED = "refused"  # read to its end and found unfit to be searched
    ABANDONED = "abandoned"  # given up for another file


class RegisterImport(Base):
    """One file on its way to become the register. Its id is the number of its generation."""

    __tablename__ = "register_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    file_name: Mapped[str] = mapped_column(String(255))
    file_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[ImportState] = mapped_column(stored_by_value(ImportState), index=True)
    reason: Mapped[str] = mapped_column(String(500), server_default="")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class RegisterBatch(Base):
    """A stretch of the file whose records are in: written in the same transaction, so never twice nor half."""

    __tablename__ = "register_batches"

    import_id: Mapped[int] = mapped_column(ForeignKey("register_imports.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    rows_in: Mapped[int]
    rows_rejected: Mapped[int]


class RegisterReject(Base):
    """A line of the file that is no record, and why. The line itself is not kept: it is about a person."""

    __tablename__ = "register_rejects"

    import_id: Mapped[int] = mapped_column(ForeignKey("register_imports.id", ondelete="CASCADE"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(200))


class RegisterGeneration(Base):
    """A complete generation. Lookups search the current one; where none is, the register does not answer."""

    __tablename__ = "register_generations"
    __table_args__ = (
        CheckConstraint("records >= 0", name="records"),
        Index("uq_register_generations_current", "current", unique=True, postgresql_where=text("current")),
    )

    number: Mapped[int] = mapped_column(ForeignKey("register_imports.id"), primary_key=True, autoincrement=False)
    records: Mapped[int]
    current: Mapped[bool]
    # The KEYS_VERSION of the code that made its keys (register_layout.py).
    keys_version: Mapped[int] = mapped_column(server_default="0")
    switched_at: Mapped[datetime]
