"""Authlib's authorization server with our client authentication, our storage and nothing read from the address."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import flask
import orjson
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import OAuth2Payload, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from flask import Flask

from identity_provider.kit.app import real_request
from identity_provider.models import Client
from identity_provider.oidc import client_authentication, refusals
from identity_provider.oidc.grants import AuthorizationCodeGrant, ClientCredentialsGrant, IdToken, RefreshTokenGrant
from identity_provider.oidc.registered_client import RegisteredClient
from identity_provider.oidc.token_endpoints import IntrospectionEndpoint, RevocationEndpoint

# Longer than any parameter that means something; a body of a megabyte is refused before it is parsed.
LONGEST_PARAMETER = 16_000


class FormPayload(OAuth2Payload):  # type: ignore[misc]  # Authlib carries no types
    """The parameters of the body only: what stands in an address ends in logs (RFC 6749 2.3.1)."""

    def __init__(self, form: Any) -> None:
        self._form = form

    @property
    def data(self) -> Any:
        return self._form

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, self._form.lists())


class EndpointRequest(OAuth2Request):  # type: ignore[misc]  # Authlib carries no types
    """A request to the token, revocation or introspection endpoint."""

    def __init__(self, request: flask.Request) -> None:
        # Authlib refuses http by the address; whether http will do is settled by Settings, once, at start.
        super().__init__(request.method, f"https://provider{request.path}", headers=request.headers)
        self.payload = FormPayload(request.form)
        self._form = request.form

    @property
    def args(self) -> dict[str, str]:
        return {}

    @property
    def form(self) -> Any:
        return self._form


class OpenIdProvider(AuthorizationServer):  # type: ignore[misc]  # Authlib carries no types
    """The token endpoint's grants and what they stand on."""

    def __init__(self) -> None:
        super().__init__()
        self.register_grant(AuthorizationCodeGrant, [IdToken()])
        self.register_grant(RefreshTokenGrant, [IdToken()])
        self.register_grant(ClientCredentialsGrant)
        self.register_endpoint(RevocationEndpoint)
        self.register_endpoint(IntrospectionEndpoint)

    def create_oauth2_request(self, request: object) -> EndpointRequest:  # noqa: ARG002 -- Authlib passes None
        return EndpointRequest(real_request())

    def refuse_malformed(self) -> None:
        """Raises InvalidRequestError before anything looks at the parameters (RFC 6749 3.2; attack 21)."""
        for name, values in real_request().form.lists():
            if len(values) > 1:
                raise InvalidRequestError("A parameter must not be repeated.")
            if "\0" in values[0] or "\0" in name or len(values[0]) > LONGEST_PARAMETER:
                raise InvalidRequestError("A parameter is malformed.")

    def authenticate_client(self, request: EndpointRequest, methods: object, endpoint: str = "token") -> Any:  # noqa: ARG002
        """Replaces Authlib's; see client_authentication.py."""
        # Once a request: an answer that is begun again must not take its own assertion for a replay.
        if "proved_client" not in flask.g:
            flask.g.proved_client = client_authentication.authenticate(real_request())
        client: Client = flask.g.proved_client
        request.auth_method = client.token_endpoint_auth_method
        request.client = RegisteredClient(client)
        return request.client

    def get_token_grant(self, request: EndpointRequest) -> Any:
        """Refuses a request that does not say what it presents."""
        if not request.payload.grant_type:
            raise InvalidRequestError("The grant_type is missing.")
        return super().get_token_grant(request)

    def handle_error_response(self, request: EndpointRequest | None, error: Any) -> Any:
        """The refusal as Authlib words it; kept for the team of the service that it goes to."""
        named = client_authentication.named_in(real_request())
        refusals.remember(named, error.error, error.description or "")
        return super().handle_error_response(request, error)

    def handle_response(self, status: int, body: Any, headers: Any) -> flask.Response:
        """An answer as Authlib gives it."""
        return flask.Response(orjson.dumps(body) if isinstance(body, dict) else body, status=status, headers=headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def init_server(app: Flask) -> None:
    """Give the application its provider."""
    app.extensions["openid_provider"] = OpenIdProvider()


def provider() -> OpenIdProvider:
    """The provider of this application."""
    server: OpenIdProvider = flask.current_app.extensions["openid_provider"]
    return server
