"""No parameter may be sent twice (RFC 6749 3.1)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.sent import SentRequest


def check(sent: SentRequest) -> None:
    """Refuses any repetition, also of a parameter that we do not know."""
    if sent.repeated:
        raise InvalidRequestError("A parameter must not be repeated.")
