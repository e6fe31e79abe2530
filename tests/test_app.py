"""The application is put together from its parts."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupStatus
from identity_provider.models import AuditEvent, User
from identity_provider.queue import defer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def a_row(**values: object) -> User:
    return User(email="a@example.com", first_name="A", last_name="B", created_at=NOW, updated_at=NOW, **values)


def test_the_database_refuses_found_without_a_trn(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="found_means_trn"), transaction():
        db.session.add(a_row(lookup_status=LookupStatus.FOUND, lookup_reason="matched"))


def test_the_database_refuses_a_reason_that_does_not_go_with_the_status(app: Flask) -> None:
    with pytest.raises(IntegrityError, match="status_and_reason_agree"), transaction():
        db.session.add(a_row(lookup_status=LookupStatus.NONE, lookup_reason="register_unavailable"))


def test_an_audit_row_can_not_be_changed(app: Flask) -> None:
    with transaction():
        db.session.add(
            AuditEvent(at=NOW, actor_type="system", actor_id="x", action="x", subject_type="user", subject_id="1")
        )
    with pytest.raises(ProgrammingError, match="kept for six years"):
        db.session.execute(text("DELETE FROM audit_events"))


def test_a_job_is_kept_or_forgotten_with_its_transaction(app: Flask) -> None:
    with suppress(ZeroDivisionError), transaction():
        defer("anything", thing="1")
        raise ZeroDivisionError
    with transaction():
        defer("anything", thing="2", key="two")
        defer("anything", thing="2", key="two")
    jobs = db.session.execute(text("SELECT args FROM procrastinate_jobs")).scalars().all()
    assert jobs == [{"thing": "2"}]
