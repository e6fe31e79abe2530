"""Passkeys (WebAuthn Level 3): added by who is signed in, and shown instead of codes.

A challenge is good once, for five minutes, in the browser that asked for it. Devices are asked for keys that they find
by themselves (discoverable), so that nothing here tells who has one, and always have to know their person (user
verification). Attestation is not asked for: what make the device is, is nobody's business.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
import webauthn
from sqlalchemy import ColumnElement, delete, select, update
from webauthn.helpers import (
    options_to_json,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from config.logging import SECURITY
from identity_provider.db import db
from identity_provider.domain.errors import IdentityError
from identity_provider.models import Passkey, PasskeyChallenge, StaffUser, User
from identity_provider.services import audit, identities, measures, outbox, rate_limits
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.rate_limits import Limit
from identity_provider.vault import vault

CHALLENGE_LIVES = timedelta(minutes=5)
MOST = 10
"""How many one account may have."""
NAME_LENGTH = 60
TRIES_PER_IP = Limit("passkey_tries_per_ip", 120, timedelta(minutes=10), audited=True)
"""Counted when a challenge is asked for and when one is answered: a whole school may sign in from one address."""

ADDED, REMOVED = "passkey_added", "passkey_removed"
_BROWSER = "passkey_browser"
_HANDLE_BYTES = 32
_LONGEST = 20_000
_MILLISECONDS = int(CHALLENGE_LIVES.total_seconds() * 1000)
# What the parsers of bytes from outside raise beside their own refusals.
_UNREADABLE = (WebAuthnException, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, EOFError)

Holder = User | StaffUser

log = structlog.get_logger(SECURITY)


class Purpose(StrEnum):
    """What a challenge is for; one made for people opens nothing for staff."""

    PERSON_SHOWS = "person_shows"
    PERSON_ADDS = "person_adds"
    STAFF_SHOW = "staff_show"
    STAFF_ADD = "staff_add"

    @property
    def is_for_staff(self) -> bool:
        """Whether it is answered in the console."""
        return self in {Purpose.STAFF_SHOW, Purpose.STAFF_ADD}


class TooManyPasskeys(IdentityError):
    """The account has as many as it may have: one has to be removed first."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a passkey is asked for: the site it is bound to (by the issuer), and the secret of the browser's cookie."""

    origin: str
    host: str
    name: str
    browser: str


def of(holder: Holder) -> list[Passkey]:
    """The passkeys that open an account, oldest first; also those of accounts that became part of it."""
    return list(db.session.scalars(select(Passkey).where(_is_of(holder)).order_by(Passkey.created_at, Passkey.id)))


def person_of(passkey: Passkey) -> User | None:
    """Whose account it opens: of an account that became part of another one, that other one. None for staff's.

    Whether they may come in is for the caller to ask.
    """
    return identities.survivor_of(passkey.user) if passkey.user is not None else None


def has_any(user: User) -> bool:
    """Whether this person has one at all."""
    return db.session.scalar(select(Passkey.id).where(_is_of(user)).limit(1)) is not None


def options_to_add(holder: Holder, place: Place, *, now: datetime) -> str:
    """What the browser is to ask the device for, as JSON. Raises TooManyPasskeys."""
    there = of(holder)
    if len(there) >= MOST:
        raise TooManyPasskeys
    handle = next((each.user_handle for each in there if each.user_id in (None, holder.id)), os.urandom(_HANDLE_BYTES))
    purpose = Purpose.STAFF_ADD if isinstance(holder, StaffUser) else Purpose.PERSON_ADDS
    made = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=place.name,
        user_name=holder.email,
        user_display_name=_called(holder),
        user_id=handle,
        timeout=_MILLISECONDS,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in there],
    )
    challenge = _kept(made.challenge, purpose, place, now)
    challenge.owner_id, challenge.user_handle = holder.id, handle
    return options_to_json(made)


def options_to_show(purpose: Purpose, place: Place, *, now: datetime, known: Holder | None = None) -> str:
    """What the browser is to ask the device for, as JSON: any passkey for this site, or one of who is `known`."""
    made = webauthn.generate_authentication_options(
        rp_id=place.host,
        timeout=_MILLISECONDS,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each.credential_id) for each in of(known)] if known else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    _kept(made.challenge, purpose, place, now)
    return options_to_json(made)


