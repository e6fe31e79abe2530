"""The token endpoint: what it gives for a code, and to whom."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.models import User
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty


def a_code(
    app: Flask, service: RelyingParty, person: User | None = None, **parameters: str | None
) -> tuple[str, Asked]:
    asked = service.ask(**parameters)
    answer = a_browser_of(app, person or a_user(trn="1234567")).get(asked.path)
    return service.code_in(answer.location, asked), asked


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = (json.loads(base64.urlsafe_b64decode(part + "==")) if part else {} for part in _parts(token))
    return header, claims


def _parts(token: str) -> list[str]:
    header, claims, _ = token.split(".")
    return [header, claims, ""]


def test_an_access_token_is_opaque_and_says_how_long_it_lives(app: Flask) -> None:
    service = a_relying_party(app)
    code, asked = a_code(app, service)
    reply = service.redeem(code, asked.verifier)
    token = reply.json
    assert token["access_token"].startswith("gat_")
    assert token["expires_in"] == 900
    assert token["token_type"] == "Bearer"
    assert token["scope"] == "openid profile email trn"
    assert "refresh_token" not in token
    assert reply.headers["Cache-Control"] == "no-store"


def test_an_access_token_for_the_dqt_api_is_a_jwt_with_one_scope_string_and_the_trn(app: Flask) -> None:
    service = a_relying_party(app, scopes=("openid", "dqt:read"), scope="openid dqt:read")
    code, asked = a_code(app, service)
    token = service.redeem(code, asked.verifier).json["access_token"]
    header, claims = read(token)
    assert header["typ"] == "at+jwt"
    assert header["kid"]
    assert claims["scope"] == "openid dqt:read"
    assert claims["trn"] == "1234567"
    assert claims["iss"] == "http://localhost"
    assert service.userinfo(token)["trn"] == "1234567"


def test_an_id_token_carries_what_the_design_lists(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app)
    person = a_user(trn="1234567")
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, person).get(asked.path).location, asked)
    claims = signed_in.claims
    assert claims["exp"] - claims["iat"] == 300
    assert claims["auth_time"] == int(clock.now().timestamp())
    assert claims["amr"] == ["otp"]
    assert claims["acr"] == "http://localhost/acr/one-time-code"
    assert claims["sid"]
    assert {"trn", "trn_lookup_status", "email", "name"} <= claims.keys()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "Ed25519"])
def test_an_id_token_is_signed_as_the_service_registered(app: Flask, algorithm: str) -> None:
    service = a_relying_party(app, id_token_algorithm=algorithm)
    code, asked = a_code(app, service)
    token = service.redeem(code, asked.verifier).json
    assert read(token["id_token"])[0]["alg"] == algorithm
    service.validate(token["id_token"], nonce=asked.nonce, access_token=token["access_token"])


def test_a_request_without_nonce_and_a_scope_at_the_token_endpoint_are_tolerated(app: Flask) -> None:
    service = a_relying_party(app)
    asked = service.ask(nonce=None)
    location = a_browser_of(app, a_user()).get(asked.path).location
    assert location.startswith("/sign-in/")  # nobody looked for a record yet
    code, asked = a_code(app, service)
    reply = service.redeem(code, asked.verifier, scope="openid profile email trn")
    assert reply.status == 200


def test_scopes_that_the_service_may_not_have_are_left_out_and_the_answer_says_so(app: Flask) -> None:
    service = a_relying_party(app, scopes=("openid", "email"), scope="openid email profile dqt:read unheard-of")
    code, asked = a_code(app, service)
    reply = service.redeem(code, asked.verifier)
    assert reply.json["scope"] == "openid email"
    assert "name" not in service.userinfo(reply.json["access_token"])


def test_a_code_is_good_for_a_minute(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app)
    code, asked = a_code(app, service)
    clock.advance(timedelta(seconds=60))
    assert service.redeem(code, asked.verifier).json["error"] == "invalid_grant"


def test_a_locked_person_gets_no_token(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app)
    person = a_user(trn="1234567")
    code, asked = a_code(app, service, person)
    from_database = app.extensions["sqlalchemy"].session
    from_database.get(User, person.id).locked_at = clock.now()
    from_database.commit()
    assert service.redeem(code, asked.verifier).json["error"] == "invalid_grant"


def test_a_public_client_redeems_with_its_verifier_alone(app: Flask) -> None:
    service = a_relying_party(app, auth_method="none")
    code, asked = a_code(app, service)
    assert service.redeem(code, asked.verifier).status == 200


def test_a_confidential_client_may_be_registered_to_use_no_pkce(app: Flask) -> None:
    service = a_relying_party(app, require_pkce=False, auth_method="client_secret_post")
    code, _ = a_code(app, service, code_challenge=None, code_challenge_method=None)
    assert service.redeem(code, None).status == 200


def test_a_service_gets_a_token_of_its_own_for_its_own_scopes(app: Flask) -> None:
    service = a_relying_party(app, redirect_uris=(), scopes=("user:read", "user:write"))
    reply = service.token({"grant_type": "client_credentials", "scope": "user:read"})
    assert reply.json["scope"] == "user:read"
    assert "id_token" not in reply.json
    assert "refresh_token" not in reply.json
    refused = service.token({"grant_type": "client_credentials", "scope": "user:read identity:verify"})
    assert refused.json["error"] == "invalid_scope"


@pytest.mark.parametrize(
    ("headers", "form", "status"),
    [
        ({"Authorization": "Basic " + base64.b64encode(b"nobody:wrong").decode()}, {}, 401),
        ({}, {"client_id": "nobody", "client_secret": "wrong"}, 400),
        ({}, {"client_id": "nobody"}, 400),
        ({}, {}, 400),
    ],
)
def test_whoever_fails_by_the_header_is_answered_401_and_by_the_body_400(
    app: Flask, headers: dict[str, str], form: dict[str, str], status: int
) -> None:
    """RFC 6749 5.2, as docs/onboarding.md tells it."""
    sent = {"grant_type": "authorization_code", "code": "x", **form}
    answer = app.test_client().post("/connect/token", data=sent, headers=headers)
    assert (answer.status_code, answer.get_json()["error"]) == (status, "invalid_client")
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
