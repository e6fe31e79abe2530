"""What we refused a service, kept for its own team: what it did wrong is found without asking us, and without a log."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db
from identity_provider.models import Client, ClientError
from identity_provider.services import clients

MOST_SHOWN = 50

# Our own descriptions are sentences. What repeats something that was sent has quotes, numbers or signs in it.
_REPEATS_SOMETHING = re.compile(r"[=@\"'<>/]|\d{3}")


def note(client_id: str, place: str, error: str, description: str, *, request_id: str, now: datetime) -> None:
    """Count a refusal. One for somebody who is no service of ours is not kept: anybody could fill the table."""
    if clients.known(client_id) is None:
        return
    said = "" if _REPEATS_SOMETHING.search(description) else description[:300]
    facts: dict[str, Any] = {"last_at": now, "request_id": request_id}
    keys = {"client_id": client_id, "place": place[:60], "error": error[:60], "description": said}
    put = insert(ClientError).values(**keys, **facts, first_at=now, times=1)
    again = facts | {"times": ClientError.times + 1}
    db.session.execute(put.on_conflict_do_update(index_elements=list(keys), set_=again))


def newest(client: Client) -> list[ClientError]:
    """What was refused to this service, the newest first."""
    found = select(ClientError).where(ClientError.client_id == client.id).order_by(ClientError.last_at.desc())
    return list(db.session.scalars(found.limit(MOST_SHOWN)))
