"""Trips to GOV.UK One Login: each begins in one browser, comes back there once, and is believed only when it holds."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select, update

from identity_provider.db import db
from identity_provider.domain.errors import IdentityError
from identity_provider.domain.patience import waiting
from identity_provider.models import Journey, OneLoginAttempt, OneLoginPurpose, User
from identity_provider.ports import BrokerRefused, BrokerUnavailable, IdentityBroker
from identity_provider.services import one_login_checks as checks
from identity_provider.services import one_login_told, rate_limits
from identity_provider.services.one_login_told import CORE_IDENTITY, RETURN_CODE, Told
from identity_provider.vault import new_secret, vault

TRIP_LASTS = timedelta(hours=1)
"""Proving an identity there takes a while: people look for their passport first."""

TRIPS_PER_IP = rate_limits.Limit("one_login_trips_per_ip", 300, timedelta(minutes=10), audited=True)
PATIENCE_SECONDS = 8.0
"""Nobody waits longer for One Login in all; each call to it is limited by its adapter."""

_STATE, _NONCE, _BROWSER, _VERIFIER = "one_login_state", "one_login_nonce", "one_login_browser", "one_login_verifier"
_VECTORS = {
    OneLoginPurpose.SIGN_IN: [checks.CREDENTIAL_TRUST],
    OneLoginPurpose.IDENTITY: [f"{checks.CREDENTIAL_TRUST}.P2"],
}
_UI_LOCALES = ("en", "cy")


class NotThisTrip(IdentityError):
    """What came back belongs to no trip of this browser: another one's, one that is over, or none at all."""


class NothingProved(IdentityError):
    """The person signed in at One Login, which did not prove who they are; `codes` are its reasons, in letters."""

    def __init__(self, codes: tuple[str, ...]) -> None:
        super().__init__("no identity was proved")
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Departure:
    """A trip that begins: what only the browser and One Login will know of it."""

    purpose: OneLoginPurpose
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


def count_trip(ip: str, *, now: datetime) -> None:
    """Count one trip. Raises RateLimited. To be committed before it begins."""
    rate_limits.count(TRIPS_PER_IP, ip, now=now)


def depart(
    purpose: OneLoginPurpose, browser: str, *, journey: Journey | None = None, user: User | None = None, now: datetime
) -> Departure:
    """Begin a trip for a journey, for somebody who is signed in, or for whom it will sign in to their account.

    `browser` is the secret of the browser's cookie: nobody else's browser ends the trip (attack 27).
    """
    leaving = Departure(purpose, new_secret(), new_secret(), new_secret())
    db.session.add(
        OneLoginAttempt(
            state_hmac=vault.keyed_hash(_STATE, leaving.state),
            nonce_hmac=vault.keyed_hash(_NONCE, leaving.nonce),
            verifier_sealed=vault.seal(leaving.verifier, _VERIFIER),
            browser_hmac=vault.keyed_hash(_BROWSER, browser),
            purpose=purpose.value,
            journey_id=journey.id if journey else None,
            user_id=user.id if user else None,
            created_at=now,
            expires_at=now + TRIP_LASTS,
        )
    )
    return leaving


