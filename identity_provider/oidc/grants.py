"""The grants that the token endpoint knows, on Authlib's classes: ours is the storage and every rule about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidGrantError, InvalidScopeError, grants
from authlib.oidc.core import OpenIDCode

from identity_provider.db import db
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.oidc import issue, tokens
from identity_provider.oidc.registered_client import RegisteredClient
from identity_provider.services import grants as storage
from identity_provider.services import measures
from identity_provider.services.clients import SERVICE_SCOPES
from identity_provider.services.grants import Granted

AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]


class Redeemed(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib carries no types
    """A code that was just used up, in the shape that Authlib asks for."""

    def __init__(self, granted: Granted) -> None:
        self.granted = granted

    def get_redirect_uri(self) -> str:
        return self.granted.redirect_uri

    def get_scope(self) -> str:
        return self.granted.scope

    def check_client(self, client: RegisteredClient) -> bool:
        return self.granted.client_id == client.row.id


class _Issues:
    """What all grants do alike: make a token of ours and remember its hash."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    request: Any

    def generate_token(self, user: User | None = None, scope: str = "", **_: Any) -> dict[str, Any]:
        """A bearer token answer (RFC 6749 5.1); `expires_in` is always there."""
        now = ports().clock.now()
        return {
            "token_type": "Bearer",
            "access_token": tokens.access_token(self.request.client.row, user, scope, now, self._granted()),
            "expires_in": int(storage.ACCESS_TOKEN_LIVES.total_seconds()),
            "scope": scope,
        }

    def _granted(self) -> Granted | None:
        """What the person allowed; None for a service that acts for itself."""
        behind = self.request.authorization_code or self.request.refresh_token
        return behind.granted if behind else None

    def _keep(self, token: dict[str, Any], granted: Granted | None) -> None:
        storage.keep_access_token(
            token["access_token"],
            client_id=self.request.client.row.id,
            grant_id=granted.id if granted else None,
            scope=token["scope"],
            now=ports().clock.now(),
        )


class AuthorizationCodeGrant(_Issues, grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib carries no types
    """RFC 6749 4.1.3: code, client, redirect URI and verifier are judged together by one UPDATE."""

    def query_authorization_code(self, code: str, client: RegisteredClient) -> Redeemed | None:
        sent = storage.Redemption(
            client_id=client.row.id,
            code=code,
            redirect_uri=self.request.form.get("redirect_uri"),
            verifier=self.request.form.get("code_verifier"),
        )
        granted = storage.redeem_code(sent, now=ports().clock.now())
        return Redeemed(granted) if granted else None

    def authenticate_user(self, authorization_code: Redeemed) -> User | None:
        user = _live_user(authorization_code.granted)
        if user is not None:
            issue.demand(self.request.client.row, user, authorization_code.granted)
        return user

    def save_token(self, token: dict[str, Any]) -> None:
        granted = self.request.authorization_code.granted
        self._keep(token, granted)
        if "offline_access" in token["scope"].split() and self.request.client.check_grant_type("refresh_token"):
            token["refresh_token"] = storage.start_family(granted.id, now=ports().clock.now())

    def delete_authorization_code(self, authorization_code: Redeemed) -> None:
        """It was used up when it was queried."""


class RefreshTokenGrant(_Issues, grants.RefreshTokenGrant):  # type: ignore[misc]  # Authlib carries no types
    """RFC 6749 6, with rotation in a family (RFC 9700 4.14.2)."""

    def authenticate_refresh_token(self, refresh_token: str) -> Redeemed | None:
        now = ports().clock.now()
        found = storage.find_refresh_token(refresh_token, now=now, grace=storage.REUSE_GRACE)
        if found is None or found.granted is None:
            storage.revoke_reused_family(refresh_token, self._client_id(), now=now)
            measures.refused("refresh_token")
            return None
        # A refreshed ID token names the same sign-in, but answers no request's nonce (OpenID Connect Core 12.2).
        return Redeemed(replace(found.granted, nonce=None))

    def authenticate_user(self, refresh_token: Redeemed) -> User:
        user = _live_user(refresh_token.granted)
        if user is not None:
            issue.demand(self.request.client.row, user, refresh_token.granted)
        rotated = storage.rotate_refresh_token(self.request.form["refresh_token"], now=ports().clock.now())
        if user is None or rotated is None:
            raise InvalidGrantError("The refresh token is not good any more.")
        self.next_token = rotated[1]
        self.request.authorization_code = refresh_token
        return user

    def save_token(self, token: dict[str, Any]) -> None:
        self._keep(token, self.request.refresh_token.granted)
        token["refresh_token"] = self.next_token

    def revoke_old_credential(self, refresh_token: Redeemed) -> None:
        """It was exchanged before anything was issued."""

    def _client_id(self) -> str:
        return str(self.request.client.row.id)


class ClientCredentialsGrant(_Issues, grants.ClientCredentialsGrant):  # type: ignore[misc]  # Authlib carries no types
    """RFC 6749 4.4: a service acting for itself, with the scopes for services that it is registered for."""

    def validate_token_request(self) -> None:
        super().validate_token_request()
        allowed = [each for each in self.request.client.row.scopes if each in SERVICE_SCOPES]
        asked = (self.request.payload.scope or "").split() or allowed
        if not asked or not set(asked) <= set(allowed):
            raise InvalidScopeError
        self.request.scope = " ".join(asked)

    def generate_token(self, user: User | None = None, scope: str = "", **_: Any) -> dict[str, Any]:  # noqa: ARG002
        return super().generate_token(None, self.request.scope)

    def save_token(self, token: dict[str, Any]) -> None:
        self._keep(token, None)


class IdToken(OpenIDCode):  # type: ignore[misc]  # Authlib carries no types
    """Adds the ID token to an answer whose scope holds `openid`."""

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        granted = request.authorization_code.granted
        return tokens.id_token(request.client.row, request.user, granted, token, ports().clock.now())


def _live_user(granted: Granted) -> User | None:
    user = db.session.get(User, granted.user_id)
    return user if user is not None and user.is_live else None
