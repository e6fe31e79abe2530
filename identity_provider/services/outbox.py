"""What the outside world is to be told, written with the change that caused it and delivered by the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.models import OutboxMessage
from identity_provider.queue import defer

DELIVER = "deliver_outbox_message"


def post(kind: str, key: str, *, to: str = "", payload: dict[str, Any] | None = None, now: datetime) -> None:
    """Write a message and a job that delivers it. The same key is written once, however often this is called.

    `kind` names the template or the outside call; `payload` holds ids and words, never a code.
    """
    added = db.session.execute(
        insert(OutboxMessage)
        .values(kind=kind, idempotency_key=key, recipient=to, payload=payload or {}, created_at=now)
        .on_conflict_do_nothing(index_elements=[OutboxMessage.idempotency_key])
        .returning(OutboxMessage.id)
    ).scalar_one_or_none()
    if added is not None:
        defer(DELIVER, message_id=str(added))
