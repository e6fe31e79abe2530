"""The authorization code flow only: no implicit, no hybrid (RFC 9700 2.1.2)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError, OAuth2Error, UnauthorizedClientError

from identity_provider.oidc.sent import SentRequest


class UnsupportedResponseType(OAuth2Error):  # type: ignore[misc]  # Authlib carries no types
    """Authlib's own puts what was sent into its description."""

    error = "unsupported_response_type"


def check(sent: SentRequest) -> None:
    """Refuses everything but `code`, and clients that may not use it."""
    asked = sent.get("response_type")
    if asked is None:
        raise InvalidRequestError("The response_type is missing.")
    if asked != "code":
        raise UnsupportedResponseType("The response_type must be code.")
    if "authorization_code" not in sent.registered.grant_types:
        raise UnauthorizedClientError("This service may not use the authorization code grant.")
