"""What a token of GOV.UK One Login has to pass before anything in it is believed, each check by its name.

The checks are One Login's own list ("Validate your ID token", "Validate your user's identity credential", "Validate
your logout token" in its technical documentation), and those of OpenID Connect Core 3.1.3.7 and RFC 8725.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from identity_provider.domain.errors import IdentityError
from identity_provider.ports import BrokerTerms
from identity_provider.services import client_keys, signed_tokens
from identity_provider.services.signed_tokens import SKEW, JwtRefused, moment

CREDENTIAL_TRUST = "Cl.Cm"
"""Two factors: what we ask for, and what `vot` of the ID token has to say (RFC 8485)."""

CONFIDENCE = ("P2", "P3", "P4")
"""The levels of confidence in an identity that are enough to believe a name and a date of birth (GPG 45)."""

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
IDENTITY_ALGORITHM = "ES256"
_LONGEST_SUBJECT = 255


class TokenRefused(IdentityError):
    """A token of One Login does not hold; `check` names what it failed at, for the log and never for the person."""

    def __init__(self, token: str, check: str) -> None:
        super().__init__(f"{token}: {check}")
        self.token = token
        self.check = check


@dataclass(frozen=True, slots=True)
class Expected:
    """What the claims of a token are held to."""

    terms: BrokerTerms
    now: datetime
    trustmark: str = ""
    # Whether the nonce is the one that the trip began with.
    is_our_nonce: Callable[[str], bool] = field(default=lambda _nonce: False)
    subject: str = ""


Claims = Mapping[str, Any]
Check = Callable[[Claims, Expected], bool]


def _names_us(claims: Claims, expected: Expected) -> bool:
    said = claims.get("aud")
    return expected.terms.client_id in (said if isinstance(said, list) else [said])


def _is_given_to_us(claims: Claims, expected: Expected) -> bool:
    """A token for many is for us only when it says so (OpenID Connect Core 3.1.3.7, 4 and 5)."""
    many = isinstance(claims.get("aud"), list) and len(claims["aud"]) > 1
    said: object = claims.get("azp", None if many else expected.terms.client_id)
    return said == expected.terms.client_id


def _has_not_ended(claims: Claims, expected: Expected) -> bool:
    ends = moment(claims.get("exp"))
    return ends is not None and expected.now < ends + SKEW


def _has_begun(claims: Claims, expected: Expected) -> bool:
    return "iat" in claims and signed_tokens.begins_too_late(dict(claims), now=expected.now) is None


def _has_subject(claims: Claims, _expected: Expected) -> bool:
    said = claims.get("sub")
    return isinstance(said, str) and 0 < len(said) <= _LONGEST_SUBJECT and said.isprintable()


def _has_our_nonce(claims: Claims, expected: Expected) -> bool:
    said = claims.get("nonce")
    return isinstance(said, str) and expected.is_our_nonce(said)


def _is_logout(claims: Claims, _expected: Expected) -> bool:
    events = claims.get("events")
    return isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)


def _has_id(claims: Claims, _expected: Expected) -> bool:
    said = claims.get("jti")
    return isinstance(said, str) and 0 < len(said) <= _LONGEST_SUBJECT


_TIMES: tuple[tuple[str, Check], ...] = (("exp", _has_not_ended), ("iat", _has_begun))

ID_TOKEN: tuple[tuple[str, Check], ...] = (
    ("iss", lambda claims, expected: claims.get("iss") == expected.terms.issuer),
    ("aud", _names_us),
    ("azp", _is_given_to_us),
    *_TIMES,
    ("sub", _has_subject),
    ("nonce", _has_our_nonce),
    ("vot", lambda claims, _: claims.get("vot") == CREDENTIAL_TRUST),
    ("vtm", lambda claims, expected: claims.get("vtm") == expected.trustmark),
)

CORE_IDENTITY: tuple[tuple[str, Check], ...] = (
    ("iss", lambda claims, expected: claims.get("iss") == expected.terms.identity_issuer),
    ("aud", _names_us),
    *_TIMES,
    ("sub", lambda claims, expected: bool(expected.subject) and claims.get("sub") == expected.subject),
    ("vot", lambda claims, _: claims.get("vot") in CONFIDENCE),
    ("vtm", lambda claims, expected: claims.get("vtm") == expected.trustmark),
)

LOGOUT_TOKEN: tuple[tuple[str, Check], ...] = (
    ("iss", lambda claims, expected: claims.get("iss") == expected.terms.issuer),
    ("aud", _names_us),
    *_TIMES,
    ("sub", _has_subject),
    ("events", _is_logout),
    # Else an ID token could be shown here as a sign-out (Back-Channel Logout 1.0, 2.4).
    ("nonce", lambda claims, _: "nonce" not in claims),
    ("jti", _has_id),
)


def key_id(token: str, name: str) -> str:
    """The key that is said to have signed; One Login always names one. Raises TokenRefused."""
    kid = signed_tokens.key_named_in(token)
    if not kid:
        raise TokenRefused(name, "kid")
    return kid


def id_token(token: str, keys: Sequence[object], expected: Expected) -> dict[str, Any]:
    """The claims of an ID token that holds. Raises TokenRefused."""
    algorithm = expected.terms.id_token_algorithm
    return _held_to(ID_TOKEN, _signed(token, keys, algorithm, "id_token"), expected, "id_token")


def logout_token(token: str, keys: Sequence[object], expected: Expected) -> dict[str, Any]:
    """The claims of a logout token that holds; whether it was seen before is for the caller. Raises TokenRefused."""
    algorithm = expected.terms.id_token_algorithm
    return _held_to(LOGOUT_TOKEN, _signed(token, keys, algorithm, "logout_token"), expected, "logout_token")


def core_identity(token: str, document: Mapping[str, object], expected: Expected) -> dict[str, Any]:
    """The claims of a core identity JWT that holds, by the DID document that One Login publishes. Raises TokenRefused.

    Its `kid` is not resolved: a DID of somebody else would lead to a document of theirs.
    """
    name = "core_identity"
    kid, did = key_id(token, name), expected.terms.identity_did
    if not did or kid.partition("#")[0] != did or document.get("id") != did:
        raise TokenRefused(name, "did")
    methods = document.get("assertionMethod")
    listed: list[object] = methods if isinstance(methods, list) else []
    keys = [
        {**each["publicKeyJwk"], "kid": kid}
        for each in listed
        if isinstance(each, dict) and each.get("id") == kid and isinstance(each.get("publicKeyJwk"), dict)
    ]
    return _held_to(CORE_IDENTITY, _signed(token, keys, IDENTITY_ALGORITHM, name), expected, name)


def hash_matches(claims: Claims, access_token: str) -> bool:
    """Whether the access token is the one that came with the ID token (`at_hash`, OpenID Connect Core 3.1.3.6)."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    expected = base64.urlsafe_b64encode(half).decode().rstrip("=")
    said = claims.get("at_hash", expected)
    return isinstance(said, str) and hmac.compare_digest(said.encode(), expected.encode())


def _signed(token: str, keys: Iterable[object], algorithm: str, name: str) -> dict[str, Any]:
    kid = key_id(token, name)
    try:
        header = signed_tokens.header_of(token)
        if signed_tokens.FORBIDDEN_HEADERS & header.keys():
            raise TokenRefused(name, "header")
        # Decided by us and never by the token: `none`, and HMAC keyed with a public key, are the classics.
        if header.get("alg") != algorithm:
            raise TokenRefused(name, "alg")
        fitting = client_keys.fitting(keys, algorithm, kid)
        if not fitting:
            raise TokenRefused(name, "kid")
        for jwk in fitting:
            claims = signed_tokens.signed_by(token, jwk, algorithm)
            if claims is not None:
                return claims
    except JwtRefused as refusal:
        raise TokenRefused(name, "form") from refusal
    raise TokenRefused(name, "signature")


def _held_to(
    checks: tuple[tuple[str, Check], ...], claims: dict[str, Any], expected: Expected, name: str
) -> dict[str, Any]:
    for check, holds in checks:
        if not holds(claims, expected):
            raise TokenRefused(name, check)
    return claims