def add(holder: Holder, sent: str, place: Place, *, name: str, now: datetime) -> Passkey | None:
    """Keep the passkey that the device made. They are told by email.

    None when it does not answer a challenge of this account and browser, or is somebody's already: the caller commits,
    so that the challenge is used up. None too when the account has as many as it may have.
    """
    purpose = Purpose.STAFF_ADD if isinstance(holder, StaffUser) else Purpose.PERSON_ADDS
    asked = _taken(_challenge_in(sent, parse_registration_credential_json), purpose, place, now)
    if asked is None or asked.owner_id != holder.id or asked.user_handle is None:
        return _refused("passkey_not_added", "no such challenge")
    try:
        made = webauthn.verify_registration_response(
            credential=sent,
            expected_challenge=asked.challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except _UNREADABLE as refusal:
        return _refused("passkey_not_added", str(refusal))
    _hold(holder)
    if len(of(holder)) >= MOST:
        return _refused("passkey_not_added", "there are as many as there may be")
    if _by_credential(made.credential_id) is not None:
        return _refused("passkey_not_added", "it is there already")
    passkey = Passkey(
        **_owner(holder),
        credential_id=made.credential_id,
        user_handle=asked.user_handle,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        synchronised=made.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        name=_named(name),
        created_at=now,
    )
    db.session.add(passkey)
    db.session.flush()
    _tell(ADDED, passkey, holder, now=now)
    return passkey


def shown(sent: str, purpose: Purpose, place: Place, *, now: datetime) -> Passkey | None:
    """The passkey that the device has just proved to hold; None, never saying why, when it has not.

    Whether its owner may come in is for the caller to ask. The caller commits in any case: the challenge is used up,
    and what looks like a copied key is written down.
    """
    asked = _taken(_challenge_in(sent, parse_authentication_credential_json), purpose, place, now)
    passkey = _by_credential(_credential_in(sent)) if asked is not None else None
    if asked is None or passkey is None or (passkey.staff_id is not None) != purpose.is_for_staff:
        return _refused(purpose, "no such challenge or passkey")
    try:
        proof = webauthn.verify_authentication_response(
            credential=sent,
            expected_challenge=asked.challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            # Compared below, where a counter that went back can be told from anything else that is wrong.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        handle = parse_authentication_credential_json(sent).response.user_handle
    except _UNREADABLE as refusal:
        return _refused(purpose, str(refusal))
    if handle is not None and handle != passkey.user_handle:
        return _refused(purpose, "the device knows another account")
    if not _counts_on(passkey, proof.new_sign_count, now):
        return None
    measures.accepted(f"passkey:{purpose}")
    return passkey


def rename(passkey: Passkey, name: str, *, now: datetime) -> None:
    """Call it something else."""
    before = {"name": passkey.name}
    passkey.name = _named(name)
    if before != {"name": passkey.name}:
        _record("passkey_renamed", passkey, now, (before, {"name": passkey.name}))


def remove(passkey: Passkey, *, now: datetime) -> None:
    """It opens nothing any more. They are told by email."""
    _tell(REMOVED, passkey, _holder_of(passkey), now=now)
    db.session.delete(passkey)
    db.session.flush()


def pass_on(other: User, survivor: User, *, actor: Actor, now: datetime) -> None:
    """Write down which keys open the survivor from now on, since `other` became part of it; before that is done."""
    opening = [str(each.id) for each in of(other)]
    if opening:
        told, subject = {"passkeys": opening, "of": str(other.id)}, Subject("user", survivor.id)
        audit.record("passkeys_passed_on", subject, actor=actor, now=now, change=({}, told))


def remove_all_of(holder: Holder) -> int:
    """Forget every passkey of an account, without a word to anybody; returns how many."""
    gone = db.session.execute(delete(Passkey).where(_is_of(holder)))
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]  # a CursorResult, as of every DELETE


def count_try(ip: str, *, now: datetime) -> None:
    """Count one challenge, or one answer. Raises RateLimited. To be committed before anything else is done."""
    rate_limits.count(TRIES_PER_IP, ip, now=now)


def _kept(challenge: bytes, purpose: Purpose, place: Place, now: datetime) -> PasskeyChallenge:
    row = PasskeyChallenge(
        challenge=challenge,
        purpose=purpose,
        browser_hmac=vault.keyed_hash(_BROWSER, place.browser),
        created_at=now,
        expires_at=now + CHALLENGE_LIVES,
    )
    db.session.add(row)
    return row


def _taken(challenge: bytes, purpose: Purpose, place: Place, now: datetime) -> PasskeyChallenge | None:
    """Use a challenge up: of any number of answers to it, one finds it."""
    return db.session.execute(
        delete(PasskeyChallenge)
        .where(
            PasskeyChallenge.challenge == challenge,
            PasskeyChallenge.purpose == purpose,
            PasskeyChallenge.browser_hmac.in_(vault.keyed_hashes(_BROWSER, place.browser)),
            PasskeyChallenge.expires_at > now,
        )
        .returning(PasskeyChallenge)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()


def _challenge_in(sent: str, parse: Callable[[str], Any]) -> bytes:
    """The challenge that an answer says it signs; empty when it is no answer at all."""
    if len(sent) > _LONGEST:
        return b""
    try:
        return bytes(parse_client_data_json(parse(sent).response.client_data_json).challenge)
    except (*_UNREADABLE, RecursionError):
        return b""


def _credential_in(sent: str) -> bytes:
    return parse_authentication_credential_json(sent).raw_id


def _by_credential(credential_id: bytes) -> Passkey | None:
    return db.session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))


