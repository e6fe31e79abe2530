"""Between the two factors: what this browser has proved so far, kept in a row and bound to its cookie."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update

from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused
from identity_provider.kit.session import browser_secret
from identity_provider.models import CodeChallenge, SentCode, StaffUser
from identity_provider.services import sign_in_codes, staff
from identity_provider.vault import vault

PURPOSE = "staff"
FIRST_FACTOR_LASTS = timedelta(minutes=10)
_CODES_LAST = timedelta(hours=1)


def begin(address: str, *, now: datetime) -> None:
    """Send a code to a member of staff. For anybody else the same rows are written, and nothing is sent.

    The code of an address that is not staff's is used up at once: the worker finds nothing to write, and neither
    the page nor the time it takes tells anybody whose address it is (attack 28).
    """
    challenge = sign_in_codes.challenge(PURPOSE, address, _browser(), now=now)
    # The console is in English, whatever the same address reads as a teacher's.
    sent = sign_in_codes.send(challenge, now=now, words={"locale": "en"})
    used_at = None if _may_enter(staff.find(address)) else now
    # One statement for everybody: what is written differs, not how much.
    db.session.execute(update(SentCode).where(SentCode.id == sent.id).values(used_at=used_at))
    _forget_others(challenge.id)


def waiting(*, now: datetime) -> CodeChallenge | None:
    """The address that this browser is proving at the moment, if any."""
    return db.session.scalar(
        select(CodeChallenge)
        .where(
            CodeChallenge.purpose == PURPOSE,
            CodeChallenge.subject_id == _browser(),
            CodeChallenge.created_at > now - _CODES_LAST,
        )
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
        .execution_options(populate_existing=True)  # another click may have been quicker
    )


def prove_address(challenge: CodeChallenge, typed: str, *, now: datetime) -> bool:
    """Whether the code that was typed proves the address. A wrong try counts, so this returns and never raises."""
    try:
        sign_in_codes.check(challenge, typed, now=now)
    except CodeRefused:
        return False
    return True


def proved(*, now: datetime) -> StaffUser | None:
    """Who has shown the first factor in this browser, not long ago."""
    challenge = waiting(now=now)
    if challenge is None or challenge.passed_at is None or now - challenge.passed_at > FIRST_FACTOR_LASTS:
        return None
    return _may_enter(staff.find(challenge.address))


def forget() -> None:
    """The first factor was good for one sign-in."""
    _forget_others(None)


def _forget_others(kept: UUID | None) -> None:
    """What this browser began before with other addresses does not count any more."""
    mine = (CodeChallenge.purpose == PURPOSE, CodeChallenge.subject_id == _browser())
    db.session.execute(delete(CodeChallenge).where(*mine, *([CodeChallenge.id != kept] if kept else [])))


def _browser() -> UUID:
    return UUID(bytes=vault.keyed_hash("staff_sign_in", browser_secret())[:16])


def _may_enter(member: StaffUser | None) -> StaffUser | None:
    return member if member is not None and member.disabled_at is None else None
