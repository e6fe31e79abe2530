"""The grants that the token endpoint knows, on Authlib's classes: ours is the storage and every rule about it."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, InvalidGrantError, InvalidScopeError, grants
from authlib.oidc.core import OpenIDCode

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.oidc import issue, tokens
from identity_provider.oidc.registered_client import RegisteredClient
from identity_provider.services import grant_faults, measures
from identity_provider.services import grants as storage
from identity_provider.services.clients import SERVICE_SCOPES
from identity_provider.services.grants import Granted, Issued
from identity_provider.services.persons import Person

_ACCESS_TOKEN_SECONDS = int(storage.ACCESS_TOKEN_LIVES.total_seconds())

AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]


class Exchanged(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib carries no types
    """A code or refresh token that was just used up, in the shape that Authlib asks for."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued
        self.granted = issued.granted

    def get_redirect_uri(self) -> str:
        return self.granted.redirect_uri

    def get_scope(self) -> str:
        return self.granted.scope

    def check_client(self, client: RegisteredClient) -> bool:
        return self.granted.client_id == client.row.id


class _Exchanges:
    """What both grants of a person do alike: whatever is presented is exchanged before Authlib looks at it.

    Code, client, redirect URI, verifier and person, or refresh token, client, scope and person, are judged by the
    one statement that also keeps the tokens, so that nothing is left half done.
    """

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    request: Any

    def authenticate_user(self, presented: Exchanged) -> Person:
        return presented.granted.person

    def generate_token(self, **_: Any) -> dict[str, Any]:
        presented: Exchanged = self.request.authorization_code
        return _answer(self.request.client.row, presented.issued)

    def save_token(self, token: dict[str, Any]) -> None:
        """It was kept when it was made."""

    def _refusal(self, granted: Granted) -> InvalidGrantError | None:
        """Why this person may not be given to this service; returned, so that what it ended is committed."""
        try:
            issue.demand(self.request.client.row, granted)
        except InvalidGrantError as refusal:
            return refusal
        return None


def _answer(client: Client, issued: Issued) -> dict[str, Any]:
    """A bearer token answer (RFC 6749 5.1); `expires_in` is always there."""
    token = {
        "token_type": "Bearer",
        "access_token": _access_token(client, issued),
        "expires_in": _ACCESS_TOKEN_SECONDS,
        "scope": issued.scope,
    }
    if issued.refresh_token is not None:
        token["refresh_token"] = issued.refresh_token
    return token


def _access_token(client: Client, issued: Issued) -> str:
    jwt = tokens.jwt_access_token(client, issued.granted.person, issued, ports().clock.now())
    if jwt is None:
        return issued.access_token
    storage.replace_access_token(issued.id, jwt)
    return jwt


class AnswerLost(Exception):
    """A code may be used up, and saying so failed: to try once more would look like a replay."""

    def __init__(self, why: Exception) -> None:
        super().__init__("a code may be used up, and was not told of")
        self.why = why


def refreshed(client: Client, refresh_token: str) -> dict[str, Any] | None:
    """The answer to a client that proved itself and asks for nothing but a refresh; None where there is more to judge.

    It is None, and nothing has changed, where the token is not good and where this service may be refused a person:
    the grant below says what is wrong. It heals a failure after the rotation, too: the old token is good for a moment.
    """
    if "refresh_token" not in client.grant_types or issue.may_refuse(client):
        return None
    now = ports().clock.now()
    issued = storage.rotate_refresh_token(refresh_token, client.id, now=now)
    return _told(client, issued, _without_nonce(issued.granted), now) if issued else None


def redeemed(client: Client, code: str, redirect_uri: str, verifier: str) -> dict[str, Any] | None:
    """The same for a code with all that belongs to it. A code that was used before is seen to by the grant below.

    Raises AnswerLost for whatever fails once the code was sent to the database.
    """
    if "authorization_code" not in client.grant_types or issue.may_refuse(client):
        return None
    now = ports().clock.now()
    refreshes = "refresh_token" in client.grant_types
    try:
        issued = storage.exchange_code(storage.Redemption(client.id, code, redirect_uri, verifier, refreshes), now=now)
        return _told(client, issued, issued.granted, now) if issued else None
    except Exception as failure:
        raise AnswerLost(failure) from failure


def _told(client: Client, issued: Issued, granted: Granted, now: datetime) -> dict[str, Any]:
    token = _answer(client, issued)
    if "openid" in issued.scope.split():
        token["id_token"] = tokens.id_token(client, granted.person, granted, token, now)
    return token


def _without_nonce(granted: Granted) -> Granted:
    """A refreshed ID token names the same sign-in, but answers no request's nonce (OpenID Connect Core 12.2)."""
    return replace(granted, nonce=None)