def _counts_on(passkey: Passkey, count: int, now: datetime) -> bool:
    """Note the use, if the device's counter went on since the last one (WebAuthn 7.2, step 22).

    One that went back or stood still means that two devices hold the same key, and one of them is a copy.
    """
    goes_on: ColumnElement[bool] = Passkey.sign_count < count
    if count == 0:
        goes_on = Passkey.sign_count == 0
    noted = db.session.scalar(
        update(Passkey)
        .where(Passkey.id == passkey.id, goes_on)
        .values(sign_count=count, last_used_at=now)
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(passkey)
    if noted is not None:
        return True
    _record("passkey_perhaps_copied", passkey, now, ({"sign_count": passkey.sign_count}, {"sign_count": count}))
    log.warning("passkey_perhaps_copied", passkey=str(passkey.id))
    measures.reused("passkey")
    return False


def _refused(what: str, why: str) -> Passkey | None:
    """No passkey. Why is for the log only: whoever asked is told nothing but that it did not work."""
    log.warning("passkey_refused", purpose=what, reason=why[:200])
    measures.refused(f"passkey:{what}")
    return None


def _is_of(holder: Holder) -> ColumnElement[bool]:
    if isinstance(holder, StaffUser):
        return Passkey.staff_id == holder.id
    return Passkey.user_id.in_([each.id for each in identities.all_of(holder)])


def _owner(holder: Holder) -> dict[str, UUID]:
    return {"staff_id" if isinstance(holder, StaffUser) else "user_id": holder.id}


def _hold(holder: Holder) -> None:
    """Of two that are added at once, the second one waits here and is counted."""
    table = type(holder)
    db.session.execute(select(table.id).where(table.id == holder.id).with_for_update(of=table))


def _holder_of(passkey: Passkey) -> Holder:
    holder = person_of(passkey) or passkey.staff
    if holder is None:
        raise ValueError("a passkey has an owner")
    return holder


def _called(holder: Holder) -> str:
    return holder.display_name if isinstance(holder, StaffUser) else f"{holder.first_name} {holder.last_name}"


def _named(name: str) -> str:
    return name.strip()[:NAME_LENGTH] or "Passkey"


def _tell(kind: str, passkey: Passkey, holder: Holder, *, now: datetime) -> None:
    _record(kind, passkey, now, ({}, {"passkey": str(passkey.id)}))
    staff = isinstance(holder, StaffUser)
    outbox.post(kind, f"{kind}:{passkey.id}", to=holder.email, payload={"staff": staff}, now=now)


def _record(action: str, passkey: Passkey, now: datetime, change: tuple[dict[str, Any], dict[str, Any]]) -> None:
    holder = _holder_of(passkey)
    subject = Subject("staff" if isinstance(holder, StaffUser) else "user", holder.id)
    audit.record(action, subject, actor=Actor.of(holder), now=now, change=change)
