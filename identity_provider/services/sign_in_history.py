"""When a person signed in, to which service, how and where: for themselves to look through, for ninety days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from identity_provider.db import db
from identity_provider.models import BrowserSession, Client, Grant, SignIn, User
from identity_provider.services import identities

KEPT = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history; `service` is empty for one's own account."""

    at: datetime
    service: str
    amr: tuple[str, ...]
    device: str


def note(session: BrowserSession, person: User, client_id: str) -> None:
    """Write down that the person proved who they are, in the caller's transaction."""
    proved_at = session.authenticated_at
    row = {
        "id": uuid4(),
        "user_id": person.id,
        "client_id": client_id,
        "session_id": session.id,
        "authenticated_at": proved_at,
        "amr": session.amr,
        "device": session.device,
        "at": proved_at,
    }
    db.session.execute(insert(SignIn).values(row).on_conflict_do_nothing())


def of(person: User, *, now: datetime) -> list[Entry]:
    """The history of the person and of whatever was merged into them; the newest first."""
    ids = [each.id for each in identities.all_of(person)]
    kept = select(SignIn.at, SignIn.client_id, SignIn.amr, SignIn.device).where(
        SignIn.user_id.in_(ids), SignIn.at > now - KEPT
    )
    found = [*db.session.execute(kept).all(), *db.session.execute(_of_grants(ids, now)).all()]
    services = select(Client.id, Client.name).where(Client.id.in_({each[1] for each in found}))
    names = dict(db.session.execute(services).all())
    entries = [Entry(at, names.get(client, client), tuple(amr), device) for at, client, amr, device in found]
    return sorted(entries, key=lambda each: each.at, reverse=True)


def keep_those_of(dead: ColumnElement[bool], *, now: datetime) -> None:
    """Grants are about to be deleted: what they say of sign-ins is kept, once for a service and a proof.

    Several codes that a service was given on one proof are one sign-in.
    """
    columns = ["id", "user_id", "client_id", "session_id", "authenticated_at", "amr", "device", "at"]
    rows = (
        select(
            func.gen_random_uuid(),
            Grant.user_id,
            Grant.client_id,
            Grant.session_id,
            Grant.auth_time,
            func.min(Grant.amr),
            func.coalesce(_device(), ""),
            func.min(Grant.created_at),
        )
        .join(User, User.id == Grant.user_id)
        .where(dead, Grant.created_at > now - KEPT, User.erased_at.is_(None))
        .group_by(Grant.user_id, Grant.client_id, Grant.session_id, Grant.auth_time)
    )
    kept = insert(SignIn).from_select(columns, rows, include_defaults=False)
    db.session.execute(kept.on_conflict_do_nothing())


def _device() -> ScalarSelect[str]:
    """That of the proof with which the session began, whose row may be gone by now."""
    proof = aliased(SignIn)
    found = select(func.min(proof.device)).where(proof.session_id == Grant.session_id)
    return found.correlate(Grant).scalar_subquery()


def _of_grants(ids: list[UUID], now: datetime) -> Select[datetime, str, list[str], str]:
    """What services were given that has no row of its own yet."""
    noted = select(SignIn.id).where(
        SignIn.session_id == Grant.session_id,
        SignIn.client_id == Grant.client_id,
        SignIn.authenticated_at == Grant.auth_time,
    )
    return (
        select(func.min(Grant.created_at), Grant.client_id, func.min(Grant.amr), func.coalesce(_device(), ""))
        .where(Grant.user_id.in_(ids), Grant.created_at > now - KEPT, ~noted.exists())
        .group_by(Grant.client_id, Grant.session_id, Grant.auth_time)
    )
