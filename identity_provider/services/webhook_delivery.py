"""Sending messages to services: signed, tried again as the schedule says, every try written down."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.features import Feature
from identity_provider.domain.webhooks import next_try, rest_of
from identity_provider.models import (
    MessageState,
    WebhookAttempt,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from identity_provider.ports import ServiceCaller, ServiceRefused, ServiceReply, ServiceUnavailable
from identity_provider.queue import WEBHOOKS, defer
from identity_provider.services import features, webhooks
from identity_provider.vault import SealBroken, vault

log = structlog.get_logger("webhooks")

WAKE = "wake_webhooks"
"""The job that waits until an endpoint is to be tried again."""

BATCH = 20
"""No run of one endpoint keeps a worker's slot for longer than this many messages."""

# While a message is being sent it is not due; should the worker be killed meanwhile, it is again after this long.
_LEASE = timedelta(minutes=2)
_LATE = timedelta(minutes=1)
_TRY_ANOTHER_SECRET = frozenset({401, 403})
_ASKS_FOR_TIME = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message as it goes out, and the secrets that it may be signed with, the likeliest first."""

    message_id: UUID
    notification_id: UUID
    url: str
    body: bytes = field(repr=False)
    secrets: tuple[tuple[UUID, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tried:
    """One call: what came of it. Without a reply, `why` says what stood in the way."""

    secret_id: UUID
    duration_ms: int
    reply: ServiceReply | None
    why: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the service took the message: any 2xx."""
        return self.reply is not None and 200 <= self.reply.status < 300


def deliver_due(endpoint_id: UUID, caller: ServiceCaller, clock: Callable[[], datetime]) -> None:
    """Send what is due at one endpoint, oldest change first, until nothing is due or it does not answer.

    Nothing outside is called inside a transaction.
    """
    for _ in range(BATCH):
        with transaction():
            parcel = _next_parcel(endpoint_id, clock())
        if parcel is None:
            return
        tried = _send(parcel, caller, clock())
        with transaction():
            if not _write_down(parcel, tried, now=clock()):
                return
    with transaction():
        webhooks.wake(endpoint_id)


def endpoints_left_behind(now: datetime) -> Sequence[UUID]:
    """Endpoints with messages that should have been sent by now: whoever was to send them was killed."""
    due = WebhookMessage.next_attempt_at < now - _LATE
    found = select(WebhookMessage.endpoint_id).where(WebhookMessage.state == MessageState.WAITING, due).distinct()
    return db.session.scalars(
        found.join(WebhookEndpoint, WebhookEndpoint.id == WebhookMessage.endpoint_id).where(
            WebhookEndpoint.is_enabled,
            WebhookEndpoint.resting_until.is_(None) | (WebhookEndpoint.resting_until < now - _LATE),
        )
    ).all()