def address_to_go_to(leaving: Departure, broker: IdentityBroker, redirect_uri: str, language: str) -> str:
    """The authorization request (OpenID Connect Core 3.1.2.1, RFC 7636, RFC 8485). Raises as the broker does."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(leaving.verifier.encode()).digest()).decode().rstrip("=")
    asked: dict[str, str] = {
        "response_type": "code",
        "scope": "openid email",
        "client_id": broker.terms.client_id,
        "redirect_uri": redirect_uri,
        "state": leaving.state,
        "nonce": leaving.nonce,
        "vtr": json.dumps(_VECTORS[leaving.purpose]),
        "ui_locales": language if language in _UI_LOCALES else _UI_LOCALES[0],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if leaving.purpose is OneLoginPurpose.IDENTITY:
        asked["claims"] = json.dumps({"userinfo": {CORE_IDENTITY: None, RETURN_CODE: None}})
    with waiting(monotonic() + PATIENCE_SECONDS):
        return f"{broker.authorization_endpoint()}?{urlencode(asked)}"


def come_back(state: str, browser: str, *, now: datetime) -> OneLoginAttempt:
    """The trip that this `state` ends, used up by one atomic UPDATE. Raises NotThisTrip.

    To be committed before One Login is asked anything, so that whatever becomes of it the trip never ends twice.
    """
    attempt_id = db.session.execute(
        update(OneLoginAttempt)
        .where(
            OneLoginAttempt.state_hmac.in_(vault.keyed_hashes(_STATE, state)),
            OneLoginAttempt.browser_hmac.in_(vault.keyed_hashes(_BROWSER, browser)),
            OneLoginAttempt.used_at.is_(None),
            OneLoginAttempt.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneLoginAttempt.id)
    ).scalar_one_or_none()
    if attempt_id is None:
        raise NotThisTrip
    return db.session.get_one(OneLoginAttempt, attempt_id, populate_existing=True)


def of_browser(state: str, browser: str) -> OneLoginAttempt | None:
    """The trip of this `state`, over or not, when it began in this browser: for the way back from a second click."""
    return db.session.scalar(
        select(OneLoginAttempt).where(
            OneLoginAttempt.state_hmac.in_(vault.keyed_hashes(_STATE, state)),
            OneLoginAttempt.browser_hmac.in_(vault.keyed_hashes(_BROWSER, browser)),
        )
    )


def is_of_browser(attempt: OneLoginAttempt, browser: str) -> bool:
    """Whether the trip began in the browser that holds this secret."""
    return vault.recognises(attempt.browser_hmac, _BROWSER, browser)


def hear(attempt: OneLoginAttempt, code: str, broker: IdentityBroker, redirect_uri: str, *, now: datetime) -> Told:
    """Redeem the code and believe what holds. Not inside a transaction.

    Raises BrokerUnavailable and BrokerRefused as the broker does, TokenRefused with the check that failed, and
    NothingProved when an identity was asked for and One Login could not prove it.
    """
    verifier = vault.unseal(attempt.verifier_sealed, _VERIFIER)
    with waiting(monotonic() + PATIENCE_SECONDS):
        tokens = broker.redeem(code, verifier, redirect_uri)
        expected = checks.Expected(
            broker.terms,
            now,
            trustmark=broker.trustmark(),
            is_our_nonce=lambda nonce: vault.recognises(attempt.nonce_hmac, _NONCE, nonce),
        )
        keys = broker.signing_keys(checks.key_id(tokens.id_token, "id_token"))
        claims = checks.id_token(tokens.id_token, keys, expected)
        if not checks.hash_matches(claims, tokens.access_token):
            raise checks.TokenRefused("id_token", "at_hash")
        userinfo = broker.userinfo(tokens.access_token)
        if userinfo.get("sub") != claims["sub"]:
            # OpenID Connect Core 5.3.2: else one person's token would be shown with another one's details.
            raise checks.TokenRefused("userinfo", "sub")
        proved = None
        if attempt.purpose == OneLoginPurpose.IDENTITY:
            proved = _proved(userinfo, broker, expected, claims)
    sid = claims.get("sid")
    return Told(
        issuer=broker.terms.issuer,
        subject=claims["sub"],
        email=one_login_told.read_email(userinfo),
        upstream_sid=sid if isinstance(sid, str) and len(sid) <= 255 else None,
        authenticated_at=one_login_told.authenticated_at(claims, now),
        proved=proved,
        return_codes=one_login_told.read_return_codes(userinfo),
    )


def keep(attempt: OneLoginAttempt, told: Told) -> None:
    """Keep what came of the trip until it is settled whose it is."""
    attempt.told_sealed = one_login_told.sealed(told)


def told_of(attempt: OneLoginAttempt) -> Told | None:
    """What came of the trip, while it waits."""
    return one_login_told.unsealed(attempt.told_sealed) if attempt.told_sealed else None


def settle(attempt: OneLoginAttempt, *, now: datetime) -> None:
    """It is decided what becomes of the trip: what was told is forgotten."""
    attempt.told_sealed = None
    attempt.settled_at = now


def _proved(
    userinfo: Mapping[str, object], broker: IdentityBroker, expected: checks.Expected, claims: dict[str, Any]
) -> one_login_told.Proved:
    token = userinfo.get(CORE_IDENTITY)
    if not isinstance(token, str):
        raise NothingProved(one_login_told.read_return_codes(userinfo))
    document = broker.identity_document(checks.key_id(token, "core_identity"))
    expected = checks.Expected(expected.terms, expected.now, trustmark=expected.trustmark, subject=claims["sub"])
    said = checks.core_identity(token, document, expected)
    return one_login_told.read_proved(said, expected.now.date())


def is_well(broker: IdentityBroker) -> str | None:
    """What is wrong with One Login as seen from here, for the doctor; None when its documents can be read."""
    try:
        with waiting(monotonic() + PATIENCE_SECONDS):
            broker.authorization_endpoint()
            broker.signing_keys("")
            did = broker.terms.identity_did
            if did and broker.identity_document("").get("id") != did:
                return "the DID document is of another DID"
    except (BrokerUnavailable, BrokerRefused) as trouble:
        return str(trouble)
    return None
