"""Services are told of every change of a person: the messages are written as the transaction ends, with the change."""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.orm import Session

from identity_provider.db import db
from identity_provider.kit.app import ports
from identity_provider.services import webhooks


@event.listens_for(db.session, "before_commit")
def tell_services(session: Session) -> None:
    """Write the messages of this transaction; of its savepoints nothing is told before it ends itself."""
    if not session.in_nested_transaction():
        webhooks.publish(session, ports().clock.now())
