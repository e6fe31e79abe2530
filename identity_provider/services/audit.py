"""Writing down who did what to whose data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from structlog.contextvars import get_contextvars

from identity_provider.db import db
from identity_provider.models import AuditEvent, Client, StaffUser, User


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a user, a member of staff, a client, or the system itself."""

    type: str
    id: str
    name: str = ""

    @classmethod
    def of(cls, person: User | StaffUser | Client) -> Actor:
        """The actor that this row stands for."""
        match person:
            case StaffUser():
                return cls("staff", str(person.id), person.display_name)
            case User():
                return cls("user", str(person.id))
            case Client():
                return cls("client", person.id, person.name)


SYSTEM = Actor("system", "system", "Automatic")


@dataclass(frozen=True, slots=True)
class Subject:
    """What was touched."""

    type: str
    id: str | UUID


def record(
    action: str,
    subject: Subject,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    change: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> None:
    """Add a row in the caller's transaction: the change and its record are kept together or not at all.

    `change` is (before, after). No code, secret or document may stand in it.
    """
    before, after = change or ({}, {})
    db.session.add(
        AuditEvent(
            at=now,
            actor_type=actor.type,
            actor_id=actor.id,
            action=action,
            subject_type=subject.type,
            subject_id=str(subject.id),
            reason=reason,
            before=before,
            after=after,
            request_id=str(get_contextvars().get("request_id", "")),
        )
    )


def as_facts(event: AuditEvent) -> dict[str, Any]:
    """The event as it is exported: one flat object."""
    return {
        "id": str(event.id),
        "at": event.at.isoformat(),
        "actor_type": event.actor_type,
        "actor_id": event.actor_id,
        "action": event.action,
        "subject_type": event.subject_type,
        "subject_id": event.subject_id,
        "reason": event.reason,
        "before": event.before,
        "after": event.after,
        "request_id": event.request_id,
    }
