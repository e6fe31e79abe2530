"""The database: the declarative base, the session, and transaction(), the only place that commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Date, DateTime, Dialect, Enum, MetaData, String, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.types import TypeDecorator

from identity_provider.domain.access import MatchPolicy, StaffRole, TrnRequirement
from identity_provider.domain.evidence import EvidenceState
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.domain.prohibitions import Standing


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in time. Refuses a naive datetime, which would mean a different moment on each machine."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.tzinfo is None:
            raise ValueError("a datetime without a time zone is not a moment")
        return value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)


def stored_by_value(enum: type[StrEnum], name: str = "") -> Enum:
    """The column type of a closed set of words: stored as the words themselves, checked by the database.

    A second column of one table with the same words gives its check a `name` of its own.
    """
    return Enum(
        enum,
        native_enum=False,
        length=40,
        create_constraint=True,
        name=name or enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
        validate_strings=True,
    )


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

TYPES: dict[Any, Any] = {
    str: String(),
    UUID: Uuid(),
    datetime: UtcDateTime(),
    date: Date(),
    list[str]: ARRAY(String()),
    dict[str, Any]: JSONB(),
    dict[str, int]: JSONB(),
    list[dict[str, Any]]: JSONB(),
} | {
    enum: stored_by_value(enum)
    for enum in (
        *(LookupStatus, LookupReason, VerificationLevel, StaffRole, TrnRequirement, MatchPolicy, Standing),
        EvidenceState,
    )
}


class Base(DeclarativeBase):
    """The base of every table."""

    registry = registry(metadata=MetaData(naming_convention=NAMING), type_annotation_map=TYPES)


db = SQLAlchemy(model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False})


@contextmanager
def transaction() -> Iterator[Session]:
    """Commit what the block did, or nothing of it. The only commit in the code.

    May be nested: the outermost block commits.
    """
    session: Session = db.session()
    if session.info.get("in_transaction"):
        yield session
        return
    session.info["in_transaction"] = True
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["in_transaction"] = False
