"""Believing Zendesk's webhook: its signature, its time, and each message once.

Signed is `timestamp + raw body`, as base64(HMAC-SHA256) under the secret that the webhook's page in Zendesk reveals
(developer.zendesk.com, "Verifying webhook authenticity").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.domain.errors import IdentityError
from identity_provider.models import UsedAssertion
from identity_provider.vault import vault

MAY_BE_OFF = timedelta(minutes=5)
"""How far the time of a message may be from ours, either way."""

_LARGEST_NUMBER = 2**31 - 1
_SUBJECT = re.compile(r"zen:ticket:([0-9]{1,10})")


class WebhookRefused(IdentityError):
    """The message is not Zendesk's, is too old, or came before; who sent it is told no more than that."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it came: two headers, and the body as it was on the wire."""

    signature: str
    timestamp: str
    body: bytes = field(repr=False)


def accept(delivery: Delivery, secrets: Sequence[str], *, now: datetime) -> int | None:
    """Believe a message once; gives the number of the ticket that it speaks of, None when it speaks of none.

    Raises WebhookRefused. That it came is written down in the caller's transaction.
    """
    if not any([_is_signed(delivery, secret) for secret in secrets]):
        raise WebhookRefused("signature")
    sent = _moment(delivery.timestamp)
    if sent is None or abs(now - sent) > MAY_BE_OFF:
        raise WebhookRefused("time")
    _use_once(delivery, sent)
    return _ticket_of(delivery.body)


def _is_signed(delivery: Delivery, secret: str) -> bool:
    said = delivery.timestamp.encode("utf-8", "replace") + delivery.body
    expected = base64.b64encode(hmac.new(secret.encode(), said, hashlib.sha256).digest())
    return hmac.compare_digest(delivery.signature.encode("utf-8", "replace"), expected)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def _use_once(delivery: Delivery, sent: datetime) -> None:
    """The signature covers time and body: who repeats it repeats the message. It is forgotten once it is too old."""
    key = vault.keyed_hash("zendesk_webhook", delivery.signature)
    added = db.session.execute(
        insert(UsedAssertion)
        .values(key=key, expires_at=sent + 2 * MAY_BE_OFF)
        .on_conflict_do_nothing()
        .returning(UsedAssertion.key)
    ).first()
    if added is None:
        raise WebhookRefused("replayed")


def _ticket_of(body: bytes) -> int | None:
    """From an event that Zendesk wrote (`subject`, `detail.id`), or from a trigger's own JSON (`ticket_id`)."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    subject, detail = said.get("subject"), said.get("detail")
    if isinstance(subject, str) and (named := _SUBJECT.fullmatch(subject)):
        return _number(named[1])
    if isinstance(detail, dict) and str(said.get("type", "")).startswith("zen:event-type:ticket."):
        return _number(detail.get("id"))
    return _number(said.get("ticket_id"))


def _number(value: Any) -> int | None:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit()) or len(text) > 10:
        return None
    return int(text) if 0 < int(text) <= _LARGEST_NUMBER else None
