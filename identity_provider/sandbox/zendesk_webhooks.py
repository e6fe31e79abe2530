"""Zendesk's webhooks, as it sends them: its events about tickets, signed, tried again when they are not taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import requests

from identity_provider.sandbox.zendesk_desk import Ticket

ACCOUNT_ID = 123456
SECONDS_TO_ANSWER = 12
WAITS = (0.0, 1.0, 3.0)


@dataclass(frozen=True)
class Webhook:
    """Where events go, and the secret that signs them."""

    url: str
    secret: str = field(repr=False)

    def tell(self, ticket: Ticket, events: list[str]) -> None:
        """Send the events from a thread of its own, as Zendesk does: nobody at the page waits for it."""
        bodies = [json.dumps(event(ticket, kind)).encode() for kind in events]
        Thread(target=self._send_all, args=(bodies,), daemon=True).start()

    def headers(self, body: bytes, now: datetime) -> dict[str, str]:
        """What Zendesk sends with a body: base64(HMAC-SHA256(secret, timestamp + body)) and the timestamp."""
        stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        signature = hmac.new(self.secret.encode(), stamp.encode() + body, hashlib.sha256).digest()
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Account-Id": str(ACCOUNT_ID),
            "X-Zendesk-Webhook-Id": "01SANDBOX00000000000000000",
            "X-Zendesk-Webhook-Invocation-Id": uuid.uuid4().hex.upper()[:26],
            "X-Zendesk-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        }

    def _send_all(self, bodies: list[bytes]) -> None:
        for body in bodies:
            self._send(body)

    def _send(self, body: bytes) -> None:
        """Three tries; what was refused is not sent again, but for 409, 429 and 5xx."""
        for wait in WAITS:
            time.sleep(wait)
            try:
                answer = requests.post(
                    self.url, data=body, headers=self.headers(body, datetime.now(UTC)), timeout=SECONDS_TO_ANSWER
                )
            except requests.RequestException:
                continue
            if answer.status_code not in {409, 429} and answer.status_code < 500:
                return


def event(ticket: Ticket, kind: str) -> dict[str, Any]:
    """One event in the shape that Zendesk's subscriptions to ticket events have."""
    last = ticket.comments[-1]
    happened: dict[str, Any] = {"meta": {"sequence": {"id": uuid.uuid4().hex.upper()[:26], "position": 1}}}
    if kind == "comment_added":
        happened["comment"] = {"id": str(last.id), "body": last.body, "is_public": last.public}
        happened["comment"]["author"] = {"id": str(last.author_id)}
    else:
        happened["current"] = ticket.status.upper()
    return {
        "account_id": ACCOUNT_ID,
        "id": str(uuid.uuid4()),
        "type": f"zen:event-type:ticket.{kind}",
        "subject": f"zen:ticket:{ticket.id}",
        "time": ticket.updated_at,
        "zendesk_event_version": "2022-11-06",
        "event": happened,
        "detail": {
            "id": str(ticket.id),
            "actor_id": str(last.author_id),
            "assignee_id": str(ticket.assignee_id or ""),
            "requester_id": str(ticket.requester_id),
            "submitter_id": str(ticket.submitter_id),
            "external_id": ticket.external_id,
            "status": ticket.status.upper(),
            "subject": ticket.subject,
            "tags": ticket.tags,
            "is_public": last.public,
            "created_at": ticket.created_at,
            "updated_at": ticket.updated_at,
            "via": {"channel": "web"},
        },
    }
