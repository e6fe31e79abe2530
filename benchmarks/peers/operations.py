"""What is measured, as a relying service and a browser do it; every answer is checked, so that no error is counted."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from benchmarks.peers.wire import Unexpected, Wire

Work = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Registered:
    """A client of a target; `scope` is what it asks for."""

    id: str
    secret: str
    scope: str
    redirect_uri: str = "http://127.0.0.1:9/callback"

    @property
    def basic(self) -> str:
        pair = base64.b64encode(f"{self.id}:{self.secret}".encode()).decode()
        return f"Authorization: Basic {pair}\r\n"


@dataclass(frozen=True, slots=True)
class Paths:
    """Where a target's endpoints are."""

    authorize: str
    token: str
    userinfo: str
    introspection: str
    discovery: str = "/.well-known/openid-configuration"


@dataclass(slots=True)
class Target:
    """One running server, and what the driver knows of it."""

    name: str
    port: int
    pid: int
    paths: Paths
    service: Registered
    keeper: Registered
    cookies: list[str] = field(default_factory=list)


class Visit:
    """One person's browser and one service's server, over one connection."""

    def __init__(self, target: Target, number: int) -> None:
        self.target = target
        self.wire = Wire(target.port)
        self.cookie = f"Cookie: {target.cookies[number % len(target.cookies)]}\r\n"
        self.token: dict[str, Any] = {}

    def operations(self) -> dict[str, Callable[[], Work]]:
        """By name: what makes ready, and gives what is measured."""
        return {
            "discovery": self._discovery,
            "code flow": lambda: self._code_flow,
            "sign-in with userinfo": lambda: self._sign_in,
            "userinfo": self._userinfo,
            "introspection": self._introspection,
            "refresh": self._refresh,
        }

    def code_flow(self, client: Registered) -> dict[str, Any]:
        """From the authorization request, with a session at the browser, to the tokens."""
        asked, verifier = authorization(client)
        back = self.wire.get(f"{self.target.paths.authorize}?{asked}", self.cookie).location
        code = parse_qs(urlsplit(back).query).get("code")
        if not code:
            raise Unexpected(f"no code: {back}")
        form = {
            "grant_type": "authorization_code",
            "code": code[0],
            "redirect_uri": client.redirect_uri,
            "code_verifier": verifier,
        }
        return self._tokens(client, form)

    def _code_flow(self) -> None:
        self.code_flow(self.target.service)

    def _sign_in(self) -> None:
        token = self.code_flow(self.target.service)
        self._ask_userinfo(f"Authorization: Bearer {token['access_token']}\r\n")

    def _discovery(self) -> Work:
        def ask() -> None:
            if b"token_endpoint" not in self.wire.get(self.target.paths.discovery).expect(200).body:
                raise Unexpected("this is no discovery document")

        return ask

    def _userinfo(self) -> Work:
        bearer = f"Authorization: Bearer {self.code_flow(self.target.service)['access_token']}\r\n"
        return lambda: self._ask_userinfo(bearer)

    def _ask_userinfo(self, bearer: str) -> None:
        if b"@example.com" not in self.wire.get(self.target.paths.userinfo, bearer).expect(200).body:
            raise Unexpected("userinfo without an address")

    def _introspection(self) -> Work:
        service = self.target.service
        form = urlencode({"token": self.code_flow(service)["access_token"]})

        def ask() -> None:
            answer = self.wire.post(self.target.paths.introspection, form, service.basic).expect(200)
            if json.loads(answer.body)["active"] is not True:
                raise Unexpected("the token is not active")

        return ask

    def _refresh(self) -> Work:
        keeper = self.target.keeper
        held = [self.code_flow(keeper)["refresh_token"]]

        def refresh() -> None:
            token = self._tokens(keeper, {"grant_type": "refresh_token", "refresh_token": held[0]})
            if token["refresh_token"] == held[0]:
                raise Unexpected("the refresh token was not rotated")
            held[0] = token["refresh_token"]

        return refresh

    def _tokens(self, client: Registered, form: dict[str, str]) -> dict[str, Any]:
        answer = self.wire.post(self.target.paths.token, urlencode(form), client.basic).expect(200)
        token: dict[str, Any] = json.loads(answer.body)
        if token["id_token"].count(".") != 2 or not token["access_token"]:
            raise Unexpected(f"tokens are missing: {sorted(token)}")
        return token


def authorization(client: Registered, **more: str) -> tuple[str, str]:
    """The query of a fresh authorization request, and its verifier."""
    verifier, state, nonce = (secrets.token_urlsafe(48) for _ in range(3))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": client.id,
        "redirect_uri": client.redirect_uri,
        "scope": client.scope,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return urlencode(asked | more), verifier


def sign_in_by_redirects(target: Target, path: str, clients: tuple[Registered, ...], **more: str) -> str:
    """Follow redirects with a browser's cookies until each client has its code; returns the cookies."""
    wire, jar = Wire(target.port), dict[str, str]()
    for client in clients:
        asked, _ = authorization(client, **more)
        where = f"{path}?{asked}"
        while not where.startswith(client.redirect_uri):
            parts = urlsplit(where)
            cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
            answer = wire.get(f"{parts.path}?{parts.query}".rstrip("?"), f"Cookie: {cookies}\r\n")
            jar = {name: value for name, value in (jar | answer.cookies).items() if value}
            where = answer.location
    wire.close()
    return "; ".join(f"{name}={value}" for name, value in jar.items())
