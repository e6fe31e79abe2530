"""Attacks with access tokens (design page oidc.md, case 49): what opens nothing, and how it is said (RFC 6750)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from identity_provider.adapters.memory import ManualClock
from identity_provider.models import User
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn


def sign_in(app: Flask, service: RelyingParty, person: User) -> SignedIn:
    asked = service.ask()
    return service.finish(a_browser_of(app, person).get(asked.path).location, asked)


@pytest.fixture
def token(app: Flask) -> str:
    return str(sign_in(app, a_relying_party(app), a_user(trn="1234567")).token["access_token"])


def test_49_no_token_at_all_gets_a_bare_challenge(client: FlaskClient) -> None:
    """Case 49: RFC 6750 3.1."""
    answer = client.get("/connect/userinfo")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="userinfo"'


@pytest.mark.parametrize("bad", ["gat_nobody", "é", "a b", "x" * 5_000, "eyJhbGciOiJub25lIn0.e30."])
def test_49_a_token_that_is_not_ours(client: FlaskClient, bad: str) -> None:
    """Case 49: 401 invalid_token, never 500."""
    answer = client.get("/connect/userinfo", headers={"Authorization": f"Bearer {bad}".encode().decode("latin-1")})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_49_a_token_in_the_address_or_shown_twice(client: FlaskClient, token: str) -> None:
    """Case 49: 400 invalid_request."""
    header = {"Authorization": f"Bearer {token}"}
    for answer in (
        client.get(f"/connect/userinfo?access_token={token}"),
        client.post("/connect/userinfo", headers=header, data={"access_token": token}),
    ):
        assert answer.status_code == 400
        assert 'error="invalid_request"' in answer.headers["WWW-Authenticate"]


def test_49_expired_and_other_kinds_of_token(app: Flask, client: FlaskClient, token: str, clock: ManualClock) -> None:
    """Case 49: an ID token or a refresh token opens nothing; a service's own token has no person."""
    service = a_relying_party(app, number=2, scope="openid offline_access trn")
    signed_in = sign_in(app, service, a_user(trn="7654321"))
    machine = a_relying_party(app, number=3, redirect_uris=(), scopes=("user:read",))
    own = machine.token({"grant_type": "client_credentials"}).json["access_token"]
    assert status(client, signed_in.token["id_token"]) == 401
    assert status(client, signed_in.token["refresh_token"]) == 401
    assert status(client, own) == 403
    clock.advance(timedelta(minutes=15))
    assert status(client, token) == 401


def status(client: FlaskClient, token: Any) -> int:
    return client.get("/connect/userinfo", headers={"Authorization": f"Bearer {token}"}).status_code
