"""Whose identity a One Login opens: connected by proof only, told to its person, and ended when they want that."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from identity_provider.db import db
from identity_provider.domain.errors import IdentityError, IllegalMove
from identity_provider.models import BrowserSession, OneLoginIdentity, OneLoginSession, User
from identity_provider.services import audit, browser_sessions, identities, measures, outbox
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.one_login_told import Told

LINKED = "one_login_linked"
UNLINKED = "one_login_unlinked"


class AnotherAccount(IdentityError):
    """Another account than the one that is meant here is opened by it."""


def identity_of(issuer: str, subject: str) -> OneLoginIdentity | None:
    """The live connection of a One Login."""
    return db.session.scalar(
        select(OneLoginIdentity).where(
            OneLoginIdentity.issuer == issuer,
            OneLoginIdentity.subject == subject,
            OneLoginIdentity.ended_at.is_(None),
        )
    )


def person_of(told: Told) -> User | None:
    """Whose account this One Login opens, merged or not; None when it is connected to nobody. They may be locked."""
    identity = identity_of(told.issuer, told.subject)
    return identities.survivor_of(identity.user) if identity is not None else None


def connections_of(user: User) -> list[OneLoginIdentity]:
    """Every One Login that opens the person's account, also by an identity that was merged into it."""
    ids = [each.id for each in identities.all_of(user)]
    return list(
        db.session.scalars(
            select(OneLoginIdentity)
            .where(OneLoginIdentity.user_id.in_(ids), OneLoginIdentity.ended_at.is_(None))
            .order_by(OneLoginIdentity.linked_at)
        )
    )


def connect(user: User, told: Told, *, now: datetime) -> OneLoginIdentity:
    """Have a One Login open this account from now on; the caller has seen the account proved in the same browser.

    The person is told at their address. Raises AnotherAccount, also when another request was quicker by a moment;
    and IllegalMove for an account that is not in use.
    """
    if not user.is_live:
        raise IllegalMove("this identity is merged, erased or locked")
    there = identity_of(told.issuer, told.subject)
    if there is not None:
        if identities.survivor_of(there.user).id != user.id:
            raise AnotherAccount
        return used(there, told, now=now)
    made = OneLoginIdentity(
        issuer=told.issuer, subject=told.subject, user_id=user.id, email=told.email, linked_at=now, last_used_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
            db.session.flush()
    except IntegrityError as clash:
        raise AnotherAccount from clash
    made.user = user
    audit.record("one_login_linked", Subject("user", user.id), actor=Actor.of(user), now=now, change=({}, _id(made)))
    outbox.post(LINKED, f"{LINKED}:{made.id}", to=user.email, payload={"address": told.email}, now=now)
    return made


def used(identity: OneLoginIdentity, told: Told, *, now: datetime) -> OneLoginIdentity:
    """Write down that it was used, and the address that it has by now."""
    identity.last_used_at = now
    identity.email = told.email or identity.email
    return identity


def end(user: User, identity_id: UUID, *, actor: Actor, but: UUID | None, now: datetime) -> None:
    """Have a One Login open this account no longer; sessions that it began end, `but` the one that asks for it.

    The person is told. Raises IllegalMove when it is not connected to them.
    """
    identity = next((each for each in connections_of(user) if each.id == identity_id), None)
    if identity is None:
        raise IllegalMove("this One Login is not connected to the account")
    identity.ended_at = now
    _end_sessions([identity.id], None, but=but, now=now)
    subject = Subject("user", user.id)
    audit.record("one_login_unlinked", subject, actor=actor, now=now, change=(_id(identity), {}))
    outbox.post(UNLINKED, f"{UNLINKED}:{identity.id}", to=user.email, payload={"address": identity.email}, now=now)


def note_session(session: BrowserSession, told: Told, *, now: datetime) -> None:
    """One Login began this session of ours: its sign-out ends it. A session that goes on belongs to the newest."""
    identity = identity_of(told.issuer, told.subject)
    if identity is None:
        return
    used(identity, told, now=now)
    values = {"identity_id": identity.id, "upstream_sid": told.upstream_sid, "begun_at": now}
    db.session.execute(
        insert(OneLoginSession)
        .values(session_id=session.id, **values)
        .on_conflict_do_update(index_elements=[OneLoginSession.session_id], set_=values)
    )
    measures.accepted("one_login")


def end_sessions_of(issuer: str, subject: str, upstream_sid: str | None, *, now: datetime) -> int:
    """Its person signed out at One Login: what it began here ends, and services are told; returns how many sessions.

    One Login names the person only; where it names its session as well, just that one's end (Back-Channel Logout 1.0,
    2.6). Also sessions of a connection that was ended since.
    """
    found = select(OneLoginIdentity.id).where(OneLoginIdentity.issuer == issuer, OneLoginIdentity.subject == subject)
    return _end_sessions(list(db.session.scalars(found)), upstream_sid, but=None, now=now)


def _end_sessions(identity_ids: list[UUID], upstream_sid: str | None, *, but: UUID | None, now: datetime) -> int:
    begun = select(OneLoginSession.session_id).where(OneLoginSession.identity_id.in_(identity_ids))
    if upstream_sid is not None:
        begun = begun.where(OneLoginSession.upstream_sid == upstream_sid)
    live = select(BrowserSession).where(BrowserSession.id.in_(begun), BrowserSession.ended_at.is_(None))
    ended = [each for each in db.session.scalars(live).all() if each.id != but]
    for each in ended:
        browser_sessions.end(each, now=now)
        about = Subject("user", each.user_id or "")
        audit.record("signed_out_by_one_login", about, actor=audit.SYSTEM, now=now)
    return len(ended)


def _id(identity: OneLoginIdentity) -> dict[str, str]:
    """For the audit: the connection's own number, not what the person is called elsewhere."""
    return {"one_login": str(identity.id)}
