"""The sessions of staff as they and their administrators see them, and ending one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.models import BrowserSession, StaffUser
from identity_provider.services import audit, browser_sessions
from identity_provider.services.audit import Actor, Subject


def live_of(member: StaffUser, *, now: datetime) -> list[BrowserSession]:
    """The sessions that are good for something, the one used last first."""
    found = (
        select(BrowserSession)
        .where(
            BrowserSession.staff_id == member.id,
            BrowserSession.ended_at.is_(None),
            BrowserSession.expires_at > now,
            BrowserSession.last_seen_at >= now - browser_sessions.STAFF.idle,
        )
        .order_by(BrowserSession.last_seen_at.desc(), BrowserSession.id)
    )
    return list(db.session.scalars(found))


def end(member: StaffUser, session_id: UUID, *, actor: Actor, now: datetime) -> None:
    """End one of somebody's sessions, at once. Nothing happens to one that is over, or is somebody else's."""
    for each in live_of(member, now=now):
        if each.id == session_id:
            _end(each, member, actor, now)


def end_all_but(member: StaffUser, kept: UUID | None, *, actor: Actor, now: datetime) -> None:
    """End every session of somebody; `kept` is the one to leave, which is their own."""
    for each in live_of(member, now=now):
        if each.id != kept:
            _end(each, member, actor, now)


def _end(session: BrowserSession, member: StaffUser, actor: Actor, now: datetime) -> None:
    browser_sessions.end(session, now=now)
    about = Subject("staff", member.id)
    audit.record("staff_session_ended", about, actor=actor, now=now, change=({}, {"session": str(session.id)}))
