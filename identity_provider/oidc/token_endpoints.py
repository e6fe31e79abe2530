"""Revocation (RFC 7009) and introspection (RFC 7662) on Authlib's endpoints."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc7009 import RevocationEndpoint as _Revocation
from authlib.oauth2.rfc7662 import IntrospectionEndpoint as _Introspection

from identity_provider.kit.app import ports, settings
from identity_provider.models import Client
from identity_provider.oidc import claims, tokens
from identity_provider.oidc.grants import AUTH_METHODS
from identity_provider.oidc.registered_client import RegisteredClient
from identity_provider.services import clients
from identity_provider.services import grants as storage
from identity_provider.services.grants import Presented


class Shown:
    """A live token in the shape that Authlib asks for."""

    def __init__(self, presented: Presented, *, refresh: bool) -> None:
        self.presented = presented
        self.refresh = refresh

    def check_client(self, client: RegisteredClient) -> bool:
        return self.presented.client_id == client.row.id

    def is_expired(self) -> bool:
        """Expired and revoked tokens are not found at all."""
        return False

    def is_revoked(self) -> bool:
        """See is_expired."""
        return False


class _LooksUpTokens:
    """What both endpoints do alike. The hint may be wrong or unknown (RFC 7009 2.1), so both kinds are tried."""

    CLIENT_AUTH_METHODS = AUTH_METHODS
    GRACE = timedelta()

    def check_params(self, request: Any, client: RegisteredClient) -> None:  # noqa: ARG002 -- Authlib passes both
        sent = request.payload.datalist.get("token", [])
        if len(sent) != 1 or not sent[0]:
            raise InvalidRequestError("Exactly one token is needed.")

    def query_token(self, token_string: str, token_type_hint: str | None) -> Shown | None:  # noqa: ARG002 -- see above
        return _shown(token_string, self.GRACE)


class RevocationEndpoint(_LooksUpTokens, _Revocation):  # type: ignore[misc]  # Authlib carries no types
    """A refresh token takes its whole family with it, also one that was exchanged already."""

    GRACE = storage.REFRESH_TOKEN_LIVES

    def revoke_token(self, token: Shown, request: Any) -> None:  # noqa: ARG002 -- Authlib passes both
        now = ports().clock.now()
        if token.refresh and token.presented.granted:
            storage.revoke(token.presented.granted.id, now=now)
        else:
            storage.revoke_access_token(token.presented.id, now=now)


class IntrospectionEndpoint(_LooksUpTokens, _Introspection):  # type: ignore[misc]  # Authlib carries no types
    """For confidential clients: their own tokens, and everybody's for an API that is registered as one."""

    def authenticate_endpoint_client(self, request: Any) -> RegisteredClient:
        client: RegisteredClient = super().authenticate_endpoint_client(request)
        if client.row.is_public:
            raise InvalidClientError("Client authentication failed.", status_code=401)
        return client

    def check_permission(self, token: Shown, client: RegisteredClient, request: Any) -> bool:  # noqa: ARG002 -- see above
        return _may_ask(client.row, token)

    def introspect_token(self, token: Shown) -> dict[str, Any]:
        return _told_of(token)


def introspected(client: Client, token: str) -> dict[str, Any] | None:
    """What a client that proved itself is told of a live token; None when that is nothing, or not for it to ask."""
    if client.is_public:
        return None
    found = _shown(token, _LooksUpTokens.GRACE)
    return _told_of(found) if found is not None and _may_ask(client, found) else None


def _shown(token: str, grace: timedelta) -> Shown | None:
    now = ports().clock.now()
    refresh = token.startswith(storage.REFRESH_PREFIX)
    if refresh:
        found = storage.find_refresh_token(token, now=now, grace=grace)
    else:
        found = storage.find_access_token(token, now=now)
    return Shown(found, refresh=refresh) if found else None


def _may_ask(client: Client, token: Shown) -> bool:
    """Whose token it is, or an API that is registered as one.

    Nothing is told of a person who may not sign in any more, nor of a service that is switched off.
    """
    if not (client.may_introspect or token.presented.client_id == client.id):
        return False
    granted, holder = token.presented.granted, clients.known(token.presented.client_id)
    return holder is not None and holder.is_enabled and (granted is None or granted.person.is_live)


def _told_of(token: Shown) -> dict[str, Any]:
    shown = token.presented
    return {
        "active": True,
        "iss": settings().issuer,
        "client_id": shown.client_id,
        "sub": _subject_of(shown),
        "scope": shown.scope,
        "token_type": "refresh_token" if token.refresh else "Bearer",
        "iat": claims.seconds(shown.issued_at),
        "exp": claims.seconds(shown.expires_at),
    }


def _subject_of(shown: Presented) -> str:
    """As the service that holds the token knows the person, whoever asks."""
    holder = clients.known(shown.client_id)
    if shown.granted is None or holder is None:
        return shown.client_id
    return tokens.subject_of(holder, shown.granted.user_id)