class AuthorizationCodeGrant(_Exchanges, grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib carries no types
    """RFC 6749 4.1.3."""

    def query_authorization_code(self, code: str, client: RegisteredClient) -> Exchanged:
        sent = storage.Redemption(
            client_id=client.row.id,
            code=code,
            redirect_uri=self.request.form.get("redirect_uri"),
            verifier=self.request.form.get("code_verifier"),
            refreshes=client.check_grant_type("refresh_token"),
        )
        # Only what is undone when the register has to be asked first needs more than the statement's own transaction.
        with transaction() if client.row.block_prohibited else nullcontext():
            issued = storage.redeem_code(sent, now=ports().clock.now())
            refusal = self._refusal(issued.granted) if issued else None
        if refusal is not None:
            raise refusal
        if issued is None:
            raise InvalidGrantError(grant_faults.of_code(sent, now=ports().clock.now()))
        return Exchanged(issued)

    def delete_authorization_code(self, authorization_code: Exchanged) -> None:
        """It was used up when it was queried."""


class RefreshTokenGrant(_Exchanges, grants.RefreshTokenGrant):  # type: ignore[misc]  # Authlib carries no types
    """RFC 6749 6, with rotation in a family (RFC 9700 4.14.2)."""

    def authenticate_refresh_token(self, refresh_token: str) -> Exchanged:
        now = ports().clock.now()
        # However many spaces stand between its words (RFC 6749 3.3 has one).
        scope = " ".join((self.request.payload.scope or "").split()) or None
        if issue.may_refuse(self.request.client.row):
            self._demand_first(refresh_token, now)
        issued = storage.rotate_refresh_token(refresh_token, self._client_id(), scope=scope, now=now)
        if issued is None:
            self._find_fault(refresh_token, scope, now)
            measures.refused("refresh_token")
            raise InvalidGrantError(grant_faults.of_refresh_token(refresh_token, self._client_id(), now=now))
        presented = Exchanged(replace(issued, granted=_without_nonce(issued.granted)))
        self.request.authorization_code = presented
        return presented

    def revoke_old_credential(self, refresh_token: Exchanged) -> None:
        """It was exchanged before anything was issued."""

    def _demand_first(self, refresh_token: str, now: datetime) -> None:
        """What the service may not have is refused before the token is used up."""
        found = storage.find_refresh_token(refresh_token, now=now, grace=storage.REUSE_GRACE)
        if found is None or found.granted is None or found.client_id != self._client_id():
            return
        with transaction():
            refusal = self._refusal(found.granted)
        if refusal is not None:
            raise refusal

    def _find_fault(self, refresh_token: str, scope: str | None, now: datetime) -> None:
        """A good token is not exchanged when more is asked for than was granted; a stale one ends its family."""
        found = storage.find_refresh_token(refresh_token, now=now, grace=storage.REUSE_GRACE)
        if found is None:
            with transaction():
                storage.revoke_reused_family(refresh_token, self._client_id(), now=now)
        elif found.client_id == self._client_id() and not set((scope or "").split()) <= found.scopes:
            raise InvalidScopeError

    def _client_id(self) -> str:
        return str(self.request.client.row.id)


class ClientCredentialsGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]  # Authlib carries no types
    """RFC 6749 4.4: a service acting for itself, with the scopes for services that it is registered for."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS
    request: Any

    def validate_token_request(self) -> None:
        super().validate_token_request()
        allowed = [each for each in self.request.client.row.scopes if each in SERVICE_SCOPES]
        asked = (self.request.payload.scope or "").split() or allowed
        if not asked or not set(asked) <= set(allowed):
            raise InvalidScopeError
        self.request.scope = " ".join(asked)

    def generate_token(self, **_: Any) -> dict[str, Any]:
        scope = self.request.scope
        return {
            "token_type": "Bearer",
            "access_token": tokens.service_token(self.request.client.row, scope, ports().clock.now()),
            "expires_in": _ACCESS_TOKEN_SECONDS,
            "scope": scope,
        }

    def save_token(self, token: dict[str, Any]) -> None:
        storage.keep_service_token(
            token["access_token"], client_id=self.request.client.row.id, scope=token["scope"], now=ports().clock.now()
        )


class IdToken(OpenIDCode):  # type: ignore[misc]  # Authlib carries no types
    """Adds the ID token to an answer whose scope holds `openid`."""

    def encode_id_token(self, token: dict[str, Any], request: Any) -> str:
        granted = request.authorization_code.granted
        return tokens.id_token(request.client.row, request.user, granted, token, ports().clock.now())
