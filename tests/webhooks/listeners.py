"""Services that hear of changes, and the worker that tells them."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, text

from identity_provider.cli.worker import run
from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.models import SUBSCRIBABLE, Client, MessageState, User, WebhookEndpoint, WebhookMessage
from identity_provider.services import service_uses, webhooks
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client

URL = "https://npq.example.org/api/v1/get_an_identity/webhook_messages"
SECRET = "a-secret-of-the-service"


def an_endpoint(
    client: Client | None = None, types: Sequence[str] = SUBSCRIBABLE, url: str = URL, secret: str = SECRET
) -> WebhookEndpoint:
    """Where a service hears of changes."""
    with transaction():
        now = ports().clock.now()
        endpoint, _ = webhooks.add(client or a_client(), url, types, actor=SYSTEM, now=now, secret=secret)
    return endpoint


def signed_in_to(user: User, *endpoints: WebhookEndpoint) -> User:
    """The person has signed in to the services of these endpoints."""
    with transaction():
        for each in endpoints:
            service_uses.note(user.id, each.client_id, now=ports().clock.now())
    return user


def messages(endpoint: WebhookEndpoint | None = None) -> list[WebhookMessage]:
    """What was written, oldest first."""
    db.session.rollback()
    found = select(WebhookMessage).order_by(WebhookMessage.created_at).execution_options(populate_existing=True)
    return list(db.session.scalars(found if endpoint is None else found.where(_of(endpoint))))


def states(endpoint: WebhookEndpoint | None = None) -> list[MessageState]:
    """Where the messages stand."""
    return [each.state for each in messages(endpoint)]


def let_the_worker_work() -> None:
    """Run every job that is due by the test's clock, which must not be behind the worker's own where jobs wait."""
    due = "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND scheduled_at <= :now"
    now = ports().clock.now()
    _in_transaction(due, now=now)
    # A worker that stops when it has caught up does not see what its last job led to.
    while _in_transaction(
        "SELECT FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
    ):
        run(until_idle=True)


def _in_transaction(statement: str, **values: Any) -> int:
    db.session.remove()
    with transaction():
        rows: int = db.session.execute(text(statement), values).rowcount  # type: ignore[attr-defined]  # a CursorResult
    db.session.remove()
    return rows


def read(sent: tuple[str, dict[str, str], bytes], secret: str = SECRET) -> dict[str, Any]:
    """A message as a service reads it: its signature is checked as NPQ does, and the envelope taken apart."""
    _, headers, body = sent
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(headers["X-Hub-Signature-256"].lower(), expected)
    envelope: dict[str, Any] = json.loads(body)
    assert list(envelope) == ["notificationId", "timeUtc", "messageType", "message"]
    assert headers["X-TeacherIdentity-NotificationId"] == envelope["notificationId"]
    return envelope


def _of(endpoint: WebhookEndpoint) -> Any:
    return WebhookMessage.endpoint_id == endpoint.id
