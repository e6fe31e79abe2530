"""Sharing an award by a code: made and revoked by its holder, checked by whoever has it and knows the date of birth.

To whoever asks, a wrong code, a wrong date, and a code that was revoked, has expired or is locked are one and the
same: nothing tells them apart, neither words nor the work that is done.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, text, update

from identity_provider.db import db
from identity_provider.domain.awards import as_kept, new_code
from identity_provider.domain.errors import IllegalMove
from identity_provider.models import Award, AwardCheck, AwardCode, User
from identity_provider.services import audit, measures, outbox, rate_limits
from identity_provider.services.audit import SYSTEM, Actor, Subject
from identity_provider.vault import vault

CHECKED = "award_checked"
LOCKED = "award_code_locked"
LIFETIMES = {"week": timedelta(days=7), "month": timedelta(days=30), "quarter": timedelta(days=90)}
WRONG_DATES = 5
"""So many wrong dates of birth lock a code for good."""

MOST_CODES = 20
"""So many codes of one award may be in use at once."""

_PURPOSE = "award_code"
_NOBODY = UUID(int=0)
# What a wrong date writes is waited for no longer than what a wrong code writes, which is nothing.
_DO_NOT_WAIT = text("SET LOCAL synchronous_commit TO off")


class TooManyCodes(IllegalMove):
    """So many codes of this award are in use already that one has to be revoked first."""


class CodeState(StrEnum):
    """Where a code stands, for the person who made it."""

    USABLE = "usable"
    REVOKED = "revoked"
    LOCKED = "locked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Looking:
    """Who looks, as they say of themselves, and why."""

    organisation: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)


def make(award: Award, given_to: str, lifetime: timedelta, *, now: datetime) -> tuple[AwardCode, str]:
    """Make a code of an award; returns it with its text, which is kept nowhere and shown this once.

    Raises IllegalMove for an award that was withdrawn, or whose holder's date of birth is not known; TooManyCodes.
    """
    db.session.get_one(Award, award.id, with_for_update={"of": Award}, populate_existing=True)
    if award.is_withdrawn or award.user.date_of_birth is None:
        raise IllegalMove("this award cannot be shared")
    if sum(each.is_usable(now) for each in codes_of(award)) >= MOST_CODES:
        raise TooManyCodes("too many codes are in use")
    shown = new_code()
    code = AwardCode(
        award_id=award.id,
        code_hmac=vault.keyed_hash(_PURPOSE, as_kept(shown)),
        given_to=given_to,
        created_at=now,
        expires_at=now + lifetime,
    )
    db.session.add(code)
    db.session.flush()
    _note("award_code_made", code, award, Actor.of(award.user), now=now)
    return code, shown


def revoke(code: AwardCode, *, now: datetime) -> None:
    """End a code; a second time changes nothing."""
    if code.revoked_at is None:
        code.revoked_at = now
        _note("award_code_revoked", code, code.award, Actor.of(code.award.user), now=now)


def codes_of(award: Award) -> list[AwardCode]:
    """Every code of an award that is still kept, the newest first."""
    return list(
        db.session.scalars(
            select(AwardCode).where(AwardCode.award_id == award.id).order_by(AwardCode.created_at.desc())
        )
    )


def one_of(award: Award, code_id: UUID) -> AwardCode | None:
    """A code of this award; None for another's."""
    code = db.session.get(AwardCode, code_id)
    return code if code is not None and code.award_id == award.id else None


def looks_at(award: Award) -> list[AwardCheck]:
    """Everybody who looked at an award, the last one first."""
    looked = select(AwardCheck).join(AwardCode).where(AwardCode.award_id == award.id).order_by(AwardCheck.at.desc())
    return list(db.session.scalars(looked))


def state_of(code: AwardCode, now: datetime) -> CodeState:
    """Where the code stands."""
    if code.revoked_at is not None:
        return CodeState.REVOKED
    if code.locked_at is not None:
        return CodeState.LOCKED
    return CodeState.USABLE if now < code.expires_at else CodeState.EXPIRED


