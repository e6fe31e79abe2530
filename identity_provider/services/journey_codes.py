"""The codes of a journey: to the person's own address, and to the address of an account that may be theirs too."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from identity_provider.db import db
from identity_provider.domain.errors import CodeRefused
from identity_provider.models import CodeChallenge, Journey
from identity_provider.services import code_limits, contact_changes, journey_standing, second_clicks, sign_in_codes
from identity_provider.services.code_limits import Door


class CodeFor(StrEnum):
    """What a code of a journey proves."""

    SIGN_IN = "sign_in"
    EXISTING_ACCOUNT = "existing_account"
    TRN_HOLDER = "trn_holder"
    # Of a number, and by text message.
    MOBILE = "mobile"


def address_of(journey: Journey, purpose: CodeFor) -> str:
    """The address, or number, that the code goes to; empty when there is none."""
    if purpose is CodeFor.MOBILE:
        return journey.mobile_number or ""
    if purpose is CodeFor.SIGN_IN:
        # Who is known by an account proves the address that it has now.
        return journey.user.email if journey.user is not None else journey.email or ""
    other = journey_standing.other_account(journey)
    return other.email if other is not None else ""


def count_sending(address: str, ip: str, *, now: datetime) -> None:
    """Count one code. Raises RateLimited. To be committed before the code is sent."""
    code_limits.count_sending(Door.PERSON, address, ip, now=now)


def count_guess(address: str, ip: str, *, now: datetime) -> None:
    """Count one try. Raises RateLimited. To be committed before the code is compared."""
    code_limits.count_guess(Door.PERSON, address, ip, now=now)


def forgive_guess(address: str, ip: str, *, now: datetime) -> None:
    """The try was right, and is not held against anybody."""
    code_limits.forgive_guess(Door.PERSON, address, ip, now=now)


def send(journey: Journey, purpose: CodeFor, *, locale: str, now: datetime) -> None:
    """Send a code, in the language of the page; the same work whether or not anybody is known at the address.

    None without an address.
    """
    address = address_of(journey, purpose)
    if not address:
        return
    asked = sign_in_codes.challenge(purpose, address, journey.id, now=now)
    words = {"service_name": journey.client.name, "locale": locale}
    kind = contact_changes.NEW_MOBILE_CODE if purpose is CodeFor.MOBILE else sign_in_codes.EMAIL_KIND
    sign_in_codes.send(asked, now=now, words=words, kind=kind)


def check(journey: Journey, purpose: CodeFor, typed: str, *, now: datetime) -> None:
    """Accept a right code, once. Raises CodeRefused; the try is to be committed all the same."""
    asked = _latest(journey, purpose)
    if asked is None:
        raise CodeRefused
    sign_in_codes.check(asked, typed, now=now)


def carry_on_proof(journey: Journey, typed: str, *, now: datetime) -> str:
    """What lets this browser go on without another code, when it sent the very code that was just accepted once more.

    Its first click signed the person in, and the answer that said so may never have come: the session's cookie with
    it. Empty for any other code. The try is to be committed.
    """
    return second_clicks.proof(_latest(journey, CodeFor.SIGN_IN), typed, now=now)


def may_carry_on(journey: Journey, proof: str, *, now: datetime) -> bool:
    """Whether this proof was made for what was proved last in this journey, not long ago, and it still stands.

    It does not where the person went back to the service, or ended the session that the first click began.
    """
    if journey.email_proved_at is None or journey.authorization_request.answered_at is not None:
        return False
    return second_clicks.is_good(proof, _latest(journey, CodeFor.SIGN_IN), journey.user, now=now)


def is_waiting(journey: Journey, purpose: CodeFor, *, now: datetime) -> bool:
    """Whether a code is on its way that can still be entered: sent, not run out, and tries are left."""
    asked = _latest(journey, purpose)
    if asked is None or asked.passed_at is not None or asked.tries_left == 0:
        return False
    return any(code.expires_at > now and code.used_at is None for code in asked.codes)


def is_passed(journey: Journey, purpose: CodeFor) -> bool:
    """Whether a code was accepted and none was sent since."""
    asked = _latest(journey, purpose)
    return asked is not None and asked.passed_at is not None


def was_sent(journey: Journey, purpose: CodeFor) -> bool:
    """Whether any code was sent for this in the journey."""
    return _latest(journey, purpose) is not None


def is_exhausted(journey: Journey, purpose: CodeFor) -> bool:
    """Whether all tries for the codes sent so far were used up."""
    asked = _latest(journey, purpose)
    return asked is not None and asked.tries_left == 0 and asked.passed_at is None


def _latest(journey: Journey, purpose: CodeFor) -> CodeChallenge | None:
    return db.session.scalar(
        select(CodeChallenge)
        .where(
            CodeChallenge.purpose == purpose,
            CodeChallenge.address == address_of(journey, purpose),
            CodeChallenge.subject_id == journey.id,
        )
        .order_by(CodeChallenge.created_at.desc())
        .limit(1)
    )
