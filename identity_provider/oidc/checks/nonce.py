"""The nonce, which a service may have made mandatory for itself (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.sent import SentRequest


def check(sent: SentRequest) -> None:
    """Refuses a request without a nonce for a client that demands one."""
    if sent.registered.require_nonce and sent.get("nonce") is None:
        raise InvalidRequestError("This service requires a nonce.")
