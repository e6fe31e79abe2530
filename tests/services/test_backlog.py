"""What waits to be told to the outside world is counted for whoever watches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.webhooks import RETRY_AFTER
from identity_provider.kit.app import ports
from identity_provider.models import WebhookEndpoint
from identity_provider.ports import ServiceReply
from identity_provider.services import backlog, outbox, webhooks
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.kit.outside import OutsideWorld
from tests.services.test_evidence import sent
from tests.webhooks.listeners import an_endpoint, let_the_worker_work


@pytest.fixture(autouse=True)
def _present(app: Flask, clock: ManualClock) -> None:
    """What is to be tried later must not be due by the worker's clock."""
    clock.moment = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)  # however long the test takes


def measured(app: Flask) -> dict[tuple[str, str], float]:
    shown = app.test_client().get("/metrics")
    assert shown.status_code == 200
    return dict(_samples(shown.text))


def _samples(text: str) -> Iterator[tuple[tuple[str, str], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield (sample.name, sample.labels.get("kind", "")), sample.value


def a_message(endpoint: WebhookEndpoint) -> None:
    with transaction():
        webhooks.ping(endpoint, actor=SYSTEM, now=ports().clock.now())


def test_nothing_waits_and_that_is_said(app: Flask) -> None:
    now = measured(app)
    for kind in ("webhook", "outbox", "ticket", "evidence"):
        assert (now["backlog_waiting", kind], now["backlog_oldest_seconds", kind]) == (0, 0)
    assert now["webhooks_parked", ""] == 0


def test_what_waits_is_counted_with_the_age_of_the_oldest(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    endpoint = an_endpoint()
    a_message(endpoint)
    clock.advance(timedelta(minutes=5))
    a_message(endpoint)
    with transaction():
        outbox.post("unknown", "once", to="anna@example.com", now=clock.now())
    clock.advance(timedelta(minutes=1))
    now = measured(app)
    assert (now["backlog_waiting", "webhook"], now["backlog_oldest_seconds", "webhook"]) == (2, 360)
    assert (now["backlog_waiting", "outbox"], now["backlog_oldest_seconds", "outbox"]) == (1, 60)
    assert now["backlog_waiting", "ticket"] == 0


def test_files_that_wait_for_the_scanner_are_counted(app: Flask, outside: OutsideWorld, clock: ManualClock) -> None:
    sent(a_user(), outside)
    clock.advance(timedelta(minutes=7))
    now = measured(app)
    assert (now["backlog_waiting", "evidence"], now["backlog_oldest_seconds", "evidence"]) == (1, 420)


def test_what_was_sent_waits_no_more_and_what_was_given_up_is_parked(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    a_message(an_endpoint())
    outside.services.replies = [ServiceReply(500)] * 8
    for wait in (timedelta(), *RETRY_AFTER):
        clock.advance(wait)
        let_the_worker_work()
    now = measured(app)
    assert (now["backlog_waiting", "webhook"], now["webhooks_parked", ""]) == (0, 1)


def test_a_database_that_does_not_answer_leaves_the_other_measures(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(_: datetime) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(backlog, "backlogs", down)
    now = measured(app)
    assert not [name for name, _ in now if name.startswith("backlog")]
    assert [name for name, _ in now if name.startswith("http_requests")]
