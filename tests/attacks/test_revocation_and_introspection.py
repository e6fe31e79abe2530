"""Revocation (RFC 7009) and introspection (RFC 7662): cases 50 and 51 of oidc.md."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, Reply, SignedIn

REVOKE, INTROSPECT = "/connect/revocation", "/connect/introspection"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, scope="openid trn offline_access")


@pytest.fixture
def signed_in(app: Flask, service: RelyingParty) -> SignedIn:
    asked = service.ask()
    return service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)


def introspect(service: RelyingParty, token: str) -> Reply:
    return service.authenticated(INTROSPECT, {"token": token})


def is_active(service: RelyingParty, token: str) -> bool:
    return bool(introspect(service, token).json["active"])


@pytest.mark.parametrize("hint", ["", "access_token", "refresh_token", "unheard_of"])
def test_a_revoked_access_token_is_dead_and_its_family_lives(
    service: RelyingParty, signed_in: SignedIn, hint: str
) -> None:
    token = signed_in.token["access_token"]
    reply = service.authenticated(REVOKE, {"token": token, "token_type_hint": hint})
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    assert not is_active(service, token)
    assert is_active(service, signed_in.token["refresh_token"])


def test_51_a_revoked_refresh_token_takes_its_access_tokens_with_it(service: RelyingParty, signed_in: SignedIn) -> None:
    """Case 51: RFC 7009 2.1."""
    assert service.authenticated(REVOKE, {"token": signed_in.token["refresh_token"]}).status == 200
    assert not is_active(service, signed_in.token["access_token"])
    assert not is_active(service, signed_in.token["refresh_token"])


def test_51_another_service_s_token_is_refused_without_effect_and_an_unknown_one_is_fine(
    app: Flask, service: RelyingParty, signed_in: SignedIn
) -> None:
    """Case 51."""
    other = a_relying_party(app, number=2)
    token = signed_in.token["access_token"]
    assert other.authenticated(REVOKE, {"token": token}).json["error"] == "invalid_grant"
    assert is_active(service, token)
    assert other.authenticated(REVOKE, {"token": "gat_unknown"}).status == 200
    assert other.authenticated(REVOKE, {}).json["error"] == "invalid_request"


def test_introspection_tells_what_a_token_is_good_for(
    service: RelyingParty, signed_in: SignedIn, clock: ManualClock
) -> None:
    answer = introspect(service, signed_in.token["access_token"]).json
    assert answer == {
        "active": True,
        "iss": "http://localhost",
        "client_id": service.client_id,
        "sub": signed_in.claims["sub"],
        "scope": "openid trn offline_access",
        "token_type": "Bearer",
        "iat": int(clock.now().timestamp()),
        "exp": int((clock.now() + timedelta(minutes=15)).timestamp()),
    }


def test_50_only_an_api_that_is_registered_as_one_sees_tokens_of_others(
    app: Flask, service: RelyingParty, signed_in: SignedIn
) -> None:
    """Case 50: no details for anybody else."""
    token = signed_in.token["access_token"]
    other = a_relying_party(app, number=2)
    api = a_relying_party(app, number=3, may_introspect=True)
    assert introspect(other, token).json == {"active": False}
    assert is_active(api, token)
    assert introspect(api, "gat_unknown").json == {"active": False}


def test_50_nobody_introspects_without_proving_who_they_are(
    app: Flask, service: RelyingParty, signed_in: SignedIn
) -> None:
    """Case 50: RFC 7662 4; a public client proves nothing."""
    token = signed_in.token["access_token"]
    public = a_relying_party(app, number=2, auth_method="none")
    assert introspect(public, token).json["error"] == "invalid_client"
    service.secret = "a-wrong-secret-of-some-length"
    reply = introspect(service, token)
    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert service.http.call("GET", INTROSPECT).status == 405


def test_expired_and_exchanged_tokens_are_inactive(
    service: RelyingParty, signed_in: SignedIn, clock: ManualClock
) -> None:
    refresh = signed_in.token["refresh_token"]
    service.token({"grant_type": "refresh_token", "refresh_token": refresh})
    assert not is_active(service, refresh)
    clock.advance(timedelta(minutes=15))
    assert not is_active(service, signed_in.token["access_token"])
