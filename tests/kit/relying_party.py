"""A relying service in the test's own process: it asks, comes back with a code, and believes nothing unchecked."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = "http://localhost"
ALGORITHMS = ["RS256", "PS256", "ES256", "Ed25519"]


@dataclass(frozen=True)
class Reply:
    """What the provider answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def location(self) -> str:
        return self.headers["Location"]


class Http(Protocol):
    """How the relying service's own server reaches the provider; its calls carry no cookie of any browser."""

    def call(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Reply: ...


class InProcess:
    """By a test client of the application."""

    def __init__(self, client: FlaskClient) -> None:
        self._app = client.application

    def call(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        answer = self._app.test_client().open(path, method=method, data=form, headers=headers)
        return Reply(answer.status_code, dict(answer.headers), answer.get_data(as_text=True))


class OverHttp:
    """By real HTTP to a running provider."""

    def __init__(self, address: str) -> None:
        self._address = address

    def call(
        self, method: str, path: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        answer = requests.request(
            method, self._address + path, data=form, headers=headers, allow_redirects=False, timeout=120
        )
        return Reply(answer.status_code, dict(answer.headers), answer.text)


@dataclass(frozen=True)
class Asked:
    """One authorization request: its address (path and query), and what must come back with the answer."""

    path: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class SignedIn:
    """What the service knows after a sign-in: the ID token's claims, the userinfo answer and the token answer."""

    claims: dict[str, Any]
    userinfo: dict[str, Any]
    token: dict[str, Any] = field(repr=False)


@dataclass
class RelyingParty:
    """One registered service. `clock` is the time by which it judges tokens; without one their age is not judged."""

    http: Http
    client_id: str
    secret: str | None = None
    redirect_uri: str = "https://npq.example.org/callback"
    scope: str = "openid profile email trn"
    issuer: str = ISSUER
    clock: Callable[[], datetime] | None = None
    auth_method: str = "client_secret_basic"

    def ask(self, **parameters: str | None) -> Asked:
        """A fresh request with PKCE, state and nonce; a parameter given as None is left out."""
        verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": self.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | parameters
        sent = {name: value for name, value in query.items() if value is not None}
        return Asked(f"/connect/authorize?{urlencode(sent)}", state, nonce, verifier)

    def code_in(self, location: str, asked: Asked) -> str:
        """The code that the browser brought back, once state and issuer are what they must be."""
        answer = self.answer_in(location)
        assert answer.get("state") == asked.state, answer
        assert answer.get("iss") == self.issuer, answer
        return answer["code"]

    def answer_in(self, location: str) -> dict[str, str]:
        """The parameters that the browser brought back to our redirect URI."""
        assert location.startswith(self.redirect_uri), location
        return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}

    def redeem(self, code: str, verifier: str | None, **changes: str) -> Reply:
        """The token request for a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri}
        if verifier is not None:
            form["code_verifier"] = verifier
        return self.token(form | changes)

    def token(self, form: dict[str, str]) -> Reply:
        """A request to the token endpoint, with our credentials."""
        return self.authenticated("/connect/token", form)

    def authenticated(self, path: str, form: dict[str, str]) -> Reply:
        """A POST with our credentials in the registered way."""
        headers = {}
        if self.auth_method == "client_secret_basic" and self.secret is not None:
            pair = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        elif self.auth_method == "client_secret_post" and self.secret is not None:
            form = form | {"client_id": self.client_id, "client_secret": self.secret}
        else:
            form = form | {"client_id": self.client_id}
        return self.http.call("POST", path, form, headers)

    def finish(self, location: str, asked: Asked, *, pkce: bool = True) -> SignedIn:
        """From the redirect to a signed-in person: code exchange, ID token and userinfo, everything validated."""
        reply = self.redeem(self.code_in(location, asked), asked.verifier if pkce else None)
        assert reply.status == 200, reply.text
        token = reply.json
        claims = self.validate(token["id_token"], nonce=asked.nonce, access_token=token["access_token"])
        userinfo = self.userinfo(token["access_token"])
        assert userinfo["sub"] == claims["sub"]
        return SignedIn(claims, userinfo, token)

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """The userinfo answer for a token that must be good."""
        reply = self.http.call("GET", "/connect/userinfo", headers={"Authorization": f"Bearer {access_token}"})
        assert reply.status == 200, reply.text
        answer: dict[str, Any] = reply.json
        return answer

    def keys(self) -> KeySet:
        """The provider's published keys."""
        keys: KeySet = KeySet.import_key_set(self.http.call("GET", "/.well-known/jwks").json)
        return keys

    def validate(self, id_token: str, *, nonce: str | None, access_token: str | None = None) -> dict[str, Any]:
        """OpenID Connect Core 3.1.3.7, every step."""
        read = jwt.decode(id_token, self.keys(), algorithms=ALGORITHMS)
        claims: dict[str, Any] = dict(read.claims)
        assert claims["iss"] == self.issuer
        assert claims["aud"] == self.client_id
        assert claims.get("nonce") == nonce
        assert read.header["kid"]
        if self.clock is not None:
            now = self.clock().timestamp()
            assert claims["iat"] <= now + 10
            assert claims["exp"] > now
        if access_token is not None:
            digest = hashlib.sha512 if read.header["alg"] == "Ed25519" else hashlib.sha256
            half = digest(access_token.encode()).digest()
            expected = base64.urlsafe_b64encode(half[: len(half) // 2]).decode().rstrip("=")
            assert claims["at_hash"] == expected
        return claims
