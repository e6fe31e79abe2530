"""Telling services of changes: where they hear of them, and the messages, written with the change itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from identity_provider.db import db
from identity_provider.domain.errors import IdentityError, IllegalMove
from identity_provider.models import (
    SUBSCRIBABLE,
    Client,
    MessageState,
    MessageType,
    ServiceUse,
    User,
    WebhookEndpoint,
    WebhookMessage,
    WebhookSecret,
)
from identity_provider.queue import WEBHOOKS, defer
from identity_provider.services import audit, clients, person_json, service_uses, subjects
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.user_changes import Change, changes_of
from identity_provider.vault import new_secret, vault

DELIVER = "deliver_webhooks"
"""The job that sends what is due at one endpoint: one at a time for each, so that a slow one keeps nobody waiting."""

BODY = "webhook_body"
SECRET = "webhook_secret"
# A service changes over within this time; then the secret before the newest one is not tried any more.
OLD_SECRET_LIVES = timedelta(days=30)
_NEVER = datetime.min.replace(tzinfo=UTC)
SHORTEST_SECRET = 16


class EndpointRefused(IdentityError):
    """What was asked for an endpoint is not possible; the message begins with the name of the field."""


def add(
    client: Client, url: str, types: Sequence[str], *, actor: Actor, now: datetime, secret: str | None = None
) -> tuple[WebhookEndpoint, str]:
    """Let a service hear of changes; returns the endpoint with its secret, which is shown once. Raises EndpointRefused.

    `secret` is one that the service has already, as when it moves to us with one that it cannot change soon.
    """
    _check(url, types)
    if client.first_party is False:  # None: a row that is not written yet has its default, which is True
        raise EndpointRefused("service: messages hold every detail of a person, so only services of our own hear them")
    known = select(WebhookEndpoint.id).where(WebhookEndpoint.client_id == client.id, WebhookEndpoint.url == url)
    if db.session.scalar(known.limit(1)) is not None:
        raise EndpointRefused("url: this service hears at this address already")
    endpoint = WebhookEndpoint(
        client_id=client.id, url=url, message_types=_in_order(types), created_at=now, updated_at=now
    )
    endpoint.client = client
    shown = _add_secret(endpoint, secret, now)
    db.session.add(endpoint)
    db.session.flush()
    audit.record("webhook_added", _subject(endpoint), actor=actor, now=now, change=({}, _facts(endpoint)))
    return endpoint, shown


def change(
    endpoint: WebhookEndpoint, *, url: str, types: Sequence[str], enabled: bool, actor: Actor, now: datetime
) -> None:
    """Change where, of what, and whether a service hears. What waits is sent to the new address.

    Raises EndpointRefused.
    """
    _check(url, types)
    before = _facts(endpoint)
    endpoint.url, endpoint.message_types, endpoint.is_enabled = url, _in_order(types), enabled
    endpoint.resting_until = None
    endpoint.updated_at = now
    audit.record("webhook_changed", _subject(endpoint), actor=actor, now=now, change=(before, _facts(endpoint)))
    wake(endpoint.id)


def rotate_secret(endpoint: WebhookEndpoint, *, actor: Actor, now: datetime) -> str:
    """Give an endpoint a new secret; returns it, once. Both are tried until the service took one with the new one.

    Of two live ones the one stays that the service took last: how often a secret is made anew, it is never without one
    that it knows.
    """
    by_use = sorted(endpoint.secrets, key=lambda each: each.accepted_at or _NEVER)
    for old in by_use[:-1]:
        endpoint.secrets.remove(old)
    for previous in by_use[-1:]:
        previous.expires_at = now + OLD_SECRET_LIVES
    audit.record("webhook_secret_rotated", _subject(endpoint), actor=actor, now=now)
    return _add_secret(endpoint, None, now)


def ping(endpoint: WebhookEndpoint, *, actor: Actor, now: datetime) -> WebhookMessage:
    """Send a message that says nothing, to see whether it arrives. Raises IllegalMove for one that is switched off."""
    if not endpoint.is_enabled:
        raise IllegalMove("this endpoint is switched off")
    endpoint.resting_until = None
    audit.record("webhook_pinged", _subject(endpoint), actor=actor, now=now)
    return _write(endpoint, MessageType.PING, {}, notification=uuid4(), user_id=None, now=now)


def replay(message: WebhookMessage, *, actor: Actor, now: datetime) -> None:
    """Send a message again, as it was and with the same id. Raises IllegalMove while it waits to be sent anyway."""
    message.replay(now)
    message.endpoint.resting_until = None
    what = str(message.notification_id)
    audit.record("webhook_replayed", _subject(message.endpoint), actor=actor, now=now, reason=what)
    wake(message.endpoint_id)


def replay_parked(endpoint: WebhookEndpoint, *, actor: Actor, now: datetime) -> int:
    """Send everything again that was given up at this endpoint; returns how many messages that is."""
    parked = select(WebhookMessage).where(
        WebhookMessage.endpoint_id == endpoint.id, WebhookMessage.state == MessageState.PARKED
    )
    messages = db.session.scalars(parked.with_for_update(of=WebhookMessage)).all()
    for message in messages:
        message.replay(now)
    endpoint.resting_until = None
    audit.record("webhook_parked_replayed", _subject(endpoint), actor=actor, now=now, reason=str(len(messages)))
    wake(endpoint.id)
    return len(messages)


def publish(session: Session, now: datetime) -> None:
    """Write the messages for every change of this transaction, which is about to be committed."""
    session.flush()
    for each in changes_of(session):
        if each.was_merged:
            _tell_of_merge(each.user, now=now)
        elif each.user.merged_into_id is None:
            _tell_of(each, now=now)


def tell_of_erasure(user: User, *, now: datetime) -> None:
    """Have the person's services forget them too: of the user nothing has a value any more, whoever they were.

    Called while it is known which services those are. The message names nobody, and is kept with no person's.
    """
    notification = uuid4()
    for endpoint in _hearing(MessageType.USER_UPDATED, user.id):
        nothing: dict[str, Any] = dict.fromkeys(person_json.in_message(user, endpoint.client))
        user_id = subjects.subject_for(endpoint.client, user.id, now=now)
        message = {"user": {"userId": user_id} | nothing, "changes": nothing}
        _write(endpoint, MessageType.USER_UPDATED, message, notification=notification, user_id=None, now=now)


def wake(endpoint_id: UUID) -> None:
    """Have what is due at an endpoint sent soon."""
    defer(DELIVER, key=f"{DELIVER}:{endpoint_id}", queue_name=WEBHOOKS, endpoint_id=str(endpoint_id))


def _tell_of(change: Change, *, now: datetime) -> None:
    user, before, notification = change.user, change.before, uuid4()
    kind = MessageType.USER_CREATED if before is None else MessageType.USER_UPDATED
    for endpoint in _hearing(kind, user.id):
        told = person_json.in_message(user, endpoint.client)
        user_id = subjects.subject_for(endpoint.client, user.id, now=now)
        message: dict[str, Any] = {"user": {"userId": user_id} | told}
        if before is not None:
            was = person_json.in_message(before, endpoint.client)
            # Its services have been told that it is another one: all of it is news to them.
            news = told if change.was_parted else {name: value for name, value in told.items() if value != was[name]}
            message["changes"] = news
            if not message["changes"]:
                continue
        _write(endpoint, kind, message, notification=notification, user_id=user.id, now=now)


def _tell_of_merge(gone: User, *, now: datetime) -> None:
    """The services of both accounts are told, and those of the one that went hear of the other from now on."""
    survivor = gone.merged_into_id
    if survivor is None:
        return
    notification = uuid4()
    for endpoint in _hearing(MessageType.USER_MERGED, gone.id, survivor):
        message = {
            "masterUserId": subjects.subject_for(endpoint.client, survivor, now=now),
            "mergedUserId": subjects.subject_for(endpoint.client, gone.id, now=now),
        }
        _write(endpoint, MessageType.USER_MERGED, message, notification=notification, user_id=survivor, now=now)
    service_uses.pass_on(gone.id, survivor)


def _hearing(kind: MessageType, *user_ids: UUID) -> Sequence[WebhookEndpoint]:
    """The endpoints of the services that one of these people signed in to, if they want such messages."""
    theirs = select(ServiceUse.client_id).where(ServiceUse.user_id.in_(user_ids))
    return db.session.scalars(
        select(WebhookEndpoint)
        .join(Client, Client.id == WebhookEndpoint.client_id)
        .where(
            WebhookEndpoint.client_id.in_(theirs),
            WebhookEndpoint.is_enabled,
            WebhookEndpoint.message_types.any_() == kind.value,
            Client.disabled_at.is_(None),
            # A message holds more than people were asked for: services that others run are to read userinfo.
            Client.first_party,
        )
        .order_by(WebhookEndpoint.created_at)
    ).all()


def _write(
    endpoint: WebhookEndpoint,
    kind: MessageType,
    message: dict[str, Any],
    *,
    notification: UUID,
    user_id: UUID | None,
    now: datetime,
) -> WebhookMessage:
    """The envelope of domain.md, "Webhooks to services"; `timeUtc` is the moment of the change."""
    envelope = {
        "notificationId": str(notification),
        "timeUtc": person_json.moment(now),
        "messageType": kind.value,
        "message": message,
    }
    row = WebhookMessage(
        endpoint_id=endpoint.id,
        notification_id=notification,
        message_type=kind,
        user_id=user_id,
        happened_at=now,
        body_sealed=vault.seal(json.dumps(envelope, ensure_ascii=False), BODY),
        next_attempt_at=now,
        created_at=now,
    )
    row.endpoint = endpoint
    db.session.add(row)
    db.session.flush()
    wake(endpoint.id)
    return row


def _add_secret(endpoint: WebhookEndpoint, secret: str | None, now: datetime) -> str:
    secret = secret or new_secret()
    if len(secret) < SHORTEST_SECRET or not secret.isascii() or not secret.isprintable():
        raise EndpointRefused(f"secret: {SHORTEST_SECRET} or more printable characters are needed")
    endpoint.secrets.append(WebhookSecret(sealed=vault.seal(secret, SECRET), created_at=now))
    return secret


def _check(url: str, types: Sequence[str]) -> None:
    try:
        clients.check_uri("url", url)
    except clients.ClientRefused as refusal:
        raise EndpointRefused(str(refusal)) from refusal
    if not types or not set(types) <= {each.value for each in SUBSCRIBABLE}:
        raise EndpointRefused(f"message-type: one or more of {', '.join(SUBSCRIBABLE)}")


def _in_order(types: Sequence[str]) -> list[str]:
    return [each.value for each in SUBSCRIBABLE if each.value in types]


def _subject(endpoint: WebhookEndpoint) -> Subject:
    return Subject("webhook", endpoint.id)


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "client_id": endpoint.client_id,
        "url": endpoint.url,
        "message_types": endpoint.message_types,
        "is_enabled": endpoint.is_enabled,
    }
