"""Sending somebody to where a service begins a sign-in (OpenID Connect Core 1.0 section 4)."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from identity_provider.models import Client

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def address(client: Client, issuer: str, *, login_hint: str | None = None) -> str | None:
    """The service's `initiate_login_uri` with what it needs to begin; None when it has none, or is switched off.

    `iss` says who asks, `target_link_uri` where the person wanted to go. A `login_hint` is an address of a person: it
    travels only where nobody can read along, so that with one there is no answer for a plain http address.
    """
    uri = client.initiate_login_uri
    if not uri or not client.is_enabled or (login_hint is not None and not _is_private(uri)):
        return None
    said = {"iss": issuer}
    if login_hint is not None:
        said["login_hint"] = login_hint
    if client.service_url:
        said["target_link_uri"] = client.service_url
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(said)}"


def start_of(client: Client, issuer: str) -> str | None:
    """Where the person can begin again at the service by themselves: asked to begin, or its first page."""
    if not client.is_enabled:
        return None
    return address(client, issuer) or client.service_url


def _is_private(uri: str) -> bool:
    parts = urlsplit(uri)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
