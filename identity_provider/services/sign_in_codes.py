"""One-time codes by email: sent for a challenge, good once, five tries for all codes of a challenge."""

from __future__ import annotations

import base64
import unicodedata
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from pyotp import HOTP
from sqlalchemy import func, select, update

from config.logging import SECURITY
from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused
from identity_provider.models import CodeChallenge, SentCode
from identity_provider.services import audit, measures, outbox
from identity_provider.vault import vault

log = structlog.get_logger(SECURITY)

LIFETIME = timedelta(minutes=10)
TRIES = 5
REPEATED_WITHIN = timedelta(minutes=2)
"""How long after a code was accepted the same code still counts as the second click of the person who entered it."""
EMAIL_KIND = "sign_in_code"


def challenge(purpose: str, address: str, subject_id: UUID, *, now: datetime) -> CodeChallenge:
    """The open challenge of this purpose, address and subject, or a new one; no code is sent yet.

    A challenge that was passed, has no tries left, or whose codes have all run out is not used again. Whether one of
    the codes could be used makes no difference: the number of tries would tell who was never sent any (attack 28).
    """
    latest = db.session.scalar(
        select(CodeChallenge)
        .where(
            CodeChallenge.purpose == purpose,
            CodeChallenge.address == address,
            CodeChallenge.subject_id == subject_id,
            CodeChallenge.passed_at.is_(None),
            CodeChallenge.tries_left > 0,
            CodeChallenge.created_at > now - timedelta(hours=2),
        )
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
    )
    if latest is not None and any(code.expires_at > now for code in latest.codes):
        return latest
    made = CodeChallenge(purpose=purpose, address=address, subject_id=subject_id, tries_left=TRIES, created_at=now)
    db.session.add(made)
    db.session.flush()
    return made


def send(of: CodeChallenge, *, now: datetime, words: dict[str, str] | None = None, kind: str = EMAIL_KIND) -> SentCode:
    """Send a further code for the challenge. Earlier ones stay valid for their own time.

    The code itself goes nowhere but into the mail, which the worker writes by computing it again. `words` are for
    the email's template (the service's name), `kind` says which one it is, or that it is a text message.
    """
    counter = (db.session.scalar(select(func.max(SentCode.counter)).where(SentCode.challenge_id == of.id)) or 0) + 1
    sent = SentCode(
        challenge_id=of.id,
        counter=counter,
        code_hmac=vault.keyed_hash(f"sign_in_code:{of.id}", _code(of.id, counter)),
        sent_at=now,
        expires_at=now + LIFETIME,
    )
    db.session.add(sent)
    db.session.flush()
    payload = {"challenge_id": str(of.id), "counter": str(counter)} | (words or {})
    outbox.post(kind, f"code:{of.id}:{counter}", to=of.address, payload=payload, now=now)
    return sent


def code_to_write(challenge_id: UUID, counter: int, *, now: datetime) -> str | None:
    """The code for the mail that is about to be sent; None when it has run out or was used meanwhile."""
    sent = db.session.scalar(select(SentCode).where(SentCode.challenge_id == challenge_id, SentCode.counter == counter))
    if sent is None or sent.used_at is not None or now >= sent.expires_at:
        return None
    return _code(challenge_id, counter)


def check(of: CodeChallenge, typed: str, *, now: datetime) -> None:
    """Accept one right code, once. Raises CodeRefused, never saying why.

    A try is taken by one atomic UPDATE before the comparison, so that 64 guesses at once evaluate five; a wrong
    try must be committed by the caller, who therefore catches CodeRefused inside the transaction.
    """
    taken = _take_try(of, open_still=True)
    accepted = _matching(of, clean_code(typed), now) if taken is not None else None
    if accepted is None:
        _note_refusal(of, tries_left=taken, now=now)
        raise CodeRefused
    measures.accepted(f"code:{of.purpose}")
    accepted.used_at = now
    of.passed_at = now
    db.session.flush()


def is_repeated(of: CodeChallenge, typed: str, *, now: datetime) -> bool:
    """Whether this is the very code that was accepted a moment ago: the answer to the first click may have been lost.

    It proves nothing anew, so it is for the caller to see that it comes from where the first one came from. It takes
    a try like any comparison, so that nobody guesses with it what they may not guess with `check`.
    """
    if of.passed_at is None or now - of.passed_at > REPEATED_WITHIN or _take_try(of, open_still=False) is None:
        return False
    accepted = select(SentCode).where(SentCode.challenge_id == of.id, SentCode.used_at == of.passed_at)
    purpose, digits = f"sign_in_code:{of.id}", clean_code(typed)
    return any([vault.recognises(each.code_hmac, purpose, digits) for each in db.session.scalars(accepted)])


def _take_try(of: CodeChallenge, *, open_still: bool) -> int | None:
    """How many tries are left when one was taken; None when there was none, or the challenge is not as it was."""
    standing = CodeChallenge.passed_at.is_(None) if open_still else CodeChallenge.passed_at.is_not(None)
    return db.session.execute(
        update(CodeChallenge)
        .where(CodeChallenge.id == of.id, CodeChallenge.tries_left > 0, standing)
        .values(tries_left=CodeChallenge.tries_left - 1)
        .returning(CodeChallenge.tries_left)
    ).scalar_one_or_none()


def _note_refusal(of: CodeChallenge, *, tries_left: int | None, now: datetime) -> None:
    """None where nothing was compared: the challenge was over."""
    log.warning("code_refused", purpose=of.purpose, challenge=str(of.id), tries_left=tries_left is not None)
    measures.refused(f"code:{of.purpose}")
    if tries_left == 0:
        audit.record("code_tries_used_up", audit.Subject("challenge", of.id), actor=audit.SYSTEM, now=now)


def clean_code(typed: str) -> str:
    """The digits of what was typed: spaces, dashes and full-width digits are accepted."""
    return "".join(each for each in unicodedata.normalize("NFKC", typed) if each in "0123456789")


def _matching(of: CodeChallenge, typed: str, now: datetime) -> SentCode | None:
    matching = None
    for code in db.session.scalars(select(SentCode).where(SentCode.challenge_id == of.id).order_by(SentCode.counter)):
        # Every code is compared, so that the time taken does not tell which one was near.
        same = vault.recognises(code.code_hmac, f"sign_in_code:{of.id}", typed)
        if same and code.used_at is None and now < code.expires_at:
            matching = code
    return matching


def _code(challenge_id: UUID, counter: int) -> str:
    """RFC 4226 with a key of its own for each challenge, derived from the process's newest secret."""
    key = vault.keyed_hash("hotp", str(challenge_id))
    return HOTP(base64.b32encode(key).decode(), digits=6).at(counter)
