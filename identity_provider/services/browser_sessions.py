"""Sessions of browsers: begun at sign-in, found by the cookie's secret, ended on the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import LargeBinary, Text, Uuid, any_, bindparam, cast, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from identity_provider.db import UtcDateTime, db
from identity_provider.models import BrowserSession, StaffUser, User
from identity_provider.services import persons, revocations, sign_outs, subjects
from identity_provider.services.direct import Statement, looked_at
from identity_provider.services.persons import SignedIn, person_of
from identity_provider.vault import new_secret, vault

_PURPOSE = "browser_session"
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts without use, and how long in all."""

    idle: timedelta
    absolute: timedelta


PERSON = Lifetime(idle=timedelta(hours=1), absolute=timedelta(hours=12))
STAFF = Lifetime(idle=timedelta(minutes=30), absolute=timedelta(hours=8))
RECENT = timedelta(minutes=15)
"""How old a proof may be for what is dangerous: changing how one signs in, or what staff cannot take back."""


_NOW = bindparam("now", type_=UtcDateTime())

_SIGNED_IN = Statement(
    select(
        BrowserSession.id,
        BrowserSession.user_id,
        BrowserSession.authenticated_at,
        BrowserSession.amr,
        BrowserSession.last_seen_at,
        *persons.COLUMNS,
    )
    .join(User, User.id == BrowserSession.user_id)
    .where(
        BrowserSession.secret_hmac == any_(cast(bindparam("hashes", type_=Text()), ARRAY(LargeBinary()))),
        BrowserSession.ended_at.is_(None),
        looked_at(BrowserSession.expires_at) > _NOW,
        BrowserSession.last_seen_at >= bindparam("last_seen_after", type_=UtcDateTime()),
        persons.IS_LIVE,
    )
)
_TOUCH = Statement(
    update(BrowserSession).where(BrowserSession.id == bindparam("id", type_=Uuid())).values(last_seen_at=_NOW)
)


def begin(person: User | StaffUser, *, amr: list[str], now: datetime) -> tuple[BrowserSession, str]:
    """Start a session with a secret of its own and return both; the secret goes into the cookie, nowhere else.

    `amr` is how the person proved who they are (RFC 8176 values).
    """
    secret = new_secret()
    staff = isinstance(person, StaffUser)
    session = BrowserSession(
        secret_hmac=vault.keyed_hash(_PURPOSE, secret),
        user_id=None if staff else person.id,
        staff_id=person.id if staff else None,
        authenticated_at=now,
        amr=amr,
        created_at=now,
        last_seen_at=now,
        expires_at=now + (STAFF if staff else PERSON).absolute,
    )
    person.last_signed_in_at = now
    db.session.add(session)
    db.session.flush()
    return session, secret


def authenticate_again(session: BrowserSession, *, amr: list[str], now: datetime) -> str:
    """The same person proved themselves anew: the session goes on under a new secret, which is returned."""
    secret = new_secret()
    session.secret_hmac = vault.keyed_hash(_PURPOSE, secret)
    session.authenticated_at = now
    session.amr = amr
    session.last_seen_at = now
    session.expires_at = now + (STAFF if session.staff_id else PERSON).absolute
    return secret


def find(secret: str, *, now: datetime) -> BrowserSession | None:
    """The live session of this secret; None when there is none, it ended, or its person may not sign in."""
    session = db.session.scalar(
        select(BrowserSession).where(BrowserSession.secret_hmac.in_(vault.keyed_hashes(_PURPOSE, secret)))
    )
    if session is None or _is_over(session, now) or not _may_go_on(session):
        return None
    return session


def signed_in(secret: str, *, now: datetime) -> SignedIn | None:
    """The live session of a person by this secret, in one row; None as `find` says, and for a session of staff."""
    row = _SIGNED_IN.first(hashes=vault.hash_literal(_PURPOSE, secret), now=now, last_seen_after=now - PERSON.idle)
    if row is None:
        return None
    columns = (*row[:5], person_of(row[5:]))
    return SignedIn(*columns)


def touch_at_once(session: SignedIn, *, now: datetime) -> None:
    """Write down that the session is in use, in a transaction of its own."""
    _TOUCH.run(id=session.id, now=now)


def is_recent(session: BrowserSession, *, now: datetime) -> bool:
    """Whether whoever is at the browser has proved who they are so lately that it need not be done again.

    Before something that counts, that is: other changes are made within the session.
    """
    return session.authenticated_at is not None and now - session.authenticated_at <= RECENT


def needs_touch(session: BrowserSession | SignedIn, *, now: datetime) -> bool:
    """Whether it is time to write down that the session is in use: at most once a minute."""
    return now - session.last_seen_at > _SEEN_EVERY


def touch(session: BrowserSession, *, now: datetime) -> None:
    """Write down that the session is in use."""
    session.last_seen_at = now


def end(session: BrowserSession, *, now: datetime) -> None:
    """End the session on the server: its cookie is dead from now on, and so is what services were granted in it."""
    if session.ended_at is not None:
        return
    session.ended_at = now
    sign_outs.end_grants(session, now=now)


def end_what_outlived(user_id: UUID, client_id: str, name: str, *, now: datetime) -> None:
    """Somebody signs out of a session that is over, and perhaps forgotten: what was granted in it ends with it.

    `name` is that by which the client knows the session. Nothing happens while it is in use, in whichever browser.
    """
    for session_id in revocations.sessions_at(user_id, client_id):
        session = db.session.get(BrowserSession, session_id)
        in_use = session is not None and not _is_over(session, now)
        if not in_use and subjects.session_name(client_id, session_id) == name:
            sign_outs.end_grants_of(session_id, user_id, now=now)


def end_all_of(person: User | StaffUser, *, now: datetime, but: UUID | None = None) -> None:
    """End every session of a person, in every browser, and whatever services were granted in any; `but` one may stay.

    Also in those that are forgotten already: a family of refresh tokens lives longer than the row of its session.
    """
    column = BrowserSession.staff_id if isinstance(person, StaffUser) else BrowserSession.user_id
    theirs = select(BrowserSession).where(column == person.id, BrowserSession.ended_at.is_(None))
    for session in db.session.scalars(theirs).all():
        if session.id != but:
            end(session, now=now)
    if isinstance(person, User):
        for session_id in revocations.sessions_of_person(person.id):
            if session_id != but:
                sign_outs.end_grants_of(session_id, person.id, now=now)


def open_ones_of(person: User, *, now: datetime) -> list[BrowserSession]:
    """The browsers in which the person is signed in, the one used last first."""
    theirs = select(BrowserSession).where(BrowserSession.user_id == person.id, BrowserSession.ended_at.is_(None))
    found = db.session.scalars(theirs.order_by(BrowserSession.last_seen_at.desc(), BrowserSession.id)).all()
    return [each for each in found if not _is_over(each, now)]


def _is_over(session: BrowserSession, now: datetime) -> bool:
    idle = (STAFF if session.staff_id else PERSON).idle
    return session.ended_at is not None or now >= session.expires_at or now - session.last_seen_at > idle


def _may_go_on(session: BrowserSession) -> bool:
    if session.user is not None:
        return session.user.is_live
    return session.staff is not None and session.staff.disabled_at is None
