"""The first authenticator app of staff: set up with the mailbox and a code that an administrator hands over.

Without that code, who reads somebody's mail before their first sign-in would be the one to set up the second factor.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

import structlog

from config.logging import SECURITY
from identity_provider.domain.errors import CodeRefused, IllegalMove
from identity_provider.models import StaffUser
from identity_provider.services import audit, measures, staff
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.rate_limits import Limit
from identity_provider.vault import vault

CODE_LIVES = timedelta(days=7)
TRIES = Limit("staff_enrolment", 10, timedelta(hours=1), audited=True)
# Nothing that is taken for something else when it is read out: no I, L, O, U (Crockford's alphabet).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("ILO", "110")
_LENGTH, _GROUP = 12, 4
_BROWSER = "staff_enrolment_browser"

log = structlog.get_logger(SECURITY)


def give_code(member: StaffUser, *, actor: Actor, now: datetime) -> str:
    """A new code (60 bits), to be shown once; the one before it is good for nothing any more.

    Raises IllegalMove for somebody who has a second factor: it is reset first. OwnAccount for one's own.
    """
    staff.refuse_own(member, actor)
    if member.totp_confirmed_at is not None:
        raise IllegalMove("this person has a second factor")
    code = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    member.enrolment_code_hmac = vault.keyed_hash(_purpose(member), code)
    member.enrolment_code_expires_at = now + CODE_LIVES
    member.enrolment_browser_hmac = None
    audit.record("staff_enrolment_code_given", Subject("staff", member.id), actor=actor, now=now)
    return "-".join(code[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))


def show_code(member: StaffUser, typed: str, browser: str, *, now: datetime) -> None:
    """Let this browser set up the app. Raises CodeRefused, never saying why.

    The code is used up once an app is set up with it, so that a page that was closed is no dead end; whoever shows it
    later begins with a key of their own.
    """
    if not _is_good(member, typed, now):
        measures.refused("staff_enrolment")
        log.warning("staff_enrolment_refused", staff=str(member.id))
        raise CodeRefused
    measures.accepted("staff_enrolment")
    if not vault.recognises(member.enrolment_browser_hmac or b"", _BROWSER, browser):
        staff.forget_totp(member)
    member.enrolment_browser_hmac = vault.keyed_hash(_BROWSER, browser)


def may_set_up(member: StaffUser, browser: str, *, now: datetime) -> bool:
    """Whether this browser has shown the code that is good at the moment."""
    expires = member.enrolment_code_expires_at
    if expires is None or now >= expires or member.enrolment_browser_hmac is None:
        return False
    return vault.recognises(member.enrolment_browser_hmac, _BROWSER, browser)


def done(member: StaffUser) -> None:
    """The app is set up: the code has done its work."""
    member.enrolment_code_hmac = member.enrolment_code_expires_at = member.enrolment_browser_hmac = None


def _is_good(member: StaffUser, typed: str, now: datetime) -> bool:
    kept, expires = member.enrolment_code_hmac, member.enrolment_code_expires_at
    if kept is None or expires is None or now >= expires:
        return False
    plain = "".join(each for each in typed.upper().translate(_MEANT) if each in _ALPHABET)
    return vault.recognises(kept, _purpose(member), plain)


def _purpose(member: StaffUser) -> str:
    return f"staff_enrolment:{member.id}"
