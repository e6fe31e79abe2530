"""What claims to be Zendesk's webhook: taken when it is signed, fresh and new, and believed in nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import ManualClock, MemoryDesk
from identity_provider.db import db
from identity_provider.models import AuditEvent, CaseStatus, TicketComment
from identity_provider.sandbox.zendesk_desk import Comment, Ticket
from identity_provider.sandbox.zendesk_webhooks import Webhook, event
from identity_provider.services import rate_limits
from tests.builders import NOW
from tests.console.agents import anew
from tests.journeys.travel import count_of
from tests.services.test_desk_news import a_case_with_ticket, number_of
from tests.test_jobs import work

SECRET = "dGhpcy1pcy1hLXNlY3JldC1vZi10ZXN0cw=="
PATH = "/zendesk/webhook"


@pytest.fixture
def webhook(app: Flask) -> Iterator[None]:
    """The address is there for as long as a secret is set."""
    with settings_with(app, SECRET):
        yield


class settings_with:  # noqa: N801 -- reads as a function
    """Other secrets for a while."""

    def __init__(self, app: Flask, *secrets: str) -> None:
        self.app, self.secrets, self.before = app, secrets, app.extensions["settings"]

    def __enter__(self) -> None:
        values = {name: getattr(self.before, name) for name in self.before.__dataclass_fields__}
        self.app.extensions["settings"] = type(self.before)(**values | {"zendesk_webhook_secret": self.secrets})

    def __exit__(self, *_: object) -> None:
        self.app.extensions["settings"] = self.before


def signed(
    body: bytes, at: datetime = NOW, secret: str = SECRET, changed: dict[str, str] | None = None
) -> dict[str, str]:
    """The headers of a message, written out here as the documentation has them."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = base64.b64encode(hmac.new(secret.encode(), stamp.encode() + body, hashlib.sha256).digest()).decode()
    headers = {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
    return headers | {"Content-Type": "application/json"} | (changed or {})


def post(client: FlaskClient, body: bytes, headers: dict[str, str] | None = None) -> TestResponse:
    return client.post(PATH, data=body, headers=headers if headers is not None else signed(body))


def about(number: object, **more: Any) -> bytes:
    """A body that a trigger writes; no two are alike."""
    return json.dumps({"ticket_id": number, "nonce": str(uuid4())} | more).encode()


def waiting() -> list[str]:
    db.session.rollback()
    found = (
        "SELECT args ->> 'ticket_number' FROM procrastinate_jobs WHERE task_name = 'read_ticket' AND status = 'todo'"
    )
    return list(db.session.scalars(text(found)))


def test_without_a_secret_there_is_no_such_address(app: Flask, client: FlaskClient) -> None:
    body = about(1)
    assert post(client, body).status_code == 404
    assert post(client, body, signed(body, secret="")).status_code == 404


def test_a_signed_message_has_the_ticket_read_in_a_job_and_not_in_the_request(
    webhook: None, client: FlaskClient, desk: MemoryDesk
) -> None:
    case = a_case_with_ticket(desk)
    desk.set_status(number_of(case), "solved")
    desk.write(number_of(case), "It is **1234567**")
    desk.down = True
    assert post(client, about(number_of(case))).status_code == 204
    assert waiting() == [str(number_of(case))]
    desk.down = False
    work()
    assert anew(case).zendesk_closed_at == NOW
    assert anew(case).status is CaseStatus.OPEN
    assert count_of(TicketComment) == 1


def test_what_zendesks_own_events_look_like_is_understood(webhook: None, client: FlaskClient, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    ticket = Ticket(number_of(case), "A request", 2, 1, "2026-03-02T09:00:00Z", "2026-03-02T09:00:00Z")
    ticket.comments.append(Comment(5, 1, "It is **1234567**", public=False, created_at="2026-03-02T09:00:00Z"))
    body = json.dumps(event(ticket, "comment_added")).encode()
    assert client.post(PATH, data=body, headers=Webhook("", SECRET).headers(body, NOW)).status_code == 204
    assert waiting() == [str(number_of(case))]


@pytest.mark.parametrize("fault", ["signature", "secret", "body", "time", "none", "nonsense"])
def test_what_zendesk_did_not_sign_is_refused(webhook: None, client: FlaskClient, desk: MemoryDesk, fault: str) -> None:
    body = about(number_of(a_case_with_ticket(desk)))
    headers = {
        "signature": signed(body, changed={"X-Zendesk-Webhook-Signature": base64.b64encode(bytes(32)).decode()}),
        "secret": signed(body, secret="another"),
        "body": signed(body + b" "),
        "time": signed(body, changed={"X-Zendesk-Webhook-Signature-Timestamp": "2026-03-02T09:00:01Z"}),
        "none": {"Content-Type": "application/json"},
        "nonsense": signed(
            body, changed={"X-Zendesk-Webhook-Signature": "ÿ", "X-Zendesk-Webhook-Signature-Timestamp": "ÿ"}
        ),
    }
    assert post(client, body, headers[fault]).status_code == 403
    assert waiting() == []


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_message_of_another_time_is_refused(
    webhook: None, client: FlaskClient, desk: MemoryDesk, seconds: int
) -> None:
    body = about(number_of(a_case_with_ticket(desk)))
    assert post(client, body, signed(body, NOW + timedelta(seconds=seconds))).status_code == 403
    assert waiting() == []
    nearly = NOW + timedelta(seconds=seconds - (1 if seconds > 0 else -1))
    assert post(client, body, signed(body, nearly)).status_code == 204


@pytest.mark.parametrize("stamp", ["2026-03-02T09:00:00", "now", "", "1772442000", "2026-03-02"])
def test_a_time_that_names_no_moment_is_refused(webhook: None, client: FlaskClient, stamp: str) -> None:
    body = about(1)
    signature = base64.b64encode(hmac.new(SECRET.encode(), stamp.encode() + body, hashlib.sha256).digest()).decode()
    headers = {"X-Zendesk-Webhook-Signature": signature, "X-Zendesk-Webhook-Signature-Timestamp": stamp}
    assert post(client, body, headers).status_code == 403


def test_a_message_that_comes_again_is_refused(
    webhook: None, client: FlaskClient, desk: MemoryDesk, clock: ManualClock
) -> None:
    case = a_case_with_ticket(desk)
    body = about(number_of(case))
    headers = signed(body)
    assert post(client, body, headers).status_code == 204
    work()
    clock.advance(timedelta(minutes=4))
    assert post(client, body, headers).status_code == 403
    assert waiting() == []


def test_ten_messages_about_one_ticket_have_it_read_once(webhook: None, client: FlaskClient, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    for _ in range(10):
        assert post(client, about(number_of(case))).status_code == 204
    assert waiting() == [str(number_of(case))]


@pytest.mark.parametrize(
    "body",
    [
        about(999),
        about("1 OR 1=1"),
        about(-1),
        about(2**31),
        about("9" * 5000),
        about([1]),
        about("１"),
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"ticket_id": true}',
        b"[" * 100_000,
        json.dumps({"subject": "zen:user:1", "type": "zen:event-type:user.created", "detail": {"id": "1"}}).encode(),
    ],
    ids=range(14),  # the bodies differ each time
)
def test_what_speaks_of_no_ticket_of_ours_is_taken_and_leads_to_nothing(
    webhook: None, client: FlaskClient, desk: MemoryDesk, body: bytes
) -> None:
    a_case_with_ticket(desk)
    assert post(client, body).status_code == 204
    assert waiting() == []


def test_a_secret_is_changed_without_losing_a_message(app: Flask, client: FlaskClient) -> None:
    with settings_with(app, "the-new-one", SECRET):
        for secret in ("the-new-one", SECRET):
            body = about(1)
            assert post(client, body, signed(body, secret=secret)).status_code == 204


def test_refusals_are_limited_and_hold_up_no_good_message(webhook: None, client: FlaskClient) -> None:
    for _ in range(rate_limits.WEBHOOK_REFUSALS_PER_IP.count):
        assert post(client, b"{}", {}).status_code == 403
    assert post(client, b"{}", {}).status_code == 429
    assert count_of(AuditEvent, AuditEvent.action == "limit_reached") == 1
    assert post(client, about(1)).status_code == 204
