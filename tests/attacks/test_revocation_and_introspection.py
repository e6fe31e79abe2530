"""Revocation (RFC 7009) and introspection (RFC 7662): cases 50 and 51 of oidc.md."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import Client, Consent
from identity_provider.services import client_changes, clients
from identity_provider.services.audit import SYSTEM
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


def test_50_a_service_that_was_switched_off_leaves_no_token_behind(app: Flask, clock: ManualClock) -> None:
    """Nor does one come back to life with the service: switching off ends its own tokens too."""
    service = a_relying_party(app, scopes=("openid", "user:read"))
    api = a_relying_party(app, number=2, may_introspect=True)
    token = service.token({"grant_type": "client_credentials"}).json["access_token"]
    assert is_active(api, token)
    client = db.session.get_one(Client, service.client_id)
    with transaction():
        client.disabled_at = clock.now()
    assert not is_active(api, token)
    with transaction():
        clients.disable(client, actor=SYSTEM, now=clock.now())
    with transaction():
        client_changes.enable(client, actor=SYSTEM, now=clock.now())
    assert not is_active(api, token)


def test_34_what_was_granted_with_a_scope_that_a_service_lost_ends(
    app: Flask, service: RelyingParty, signed_in: SignedIn, clock: ManualClock
) -> None:
    """A family of refresh tokens would give it out for three months more."""
    change(service, clock, scopes=("openid", "trn", "offline_access", "phone"))
    assert is_active(service, signed_in.token["access_token"])
    change(service, clock, scopes=("openid", "offline_access"))
    assert not is_active(service, signed_in.token["access_token"])
    refreshed = service.token({"grant_type": "refresh_token", "refresh_token": signed_in.token["refresh_token"]})
    assert refreshed.json["error"] == "invalid_grant"


def test_34_a_service_s_own_token_ends_with_its_scope(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scopes=("openid", "user:read", "user:write"))
    wide, narrow = (
        service.token({"grant_type": "client_credentials", "scope": scope}).json["access_token"]
        for scope in ("user:read user:write", "user:read")
    )
    change(service, clock, scopes=("openid", "user:read"))
    assert (is_active(service, wide), is_active(service, narrow)) == (False, True)


def test_34_a_service_that_is_not_of_our_family_any_more_keeps_only_what_it_was_allowed(
    app: Flask, service: RelyingParty, signed_in: SignedIn, clock: ManualClock
) -> None:
    asked = service.ask()
    one_who_said_yes = a_user(trn="7654321")
    allowed = service.finish(a_browser_of(app, one_who_said_yes).get(asked.path).location, asked).token["access_token"]
    with transaction():
        db.session.add(
            Consent(
                user_id=one_who_said_yes.id,
                client_id=service.client_id,
                scopes=["openid", "trn", "offline_access"],
                said_yes_to=uuid4(),
                granted_at=clock.now(),
                confirmed_at=clock.now(),
            )
        )
    change(service, clock, first_party=False)
    assert is_active(service, allowed)
    assert not is_active(service, signed_in.token["access_token"])


def change(service: RelyingParty, clock: ManualClock, **settings: Any) -> None:
    """As an operator does it."""
    client = db.session.get_one(Client, service.client_id)
    with transaction():
        wanted = replace(client_changes.settings_of(client), **settings)
        client_changes.change(client, wanted, actor=SYSTEM, now=clock.now())