def signature(secret: str, body: bytes) -> str:
    """`X-Hub-Signature-256` as the existing service writes it: upper-case hex, no prefix."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().upper()


def timed_signature(secret: str, notification_id: UUID, at: datetime, body: bytes) -> str:
    """A signature that covers the moment of sending too, so that a receiver can refuse what is old."""
    seconds = int(at.timestamp())
    signed = f"{seconds}.{notification_id}.".encode() + body
    return f"t={seconds},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def _next_parcel(endpoint_id: UUID, now: datetime) -> Parcel | None:
    endpoint = db.session.get(WebhookEndpoint, endpoint_id, populate_existing=True)
    if endpoint is None or not endpoint.is_enabled or not endpoint.client.is_enabled:
        return None
    if not features.is_on(Feature.WEBHOOK_DELIVERY, endpoint.client):
        return None
    if endpoint.resting_until is not None and now < endpoint.resting_until:
        return None
    message = db.session.scalar(
        select(WebhookMessage)
        .where(
            WebhookMessage.endpoint_id == endpoint_id,
            WebhookMessage.state == MessageState.WAITING,
            WebhookMessage.next_attempt_at <= now,
        )
        .order_by(WebhookMessage.happened_at, WebhookMessage.id)
        .limit(1)
        .with_for_update(of=WebhookMessage, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if message is None:
        return None
    message.next_attempt_at = now + _LEASE
    secrets = tuple((each.id, vault.unseal(each.sealed, webhooks.SECRET)) for each in _live_secrets(endpoint, now))
    try:
        body = vault.unseal(message.body_sealed, webhooks.BODY).encode()
    except SealBroken:
        # Its key is gone: no try will ever send it, and what comes after it must not wait for that.
        log.error("webhook_message_unreadable", message_id=str(message.id))  # noqa: TRY400 -- the trace says nothing
        message.settle(MessageState.PARKED, now)
        return _next_parcel(endpoint_id, now)
    return Parcel(message.id, message.notification_id, endpoint.url, body, secrets)


def _live_secrets(endpoint: WebhookEndpoint, now: datetime) -> list[WebhookSecret]:
    """The one that the service took a message with last comes first; of two that were never tried, the older one."""
    live = [each for each in endpoint.secrets if each.expires_at is None or now < each.expires_at]
    tried = sorted((each for each in live if each.accepted_at), key=lambda each: each.accepted_at or now, reverse=True)
    return [*tried, *(each for each in live if each.accepted_at is None)]


def _send(parcel: Parcel, caller: ServiceCaller, now: datetime) -> list[Tried]:
    """Call the service; with the other live secret too when it does not know this one."""
    tried: list[Tried] = []
    for secret_id, secret in parcel.secrets:
        tried.append(_call(parcel, secret_id, secret, caller, now))
        reply = tried[-1].reply
        if reply is None or reply.status not in _TRY_ANOTHER_SECRET:
            break
    return tried


def _call(parcel: Parcel, secret_id: UUID, secret: str, caller: ServiceCaller, now: datetime) -> Tried:
    headers = {
        "X-TeacherIdentity-NotificationId": str(parcel.notification_id),
        "X-Hub-Signature-256": signature(secret, parcel.body),
        "X-Identity-Signature": timed_signature(secret, parcel.notification_id, now, parcel.body),
    }
    started = time.monotonic()
    reply, why = None, ""
    try:
        reply = caller.post_message(parcel.url, headers, parcel.body)
    except (ServiceUnavailable, ServiceRefused) as silence:
        why = str(silence) or type(silence).__name__
    return Tried(secret_id, round(1000 * (time.monotonic() - started)), reply, why)


def _write_down(parcel: Parcel, tried: Sequence[Tried], *, now: datetime) -> bool:
    """Keep what was tried and decide what comes next; False when the endpoint is to be left alone for now."""
    held: Any = {"of": WebhookMessage}
    message = db.session.get_one(WebhookMessage, parcel.message_id, with_for_update=held, populate_existing=True)
    for each in tried:
        _log(message, each, now)
    last = tried[-1]
    if message.state is not MessageState.WAITING:
        return True
    message.tries += 1
    if last.is_taken:
        message.settle(MessageState.DELIVERED, now)
        db.session.get_one(WebhookSecret, last.secret_id).accepted_at = now
        return True
    _try_later(message, now)
    return not _let_rest(message.endpoint, last, now)


def _log(message: WebhookMessage, tried: Tried, now: datetime) -> None:
    status = tried.reply.status if tried.reply else None
    db.session.add(
        WebhookAttempt(
            message_id=message.id,
            at=now,
            duration_ms=tried.duration_ms,
            status=status,
            outcome=("" if tried.reply else tried.why)[:200],
            excerpt=tried.reply.excerpt[:300] if tried.reply else "",
        )
    )


def _try_later(message: WebhookMessage, now: datetime) -> None:
    again_at = next_try(message.tries, now)
    if again_at is None:
        message.settle(MessageState.PARKED, now)
        return
    message.next_attempt_at = again_at
    _wake_at(message.endpoint_id, again_at, str(message.id))


def _let_rest(endpoint: WebhookEndpoint, last: Tried, now: datetime) -> bool:
    """Leave an endpoint alone that did not answer or asked for time, so that not every message waits for it in vain."""
    if last.reply is not None and last.reply.status not in _ASKS_FOR_TIME:
        return False
    endpoint.resting_until = now + rest_of(last.reply.retry_after_seconds if last.reply else None)
    _wake_at(endpoint.id, endpoint.resting_until, "rested")
    return True


def _wake_at(endpoint_id: UUID, at: datetime, why: str) -> None:
    # Not the delivering job itself: its lock would keep what comes meanwhile waiting for this moment.
    key = f"{WAKE}:{endpoint_id}:{why}"
    defer(WAKE, at=at, key=key, queue_name=WEBHOOKS, endpoint_id=str(endpoint_id))