def count_try(typed: str, ip: str, *, now: datetime) -> None:
    """Count one look with this code, whether or not there is such a one. Raises RateLimited.

    To be committed before `check`, in a transaction of its own.
    """
    rate_limits.count(rate_limits.AWARD_CHECKS_PER_IP, ip, now=now)
    rate_limits.count(rate_limits.AWARD_CHECKS_PER_CODE, as_kept(typed), now=now)


def forgive_try(ip: str, *, now: datetime) -> None:
    """The look was a right one: an office that checks many awards is not shut out."""
    rate_limits.forgive(rate_limits.AWARD_CHECKS_PER_IP, ip, now=now)


def check(typed: str, born: date, who: Looking, *, now: datetime) -> AwardCheck | None:
    """Look at the award of this code; None for everything that is wrong. A wrong date counts: the caller commits.

    The holder sees who looked, and hears of it by email once a day for each code.
    """
    # One statement, whether or not there is such a code.
    found = db.session.execute(
        select(AwardCode, User)
        .join(Award, AwardCode.award_id == Award.id)
        .join(User, Award.user_id == User.id)
        .where(AwardCode.code_hmac.in_(vault.keyed_hashes(_PURPOSE, as_kept(typed))))
        .with_for_update(of=AwardCode)
        .execution_options(populate_existing=True)
    ).one_or_none()
    code, holder = found if found is not None else (None, None)
    if code is None or holder is None or not code.is_usable(now) or holder.date_of_birth != born:
        _count_wrong_date(code, now=now)
        measures.refused("award_code")
        return None
    measures.accepted("award_code")
    return _note_look(code, holder, who, now=now)


def _count_wrong_date(code: AwardCode | None, *, now: datetime) -> None:
    """The same statements whether or not there is such a code."""
    db.session.execute(_DO_NOT_WAIT)
    wrong = db.session.scalar(
        update(AwardCode)
        .where(AwardCode.id == (code.id if code is not None else _NOBODY), AwardCode.locked_at.is_(None))
        .values(wrong_dates=AwardCode.wrong_dates + 1)
        .returning(AwardCode.wrong_dates)
        .execution_options(synchronize_session=False)
    )
    if code is not None and wrong is not None and wrong >= WRONG_DATES:
        code.locked_at = now
        _note("award_code_locked", code, code.award, SYSTEM, now=now)
        words = {"award_id": str(code.award_id), "given_to": code.given_to}
        outbox.post(LOCKED, f"{LOCKED}:{code.id}", to=code.award.user.email, payload=words, now=now)


def _note_look(code: AwardCode, holder: User, who: Looking, *, now: datetime) -> AwardCheck:
    look = AwardCheck(
        code=code,
        reference=_new_reference(),
        organisation=who.organisation,
        reason=who.reason,
        told_withdrawn=code.award.is_withdrawn,
        at=now,
    )
    db.session.add(look)
    db.session.flush()
    _note("award_checked", code, code.award, SYSTEM, now=now, reference=look.reference)
    # Nothing that a stranger wrote goes into an email: who they say they are stands in the account.
    key = f"{CHECKED}:{code.id}:{now.date().isoformat()}"
    outbox.post(CHECKED, key, to=holder.email, payload={"award_id": str(code.award_id)}, now=now)
    return look


def _new_reference() -> str:
    """What an employer may write down and read out: digits only, e.g. 4821-0937-5512."""
    return "-".join(f"{secrets.randbelow(10_000):04}" for _ in range(3))


def _note(action: str, code: AwardCode, award: Award, actor: Actor, *, now: datetime, reference: str = "") -> None:
    after = {"award": str(award.id), "code": str(code.id)} | ({"check": reference} if reference else {})
    audit.record(action, Subject("user", award.user_id), actor=actor, now=now, change=({}, after))
