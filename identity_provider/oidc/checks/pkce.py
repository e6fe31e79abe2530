"""Proof Key for Code Exchange (RFC 7636), with S256 only (RFC 9700 2.1.1; attack 7)."""

from __future__ import annotations

import re

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.sent import SentRequest

# BASE64URL of a SHA-256 digest: 43 characters, never more or fewer.
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


def check(sent: SentRequest) -> None:
    """Refuses a missing challenge where the client owes one, `plain` and every malformed challenge."""
    challenge, method = sent.get("code_challenge"), sent.get("code_challenge_method")
    if challenge is None:
        if method is not None or sent.registered.require_pkce or sent.registered.is_public:
            raise InvalidRequestError("A code_challenge is required.")
        return
    if method != "S256":
        raise InvalidRequestError("The code_challenge_method must be S256.")
    if not _CHALLENGE.match(challenge):
        raise InvalidRequestError("The code_challenge is malformed.")
