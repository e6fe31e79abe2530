"""What the page of a user reads."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.models import BrowserSession, Lookup, SupportTicket, TrnLink, User
from identity_provider.services import leaked_trns

MOST = 20


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that is held about a user, newest first."""

    links: list[TrnLink]
    lookups: list[Lookup]
    sessions: list[BrowserSession]
    cases: list[SupportTicket]
    merged: list[User]
    leaked: list[str]


def dossier_of(user: User) -> Dossier:
    """Read it."""
    links = select(TrnLink).where(TrnLink.user_id == user.id).order_by(TrnLink.linked_at.desc())
    lookups = select(Lookup).where(Lookup.user_id == user.id).order_by(Lookup.at.desc()).limit(MOST)
    sessions = select(BrowserSession).where(BrowserSession.user_id == user.id)
    cases = select(SupportTicket).where(SupportTicket.user_id == user.id).order_by(SupportTicket.created_at.desc())
    return Dossier(
        list(db.session.scalars(links)),
        list(db.session.scalars(lookups)),
        list(db.session.scalars(sessions.order_by(BrowserSession.created_at.desc()).limit(MOST))),
        list(db.session.scalars(cases)),
        list(db.session.scalars(select(User).where(User.merged_into_id == user.id))),
        sorted(leaked_trns.listed_among([user.trn or "", user.stated_trn or ""])),
    )
