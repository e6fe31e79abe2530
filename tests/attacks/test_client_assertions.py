"""Clients that prove themselves with a key: case 42 of oidc.md, and 43 for the missing subject."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.oidc.client_assertion import LONGEST_LIFE
from identity_provider.oidc.client_authentication import ASSERTION_TYPE
from identity_provider.oidc.client_jwt import SKEW
from identity_provider.services.clients import ClientRefused
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty, Reply
from tests.kit.signing import EC, FOREIGN, PUBLIC, RSA, RSA_FOR_ANYTHING, part, raw, signed


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, redirect_uris=(), scopes=("user:read",), auth_method="private_key_jwt", jwks=PUBLIC)


@pytest.fixture
def said(service: RelyingParty, clock: ManualClock) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    return {
        "iss": service.client_id,
        "sub": service.client_id,
        "aud": "http://localhost",
        "iat": now,
        "exp": now + 60,
        "jti": "one",
    }


def present(service: RelyingParty, assertion: str, **more: str) -> Reply:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return service.http.call("POST", "/connect/token", form | more)


def test_a_signed_assertion_is_believed_once(service: RelyingParty, said: dict[str, Any]) -> None:
    assertion = signed(said)
    assert present(service, assertion, client_id=service.client_id).status == 200
    assert present(service, assertion).json["error"] == "invalid_client"
    assert present(service, signed(said | {"jti": "two", "aud": "http://localhost/connect/token"})).status == 200
    assert present(service, signed(said | {"jti": "three"}, RSA, "PS256")).status == 200


CHANGES: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda said: said | {"aud": "https://other.example"},
    lambda said: said | {"aud": ["http://localhost"]},
    lambda said: said | {"aud": "http://localhost/connect/authorize"},
    lambda said: said | {"exp": said["iat"] - int(SKEW.total_seconds())},
    lambda said: said | {"exp": said["iat"] + int((LONGEST_LIFE + SKEW).total_seconds()) + 1},
    lambda said: said | {"exp": "soon"},
    lambda said: said | {"exp": True},
    lambda said: said | {"exp": 1e300},
    lambda said: {name: value for name, value in said.items() if name != "exp"},
    lambda said: said | {"nbf": said["iat"] + 61},
    lambda said: said | {"iat": said["iat"] + 61},
    lambda said: said | {"iss": "somebody"},
    lambda said: {name: value for name, value in said.items() if name != "sub"},
    lambda said: {name: value for name, value in said.items() if name != "jti"},
    lambda said: said | {"jti": ""},
    lambda said: said | {"jti": 5},
    lambda said: said | {"jti": "x" * 256},
]


@pytest.mark.parametrize("change", CHANGES)
def test_42_claims_that_do_not_hold(
    service: RelyingParty, said: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    """Case 42, and 43 for the missing subject: RFC 7523 3."""
    reply = present(service, signed(change(said)))
    assert (reply.status, reply.json["error"]) == (400, "invalid_client")


def test_42_signatures_that_prove_nothing(service: RelyingParty, said: dict[str, Any]) -> None:
    """Case 42: RFC 8725; none, our own public key as a secret, foreign keys, keys brought along, another algorithm."""
    to_sign = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(said)}"
    keyed_by_public_key = hmac.new(RSA.as_pem(private=False), to_sign.encode(), hashlib.sha256).digest()
    none = f"{part({'alg': 'none'})}.{part(said)}."
    two_subjects = raw(json.dumps(said)[:-1] + ', "sub": "x"}')
    repeated = f"{part({'alg': 'ES256', 'kid': 'ec'})}.{two_subjects}.AAAA"
    attempts = [
        none,
        repeated,
        f"{to_sign}.{base64.urlsafe_b64encode(keyed_by_public_key).decode().rstrip('=')}",
        signed(said, FOREIGN),
        signed(said, RSA_FOR_ANYTHING, "RS256"),  # registered for PS256
        signed(said, FOREIGN, jwk=dict(FOREIGN.as_dict(private=False))),
        signed(said, EC, jwk=dict(EC.as_dict(private=False))),
        signed(said, EC, jku="https://evil.example/keys"),
        signed(said, EC, x5u="https://evil.example/chain"),
        signed(said, EC, typ="oauth-authz-req+jwt"),
        "a.b.c.d.e",
        "junk",
        "",
        "..",
        "é.é.é",
    ]
    for attempt in attempts:
        reply = present(service, attempt)
        assert reply.status == 400, attempt
        assert reply.json["error"] in {"invalid_client"}


def test_42_the_type_the_named_client_and_the_registered_method_must_agree(
    app: Flask, service: RelyingParty, said: dict[str, Any]
) -> None:
    """Case 42: and a client with a secret can not be impersonated by a JWT."""
    with_secret = a_relying_party(app, number=2, redirect_uris=(), scopes=("user:read",))
    assert present(service, signed(said), client_assertion_type="urn:x").json["error"] == "invalid_client"
    assert present(service, signed(said), client_id=with_secret.client_id).json["error"] == "invalid_client"
    theirs = signed(said | {"iss": with_secret.client_id, "sub": with_secret.client_id})
    assert present(service, theirs).json["error"] == "invalid_client"


@pytest.mark.parametrize("jwks", [None, {}, {"keys": []}, {"keys": [{"kty": "oct", "k": "A" * 43}]}, {"keys": "x"}])
def test_a_registration_needs_public_keys(app: Flask, jwks: dict[str, Any] | None) -> None:
    with pytest.raises(ClientRefused):
        a_relying_party(app, auth_method="private_key_jwt", jwks=jwks)
    with pytest.raises(ClientRefused):
        a_relying_party(app, auth_method="private_key_jwt", jwks={"keys": [dict(EC.as_dict(private=True))]})


def test_an_assertion_is_good_until_it_expires_and_forgotten_afterwards(
    service: RelyingParty, said: dict[str, Any], clock: ManualClock
) -> None:
    clock.advance(timedelta(seconds=60))
    assert present(service, signed(said)).status == 200
