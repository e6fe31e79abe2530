"""The console tells how long everything is kept, and has what is due deleted."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import CodeChallenge
from identity_provider.services import retention, sign_in_codes
from support_console.retention.words import TABLES
from tests.builders import NOW
from tests.console.agents import an_agent, audited
from tests.webhooks.listeners import let_the_worker_work

WHERE = "/support/retention"


def test_every_rule_is_told_in_words(app: Flask, clock: ManualClock) -> None:
    assert {each.table for each in retention.due(clock.now())} == TABLES.keys()


def test_what_is_due_is_counted_and_deleted_by_the_worker(app: Flask, clock: ManualClock) -> None:
    clock.moment = NOW - timedelta(days=8)
    with transaction():
        sign_in_codes.challenge("sign_in", "anna@example.com", uuid4(), now=clock.now())
    clock.moment = NOW
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    page = admin.get(WHERE)
    assert "Codes that were sent 7 days 1" in " ".join(page.text.split())
    page = admin.submit("Delete what is due now")
    assert "The worker deletes what is due now" in page.text
    assert db.session.query(CodeChallenge).filter_by(address="anna@example.com").count() == 1
    let_the_worker_work()
    db.session.rollback()
    assert db.session.query(CodeChallenge).filter_by(address="anna@example.com").count() == 0
    assert len(audited("retention_asked_for")) == 1


def test_only_an_administrator_sees_it(app: Flask) -> None:
    assert an_agent(app, StaffRole.SERVICE_MANAGER).get(WHERE).status == 403
