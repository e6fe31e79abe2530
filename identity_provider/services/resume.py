"""The way back for a person whose case is solved: a link by email, and a fresh code before anyone is signed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from identity_provider.db import db
from identity_provider.models import ResumeLink, SupportTicket
from identity_provider.services import outbox

LIFETIME = timedelta(days=14)
TRN_ATTACHED = "trn_attached"
NO_TRN_CONFIRMED = "no_trn_confirmed"


def send_link(case: SupportTicket, kind: str, *, now: datetime) -> ResumeLink:
    """Have the person told by email how their case ended, with a link that leads back.

    The payload holds the id of the link; the worker signs it when it writes the email.
    """
    link = ResumeLink(ticket_id=case.id, created_at=now, expires_at=now + LIFETIME)
    db.session.add(link)
    db.session.flush()
    words = {"service_name": case.client.name} if case.client else {}
    payload = {"resume_link_id": str(link.id), "reference": case.reference} | words
    outbox.post(kind, f"resume:{link.id}", to=case.user.email, payload=payload, now=now)
    return link


def withdraw_links(case: SupportTicket, *, now: datetime) -> None:
    """Close the links of a case that is opened again: what they promise is no longer so."""
    db.session.execute(
        update(ResumeLink)
        .where(ResumeLink.ticket_id == case.id, ResumeLink.used_at.is_(None), ResumeLink.expires_at > now)
        .values(expires_at=now)
    )


def usable(link_id: UUID, *, now: datetime) -> ResumeLink | None:
    """The link, if it can still be used: neither used, nor expired, nor of somebody who is no longer here."""
    link = db.session.scalar(select(ResumeLink).where(ResumeLink.id == link_id))
    if link is None or link.used_at is not None or now >= link.expires_at or not link.ticket.user.is_live:
        return None
    return link


def use(link: ResumeLink, *, now: datetime) -> bool:
    """Use the link up; False when another request was first. One atomic UPDATE decides."""
    used = db.session.scalar(
        update(ResumeLink)
        .where(ResumeLink.id == link.id, ResumeLink.used_at.is_(None), ResumeLink.expires_at > now)
        .values(used_at=now)
        .returning(ResumeLink.id)
    )
    return used is not None
