"""Approved changes that the DQT is to be told of, and a DQT in memory that fetches their evidence."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Flask

from identity_provider.adapters.memory_changes import MemoryChanges
from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.kit.evidence_files import signed_url
from identity_provider.models import ChangeReport, ChangeRequest
from identity_provider.ports import DetailsOnRecord
from identity_provider.services import change_reports, change_reviews
from tests.builders import NOW, a_staff_user
from tests.kit.changes import REVIEWER, a_change, asked_for
from tests.kit.outside import OutsideWorld

TRN = "1234567"
HELD = DetailsOnRecord("Kate", "", "Bush", date(1985, 3, 4))


def a_dqt(app: Flask, outside: OutsideWorld) -> MemoryChanges:
    """The keepers of the records, who have Kate's and fetch evidence from us."""

    def fetch(url: str) -> None:
        assert app.test_client().get(url.removeprefix("http://localhost")).status_code == 200

    outside.changes.records[TRN] = HELD
    outside.changes.fetch = fetch
    return outside.changes


def approved(**values: Any) -> ChangeRequest:
    """A change of name that a reviewer approved a moment ago."""
    change = a_change(asked_for("Kate", "Hall"), **{"trn": TRN, "last_name": "Bush", **values})
    with transaction():
        change_reviews.approve(change.id, staff=a_staff_user(*REVIEWER), now=NOW)
    return change


def report_of(change: ChangeRequest) -> ChangeReport:
    """What became of telling the DQT, as it stands now."""
    db.session.rollback()
    return db.session.get_one(ChangeReport, change.id, populate_existing=True)


def deliver(change: ChangeRequest, dqt: MemoryChanges, credentials: change_reports.Credentials = str) -> None:
    """What the job does, by a worker of its own."""

    def exhibit(report: ChangeReport, now: datetime) -> change_reports.Exhibit:
        assert report.evidence_id is not None
        return change_reports.Exhibit("certificate.png", signed_url(report.evidence_id, now=now))

    change_reports.deliver(change.id, dqt, credentials, exhibit, ports().clock.now())
