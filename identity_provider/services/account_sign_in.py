"""Signing in to one's own account, with no service behind it: an address, and the code that was sent to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update

from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused
from identity_provider.models import CodeChallenge, SentCode, User
from identity_provider.services import accounts, sign_in_codes
from identity_provider.vault import vault

PURPOSE = "account"
AGAIN = "account_again"
_CODES_LAST = timedelta(hours=1)


def begin(address: str, browser: str, *, locale: str, now: datetime) -> None:
    """Send a code to somebody who has an account, in the language of the page.

    For anybody else the same rows are written, and nothing is sent.

    The code of any other address is used up at once: the worker finds nothing to write, and neither the page nor the
    time it takes tells whether there is an account (attack 28). `browser` is the secret of the browser's cookie.
    """
    challenge = sign_in_codes.challenge(PURPOSE, address, _subject(browser), now=now)
    sent = sign_in_codes.send(challenge, now=now, words={"locale": locale})
    used_at = None if _may_enter(address) else now
    # One statement for everybody: what is written differs, not how much.
    db.session.execute(update(SentCode).where(SentCode.id == sent.id).values(used_at=used_at))
    db.session.execute(delete(CodeChallenge).where(*_mine(browser), CodeChallenge.id != challenge.id))


def waiting(browser: str, *, now: datetime) -> CodeChallenge | None:
    """The address that this browser is proving at the moment, if any."""
    return db.session.scalar(
        select(CodeChallenge)
        .where(*_mine(browser), CodeChallenge.created_at > now - _CODES_LAST, CodeChallenge.passed_at.is_(None))
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
    )


def prove(challenge: CodeChallenge, typed: str, *, now: datetime) -> User | None:
    """Whose account the code opens. A wrong try counts, so this returns None and never raises: the caller commits."""
    try:
        sign_in_codes.check(challenge, typed, now=now)
    except CodeRefused:
        return None
    person = _may_enter(challenge.address)
    if person is not None:
        accounts.address_proved(person, now=now)
    return person


def _may_enter(address: str) -> User | None:
    user = accounts.by_address(address)
    return user if user is not None and user.is_live else None


def _mine(browser: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (CodeChallenge.purpose == PURPOSE, CodeChallenge.subject_id == _subject(browser))


def _subject(browser: str) -> UUID:
    return UUID(bytes=vault.keyed_hash("account_sign_in", browser)[:16])


def send_again(person: User, session_id: UUID, *, now: datetime, locale: str) -> None:
    """Send somebody who is signed in a code to their own address, to be entered in the same session."""
    challenge = sign_in_codes.challenge(AGAIN, person.email, session_id, now=now)
    sign_in_codes.send(challenge, now=now, words={"locale": locale})


def waiting_again(person: User, session_id: UUID, *, now: datetime) -> CodeChallenge | None:
    """The proof that this session was asked for at the moment, if any."""
    return db.session.scalar(
        select(CodeChallenge)
        .where(
            CodeChallenge.purpose == AGAIN,
            CodeChallenge.subject_id == session_id,
            CodeChallenge.address == person.email,
            CodeChallenge.created_at > now - _CODES_LAST,
            CodeChallenge.passed_at.is_(None),
        )
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
    )


def is_right(challenge: CodeChallenge, typed: str, *, now: datetime) -> bool:
    """Whether the code is right. A wrong try counts: the caller commits."""
    try:
        sign_in_codes.check(challenge, typed, now=now)
    except CodeRefused:
        return False
    return True
