"""Signing in to one's own account, with no service behind it: an address, and the code that was sent to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, true, update

from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused
from identity_provider.models import CodeChallenge, Contact, SentCode, User
from identity_provider.services import accounts, contact_changes, second_clicks, sign_in_codes
from identity_provider.vault import vault

PURPOSE = "account"
AGAIN = "account_again"
# Whose code leads to a new secret of the session: of an address, never of a telephone.
_SIGN_IN = frozenset({PURPOSE, AGAIN, contact_changes.PURPOSES[Contact.EMAIL]})
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
    _forget(browser, but=challenge.id)


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


def passed_lately(browser: str, *, now: datetime) -> CodeChallenge | None:
    """What this browser proved last to an account, not long ago; none of one that may not be entered (any more)."""
    at = CodeChallenge.passed_at
    newest = select(CodeChallenge).where(_in(browser), at > now - sign_in_codes.LIFETIME).order_by(at.desc()).limit(1)
    passed = db.session.scalar(newest.execution_options(populate_existing=True))
    if passed is not None and passed.purpose in _SIGN_IN and _may_enter(passed.address) is None:
        return None
    return passed


def keep(challenge: CodeChallenge, browser: str) -> None:
    """What was proved in a session is found by its browser from now on: the session's secret changes with it."""
    challenge.subject_id = _subject(browser)


def who_carries_on(browser: str, proof: str, *, now: datetime) -> User | None:
    """Who signs in without another code, by what services/second_clicks gave for the one entered here."""
    passed = passed_lately(browser, now=now)
    if passed is None or passed.purpose not in _SIGN_IN:
        return None
    person = _may_enter(passed.address)
    return person if second_clicks.is_good(proof, passed, person, now=now) else None


def forget(browser: str) -> None:
    """Nothing that was proved in this browser lets anybody go on any more: the person signs out."""
    _forget(browser, but=None)


def _forget(browser: str, *, but: UUID | None) -> None:
    others = CodeChallenge.id != but if but is not None else true()
    db.session.execute(delete(CodeChallenge).where(_in(browser), others))


def _may_enter(address: str) -> User | None:
    user = accounts.by_address(address)
    return user if user is not None and user.is_live else None


def _mine(browser: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (CodeChallenge.purpose == PURPOSE, _in(browser))


def _in(browser: str) -> ColumnElement[bool]:
    return CodeChallenge.subject_id == _subject(browser)


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
