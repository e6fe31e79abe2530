"""Requests inside a JWT that were not opened: refused aloud, never silently ignored (Core 3.1.2.6; attack 12)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import OAuth2Error

from identity_provider.oidc.sent import SentRequest


class RequestNotSupported(OAuth2Error):  # type: ignore[misc]  # Authlib carries no types
    """The `request` parameter is not accepted."""

    error = "request_not_supported"


class RequestUriNotSupported(OAuth2Error):  # type: ignore[misc]  # Authlib carries no types
    """The `request_uri` parameter is not accepted."""

    error = "request_uri_not_supported"


def check(sent: SentRequest) -> None:
    """Refuses what was not opened before: an object of a client without keys, and every reference but a pushed one."""
    if sent.get("request") is not None:
        raise RequestNotSupported("Request objects are for services that registered keys.")
    if sent.get("request_uri") is not None:
        raise RequestUriNotSupported("Requests by reference are not supported.")
