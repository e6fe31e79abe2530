"""Staff: who may enter the console, and the second factor that they bring (RFC 6238)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyotp
from sqlalchemy import select, update

from identity_provider.db import db
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import CodeRefused, EmailInUse, IdentityError, IllegalMove
from identity_provider.models import StaffUser
from identity_provider.services import audit, browser_sessions, measures, passkeys
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.rate_limits import Limit
from identity_provider.services.sign_in_codes import clean_code
from identity_provider.vault import vault

ISSUER_NAME = "Get an identity support"
TOTP_TRIES = Limit("staff_totp", 5, timedelta(minutes=10), audited=True)
_STEP_SECONDS = 30
_STEPS_EITHER_WAY = 1


class OwnAccount(IdentityError):
    """Nobody changes their own roles or disables themselves: another administrator does."""


def add(email: str, roles: Sequence[StaffRole], *, name: str = "", actor: Actor, now: datetime) -> StaffUser:
    """Let somebody into the console. Raises EmailInUse when they are known, IllegalMove without a role."""
    address = email.strip().lower()
    if not roles:
        raise IllegalMove("a member of staff has at least one role")
    if find(address) is not None:
        raise EmailInUse(address)
    staff = StaffUser(email=address, name=name.strip(), roles=_words(roles), created_at=now)
    db.session.add(staff)
    db.session.flush()
    _record("staff_added", staff, actor, now, ({}, {"roles": staff.roles}))
    return staff


def find(email: str) -> StaffUser | None:
    """The member of staff with this address, disabled or not."""
    return db.session.scalar(select(StaffUser).where(StaffUser.email == email.strip().lower()))


def change_roles(staff: StaffUser, roles: Sequence[StaffRole], *, actor: Actor, now: datetime) -> None:
    """Give other roles. Raises OwnAccount for one's own, IllegalMove without any."""
    refuse_own(staff, actor)
    if not roles:
        raise IllegalMove("a member of staff has at least one role")
    before = {"roles": list(staff.roles)}
    staff.roles = _words(roles)
    if before != {"roles": staff.roles}:
        _record("staff_roles_changed", staff, actor, now, (before, {"roles": staff.roles}))


def disable(staff: StaffUser, *, actor: Actor, now: datetime) -> None:
    """Shut somebody out, at once and in every browser."""
    refuse_own(staff, actor)
    if staff.disabled_at is not None:
        return
    staff.disabled_at = now
    browser_sessions.end_all_of(staff, now=now)
    _record("staff_disabled", staff, actor, now, ({"disabled": False}, {"disabled": True}))


def enable(staff: StaffUser, *, actor: Actor, now: datetime) -> None:
    """Let somebody in again; they enrol anew, as what they signed in with may be why they were shut out."""
    refuse_own(staff, actor)
    if staff.disabled_at is None:
        return
    staff.disabled_at = None
    _forget_ways_in(staff)
    _record("staff_enabled", staff, actor, now, ({"disabled": True}, {"disabled": False}))


def reset_totp(staff: StaffUser, *, actor: Actor, now: datetime) -> None:
    """Have somebody who lost their device enrol a new one at the next sign-in; their passkeys are forgotten, too."""
    refuse_own(staff, actor)
    _forget_ways_in(staff)
    browser_sessions.end_all_of(staff, now=now)
    _record("staff_totp_reset", staff, actor, now, ({}, {}))


def enrol_totp(staff: StaffUser, *, secret: str | None = None, confirmed_at: datetime | None = None) -> str:
    """Give a secret to somebody without a confirmed one and return it; asked again, it is the same one.

    `secret` and `confirmed_at` are for operators, who bring a secret that is already in somebody's device.
    """
    if staff.totp_confirmed_at is not None:
        raise IllegalMove("this person has a second factor")
    if secret is None and staff.totp_secret_encrypted is not None:
        return vault.unseal(staff.totp_secret_encrypted, _context(staff))
    db.session.flush()  # the id is part of what the secret is sealed for
    made = secret or pyotp.random_base32()
    staff.totp_secret_encrypted = vault.seal(made, _context(staff))
    staff.totp_confirmed_at = confirmed_at
    db.session.flush()
    return made


def secret_to_show(staff: StaffUser) -> str | None:
    """The secret that an app is to be set up with: one for all tabs of a person; None once it is confirmed."""
    held = select(StaffUser).where(StaffUser.id == staff.id).with_for_update(of=StaffUser)
    db.session.scalars(held.execution_options(populate_existing=True)).one()
    return None if staff.totp_confirmed_at is not None else enrol_totp(staff)


def provisioning_uri(staff: StaffUser, secret: str) -> str:
    """What the QR code says to an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff.email, issuer_name=ISSUER_NAME)


def verify_totp(staff: StaffUser, typed: str, *, now: datetime) -> None:
    """Accept a code of this moment or of the step before or after, once (RFC 6238 section 5.2).

    The first accepted code confirms an enrolment. Raises CodeRefused, never saying why. Of two requests with one
    code at the same time the atomic UPDATE lets one through.
    """
    step = _step_of(staff, clean_code(typed), now)
    if step is None:
        measures.refused("totp")
        raise CodeRefused
    accepted = db.session.scalar(
        update(StaffUser)
        .where(StaffUser.id == staff.id, StaffUser.totp_last_step.is_(None) | (StaffUser.totp_last_step < step))
        .values(totp_last_step=step)
        .returning(StaffUser.id)
    )
    if accepted is None:
        measures.reused("totp")
        raise CodeRefused
    measures.accepted("totp")
    if staff.totp_confirmed_at is None:
        staff.totp_confirmed_at = now
        _record("staff_totp_confirmed", staff, Actor.of(staff), now, ({}, {}))


def _step_of(staff: StaffUser, typed: str, now: datetime) -> int | None:
    if staff.totp_secret_encrypted is None:
        return None
    totp = pyotp.TOTP(vault.unseal(staff.totp_secret_encrypted, _context(staff)), interval=_STEP_SECONDS)
    current = int(now.timestamp()) // _STEP_SECONDS
    found = None
    for step in range(current - _STEPS_EITHER_WAY, current + _STEPS_EITHER_WAY + 1):
        if pyotp.utils.strings_equal(totp.at(step * _STEP_SECONDS), typed):
            found = step
    return found


def forget_totp(staff: StaffUser) -> None:
    """Whatever app was set up, or half set up, shows nothing that is good any more."""
    staff.totp_secret_encrypted = None
    staff.totp_confirmed_at = None
    staff.totp_last_step = None


def _forget_ways_in(staff: StaffUser) -> None:
    """Also a code that was handed over, and not used yet: a new one goes to whoever asks now."""
    forget_totp(staff)
    staff.enrolment_code_hmac = staff.enrolment_code_expires_at = staff.enrolment_browser_hmac = None
    passkeys.remove_all_of(staff)


def _context(staff: StaffUser) -> str:
    return f"totp:{staff.id}"


def _words(roles: Sequence[StaffRole]) -> list[str]:
    return sorted({role.value for role in roles})


def refuse_own(staff: StaffUser, actor: Actor) -> None:
    """Raises OwnAccount where somebody would change their own standing."""
    if actor.type == "staff" and actor.id == str(staff.id):
        raise OwnAccount


def _record(
    action: str, staff: StaffUser, actor: Actor, now: datetime, change: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    audit.record(action, Subject("staff", staff.id), actor=actor, now=now, change=change)
