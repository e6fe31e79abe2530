"""What has to hold of the settings for GOV.UK One Login before the service starts."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from config.addresses import parts_of

_PEM = "-----BEGIN "
# did:web, section 3.1: a host, with its port's colon percent-encoded; One Login's has no path.
_DID = re.compile(r"did:web:([A-Za-z0-9.-]+(?:%3A[0-9]{1,5})?)\Z")
_SMALLEST_RSA = 2048


def read_private_key(text: str) -> str:
    """The PEM itself, be it given in the setting or in a file that the setting names; the text when it is neither.

    Some platforms keep a setting on one line: then the ends of the PEM's lines are a backslash and an n.
    """
    if not text or text.startswith(_PEM):
        return text.replace("\\n", "\n")
    try:
        return Path(text).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return text


def algorithms_of(pem: str) -> tuple[str, ...]:
    """What this key can sign our assertions with, the best first; empty for what is no usable key."""
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        return ()
    if isinstance(key, RSAPrivateKey) and key.key_size >= _SMALLEST_RSA:
        return ("PS256", "RS256")
    if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
        return ("ES256",)
    return ()


def host_of(did: str) -> str:
    """The host, and port, that a did:web names; empty for any other."""
    found = _DID.match(did)
    return unquote(found[1]) if found else ""


def problems_with_one_login(
    issuer: str, client_id: str, private_key: str, did: str, identity_issuer: str, *, sandbox: bool
) -> list[str]:
    """Every reason not to start. None when One Login is not used: then nothing of it may be set."""
    if not issuer:
        if client_id or private_key or did or identity_issuer:
            return ["ONE_LOGIN_ISSUER: missing, though other settings of One Login are there: set it, or none of them"]
        return []
    found = [
        (
            _is_address(issuer, sandbox=sandbox),
            "ONE_LOGIN_ISSUER: an https address without a query, as One Login has it",
        ),
        (bool(client_id), "ONE_LOGIN_CLIENT_ID: needed beside ONE_LOGIN_ISSUER"),
        (
            bool(algorithms_of(private_key)),
            "ONE_LOGIN_PRIVATE_KEY: the PEM, or its path, of an RSA (2048) or P-256 key",
        ),
        (not did or bool(host_of(did)), "ONE_LOGIN_IDENTITY_DID: did:web: and a host, e.g. did:web:identity.example"),
        (
            not identity_issuer or _is_address(identity_issuer, sandbox=sandbox),
            "ONE_LOGIN_IDENTITY_ISSUER: an https address",
        ),
        (bool(did) or not identity_issuer, "ONE_LOGIN_IDENTITY_ISSUER: of no use without ONE_LOGIN_IDENTITY_DID"),
    ]
    return [problem for holds, problem in found if not holds]


def _is_address(text: str, *, sandbox: bool) -> bool:
    parts = parts_of(text)
    schemes = {"https", "http"} if sandbox else {"https"}
    return parts.scheme in schemes and bool(parts.netloc) and not (parts.query or parts.fragment)
