"""Keys of relying services in tests, and what they sign with them."""

from __future__ import annotations

import base64
import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig", "alg": "PS256"})
# The same key without its limits, for whoever would use it otherwise.
RSA_FOR_ANYTHING = RSAKey.import_key(RSA.as_pem(private=True), {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
FOREIGN = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
PUBLIC = {"keys": [dict(key.as_dict(private=False)) for key in (RSA, EC, ED)]}


def signed(claims: dict[str, Any], key: Any = EC, alg: str = "ES256", **header: Any) -> str:
    """A JWT; a header given as None is left out."""
    named = {"alg": alg, "kid": key.kid} | header
    return jwt.encode({name: each for name, each in named.items() if each is not None}, claims, key, algorithms=[alg])


def part(value: dict[str, Any]) -> str:
    """One part of a JWT that no library would make."""
    return raw(json.dumps(value))


def raw(text: str) -> str:
    """Base64url as JWTs have it."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
