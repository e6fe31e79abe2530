"""The tokens of the sandbox's GOV.UK One Login, as they should be and in every way in which they should not."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from identity_provider.sandbox.one_login_people import OneLoginPerson

ID_TOKEN, CORE_IDENTITY = "id_token", "core_identity"
_OF_BOTH = ("iss", "aud", "alg_none", "alg_hs256", "alg_rs256", "signature", "kid", "vot", "vtm", "expired")
MISBEHAVIOURS = (
    *(f"{ID_TOKEN}:{each}" for each in (*_OF_BOTH, "nonce", "not_yet_valid", "at_hash")),
    *(f"{CORE_IDENTITY}:{each}" for each in (*_OF_BOTH, "sub", "not_yet_valid", "did", "missing")),
)
"""What a token can be told to be wrong in: all that the real simulator can do, and a few things more."""

EVENT = "http://schemas.openid.net/event/backchannel-logout"
_DAY = 24 * 60 * 60


def did_of(issuer: str) -> str:
    """The did:web of the host that the issuer names."""
    return f"did:web:{quote(urlsplit(issuer).netloc, safe='')}"


@dataclass(frozen=True)
class Signers:
    """The keys of one run. RSA is published too, as the real one does: a service that asked for ES256 takes none."""

    signing: ECKey = field(repr=False)
    identity: ECKey = field(repr=False)
    rsa: RSAKey = field(repr=False)
    stranger: ECKey = field(repr=False)

    @classmethod
    def made(cls) -> Signers:
        """Fresh ones: a restart rotates every key."""
        pairs = [ECKey.generate_key("P-256", {"kid": secrets.token_hex(32)}, private=True) for _ in range(3)]
        return cls(
            pairs[0], pairs[1], RSAKey.generate_key(2048, {"kid": secrets.token_hex(32)}, private=True), pairs[2]
        )

    def published(self) -> dict[str, Any]:
        """The JWKS."""
        keys = ((self.signing, "ES256"), (self.rsa, "RS256"))
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": algorithm} for key, algorithm in keys]}

    def did_document(self, did: str) -> dict[str, Any]:
        """The document with the key of core identities."""
        methods = [
            {
                "type": "JsonWebKey",
                "id": f"{did}#{key.kid}",
                "controller": did,
                "publicKeyJwk": {name: key.as_dict(private=False)[name] for name in members},
            }
            for key, members in ((self.identity, ("kty", "crv", "x", "y")), (self.rsa, ("kty", "n", "e")))
        ]
        context = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"]
        return {"@context": context, "id": did, "assertionMethod": methods}


@dataclass(frozen=True)
class Tokens:
    """Makes tokens for one client."""

    issuer: str
    did: str
    client_id: str
    now: Callable[[], datetime]
    signers: Signers = field(repr=False)

    @property
    def trustmark(self) -> str:
        """What `vtm` says."""
        return f"{self.issuer}trustmark"

    def id_token(self, person: OneLoginPerson, nonce: str, access_hash: str, sid: str, wrong: str) -> str:
        """Who signed in."""
        at = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": person.subject,
            "aud": self.client_id,
            "iat": at,
            "exp": at + 120,
            "auth_time": at,
            "nonce": nonce,
            "vot": "Cl.Cm",
            "vtm": self.trustmark,
            "sid": sid,
            "at_hash": access_hash,
        }
        header = {"kid": self.signers.signing.kid}
        return self._signed(_spoilt(claims, wrong, {"vot": "Cl"}), header, self.signers.signing, wrong)

    def core_identity(self, person: OneLoginPerson, wrong: str) -> str:
        """Who they are."""
        at = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": person.subject,
            "aud": self.client_id,
            "iat": at,
            "nbf": at,
            "exp": at + 1800,
            "vot": person.proved,
            "vtm": self.trustmark,
            "vc": person.credential,
        }
        did = "did:web:somebody.example" if wrong == "did" else self.did
        header = {"kid": f"{did}#{self.signers.identity.kid}"}
        return self._signed(_spoilt(claims, wrong, {"vot": "P1"}), header, self.signers.identity, wrong)

    def logout_token(self, subject: str, **changes: Any) -> str:
        """That somebody signed out; `changes` make it another one, and None takes a claim away."""
        at = int(self.now().timestamp())
        claims = {
            "iss": self.issuer,
            "sub": subject,
            "aud": self.client_id,
            "iat": at,
            "exp": at + 120,
            "jti": secrets.token_hex(16),
            "events": {EVENT: {}},
        }
        said = {name: value for name, value in (claims | changes).items() if value is not None}
        return self._signed(said, {"kid": self.signers.signing.kid}, self.signers.signing, "")

    def _signed(self, claims: dict[str, Any], header: dict[str, Any], key: ECKey, wrong: str) -> str:
        payload = json.dumps(claims).encode()
        if wrong == "alg_none":
            return f"{_encoded(json.dumps({**header, 'alg': 'none'}).encode())}.{_encoded(payload)}."
        if wrong == "alg_hs256":
            # The classic: HMAC keyed with what everybody knows, the public key.
            known = OctKey.import_key(json.dumps(key.as_dict(private=False)))
            return jws.serialize_compact({**header, "alg": "HS256"}, payload, known, algorithms=["HS256"])
        if wrong == "alg_rs256":
            prefix = header["kid"].rpartition("#")[0]
            named = {
                **header,
                "alg": "RS256",
                "kid": f"{prefix}#{self.signers.rsa.kid}" if prefix else self.signers.rsa.kid,
            }
            return jws.serialize_compact(named, payload, self.signers.rsa, algorithms=["RS256"])
        if wrong == "kid":
            header = {**header, "kid": f"{header['kid'].rpartition('#')[0]}#{self.signers.stranger.kid}".lstrip("#")}
        signer: Key = self.signers.stranger if wrong in {"signature", "kid"} else key
        return jws.serialize_compact({**header, "alg": "ES256"}, payload, signer, algorithms=["ES256"])


def _spoilt(claims: dict[str, Any], wrong: str, lower: dict[str, str]) -> dict[str, Any]:
    """The claims with one thing wrong in them."""
    at = claims["iat"]
    changes: dict[str, dict[str, Any]] = {
        "iss": {"iss": "https://somebody.example/"},
        "aud": {"aud": "another-client"},
        "sub": {"sub": "urn:fdc:gov.uk:2022:somebody-else"},
        "nonce": {"nonce": secrets.token_urlsafe(32)},
        "vot": lower,
        "vtm": {"vtm": "https://somebody.example/trustmark"},
        "expired": {"exp": at - _DAY, "iat": at - _DAY - 120},
        "not_yet_valid": {"iat": at + _DAY, "nbf": at + _DAY, "exp": at + _DAY + 120},
        "at_hash": {"at_hash": "c29tZXRoaW5nIGVsc2Uh"},
    }
    return claims | changes.get(wrong, {})


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")
