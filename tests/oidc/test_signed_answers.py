"""What APIs and services may verify themselves: signed userinfo (Core 5.3.2) and JWT access tokens (RFC 9068)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from joserfc import jwt

from identity_provider.adapters.memory import ManualClock
from identity_provider.models import User
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import ALGORITHMS, RelyingParty, Reply, SignedIn


def sign_in(app: Flask, service: RelyingParty, person: User) -> SignedIn:
    asked = service.ask()
    location = a_browser_of(app, person).get(asked.path).location
    token = service.redeem(service.code_in(location, asked), asked.verifier).json
    claims = service.validate(token["id_token"], nonce=asked.nonce, access_token=token["access_token"])
    return SignedIn(claims, {}, token)


def userinfo(service: RelyingParty, token: str, method: str = "GET") -> Reply:
    return service.http.call(method, "/connect/userinfo", headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_userinfo_is_signed_for_a_service_that_registered_an_algorithm(app: Flask, algorithm: str) -> None:
    service = a_relying_party(app, userinfo_algorithm=algorithm)
    person = a_user(trn="1234567")
    signed_in = sign_in(app, service, person)
    for method in ("GET", "POST"):
        reply = userinfo(service, signed_in.token["access_token"], method)
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/jwt")
        assert reply.headers["Cache-Control"] == "no-store"
        read = jwt.decode(reply.text, service.keys(), algorithms=[algorithm])
        assert read.header["alg"] == algorithm
        said: dict[str, Any] = dict(read.claims)
        assert (said.pop("iss"), said.pop("aud")) == ("http://localhost", service.client_id)
        assert (said["sub"], said["trn"], said["email_verified"]) == (str(person.id), "1234567", True)


def test_signed_userinfo_is_no_hint(app: Flask) -> None:
    """It must not pass for an ID token (RFC 8725 3.11)."""
    service = a_relying_party(app, userinfo_algorithm="RS256", access_token_format="jwt")
    person = a_user(trn="1234567")
    token = sign_in(app, service, person).token["access_token"]
    for other in (userinfo(service, token).text, token):
        answer = a_browser_of(app, person).get(service.ask(id_token_hint=other).path)
        assert service.answer_in(answer.location)["error"] == "invalid_request"


def test_a_bad_token_gets_the_same_challenge_whatever_the_service_registered(app: Flask) -> None:
    a_relying_party(app, userinfo_algorithm="ES256")
    reply = userinfo(a_relying_party(app, number=2), "gat_nobody")
    assert (reply.status, reply.json["error"]) == (401, "invalid_token")


@pytest.fixture
def api(app: Flask) -> RelyingParty:
    return a_relying_party(
        app,
        access_token_format="jwt",
        scopes=("openid", "email", "trn", "offline_access", "user:read"),
        scope="openid email offline_access",
    )


def read_token(service: RelyingParty, token: str) -> dict[str, Any]:
    """As an API reads it that knows nothing but the published keys."""
    read = jwt.decode(token, service.keys(), algorithms=["RS256"])
    assert read.header["typ"] == "at+jwt"
    return dict(read.claims)


def test_an_access_token_says_what_rfc_9068_demands(app: Flask, api: RelyingParty, clock: ManualClock) -> None:
    person = a_user(trn="1234567")
    signed_in = sign_in(app, api, person)
    said = read_token(api, signed_in.token["access_token"])
    now = int(clock.now().timestamp())
    assert (said["iss"], said["aud"], said["sub"]) == ("http://localhost", "http://localhost", str(person.id))
    assert (said["client_id"], said["iat"], said["exp"]) == (api.client_id, now, now + 900)
    assert said["scope"] == signed_in.token["scope"]
    assert {name: said[name] for name in ("auth_time", "acr", "amr")} == {
        name: signed_in.claims[name] for name in ("auth_time", "acr", "amr")
    }
    assert len(said["jti"]) >= 22
    assert "trn" not in said
    assert said["jti"] != read_token(api, sign_in(app, api, person).token["access_token"])["jti"]


def test_a_refreshed_one_tells_of_the_same_sign_in(app: Flask, api: RelyingParty, clock: ManualClock) -> None:
    first = sign_in(app, api, a_user(trn="1234567"))
    clock.advance(timedelta(minutes=10))
    form = {"grant_type": "refresh_token", "refresh_token": first.token["refresh_token"]}
    said = read_token(api, api.token(form).json["access_token"])
    assert said["auth_time"] == first.claims["auth_time"]
    assert said["iat"] == int(clock.now().timestamp())


def test_a_service_s_own_token_names_the_service(app: Flask, api: RelyingParty) -> None:
    """RFC 9068 2.2: without a person the subject is the client, and nobody authenticated."""
    service = a_relying_party(app, number=2, redirect_uris=(), scopes=("user:read",), access_token_format="jwt")
    said = read_token(service, service.token({"grant_type": "client_credentials"}).json["access_token"])
    assert said["sub"] == said["client_id"] == service.client_id
    assert said["scope"] == "user:read"
    assert not {"auth_time", "acr", "amr"} & said.keys()


def test_it_is_good_at_userinfo_and_introspection_and_dead_when_it_was_revoked(app: Flask, api: RelyingParty) -> None:
    """A signature alone opens nothing here: the token is looked up by its HMAC."""
    token = sign_in(app, api, a_user(trn="1234567")).token["access_token"]
    assert userinfo(api, token).status == 200
    assert api.authenticated("/connect/introspection", {"token": token}).json["active"] is True
    assert api.authenticated("/connect/revocation", {"token": token}).status == 200
    assert userinfo(api, token).status == 401
    assert api.authenticated("/connect/introspection", {"token": token}).json == {"active": False}
    assert read_token(api, token)["sub"]


def test_other_services_tokens_stay_opaque(app: Flask) -> None:
    token = sign_in(app, a_relying_party(app), a_user(trn="1234567")).token["access_token"]
    assert token.startswith("gat_")
    assert "." not in token
