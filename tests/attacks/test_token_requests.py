"""Attacks on the token endpoint (design page oidc.md, cases 36 to 48): the answer that each must get."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import Client, ClientSecret
from identity_provider.services import clients, rate_limits
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.kit.provider import CALLBACK, a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty, Reply


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


def a_code(app: Flask, service: RelyingParty, **parameters: str | None) -> tuple[str, Asked]:
    asked = service.ask(**parameters)
    return service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked), asked


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def post(app: Flask, form: dict[str, str], headers: dict[str, str] | None = None) -> TestResponse:
    return app.test_client().post("/connect/token", data=form, headers=headers)


def works(service: RelyingParty, access_token: str) -> bool:
    headers = {"Authorization": f"Bearer {access_token}"}
    return service.http.call("GET", "/connect/userinfo", headers=headers).status == 200


def refused(reply: Reply, error: str) -> bool:
    return reply.status == 400 and reply.json["error"] == error and reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("later", [timedelta(0), timedelta(minutes=5)])
def test_36_a_code_used_twice_ends_everything_that_came_of_it(
    app: Flask, service: RelyingParty, clock: ManualClock, later: timedelta
) -> None:
    """Case 36: RFC 6749 4.1.2; at once, and also long after the code expired."""
    code, asked = a_code(app, service)
    first = service.redeem(code, asked.verifier).json
    assert works(service, first["access_token"])
    clock.advance(later)
    assert refused(service.redeem(code, asked.verifier), "invalid_grant")
    assert not works(service, first["access_token"])


def test_37_a_code_of_another_service_or_for_another_address(app: Flask, service: RelyingParty) -> None:
    """Case 37: refused, and the rightful service can still use it."""
    other = a_relying_party(app, number=2)
    code, asked = a_code(app, service)
    assert refused(other.redeem(code, asked.verifier), "invalid_grant")
    assert refused(service.redeem(code, asked.verifier, redirect_uri=CALLBACK + "/"), "invalid_grant")
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": asked.verifier}
    assert refused(service.token(form), "invalid_grant")
    assert service.redeem(code, asked.verifier).status == 200


@pytest.mark.parametrize("verifier", [None, "", "x" * 43, "x" * 42, "x" * 129, "é" * 50])
def test_38_a_wrong_verifier(app: Flask, service: RelyingParty, verifier: str | None) -> None:
    """Case 38: code injection (RFC 9700 4.5)."""
    code, _ = a_code(app, service)
    assert refused(service.redeem(code, verifier), "invalid_grant")


def test_38_a_verifier_where_there_was_no_challenge(app: Flask) -> None:
    """Case 38: RFC 9700 4.8.2, PKCE downgrade."""
    service = a_relying_party(app, require_pkce=False)
    code, asked = a_code(app, service, code_challenge=None, code_challenge_method=None)
    assert refused(service.redeem(code, asked.verifier), "invalid_grant")
    assert service.redeem(code, None).status == 200


BAD_SECRETS = ["", "wrong", "sécret", "\udcff", "x" * 100_000, "a:b:c", "%00", "%zz", "+"]


@pytest.mark.parametrize("secret", BAD_SECRETS)
def test_39_a_wrong_secret_by_basic(app: Flask, service: RelyingParty, secret: str) -> None:
    """Case 39: 401 with a challenge, the same for a client that does not exist."""
    answers = []
    for client_id in (service.client_id, "nobody"):
        pair = base64.b64encode(f"{client_id}:{secret}".encode("utf-8", "surrogateescape")).decode()
        answer = post(app, {"grant_type": "client_credentials"}, {"Authorization": f"Basic {pair}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert answer.json is not None
        assert answer.json["error"] == "invalid_client"
        answers.append((answer.json, answer.headers["WWW-Authenticate"]))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("secret", ["wrong", "sécret", "x" * 15_000])
def test_39_a_wrong_secret_in_the_body(app: Flask, secret: str) -> None:
    """Case 39: 400, the same for a client that does not exist."""
    service = a_relying_party(app, auth_method="client_secret_post")
    for client_id in (service.client_id, "nobody", "\u00e9", ""):
        answer = post(app, {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret})
        assert answer.status_code == 400
        assert answer.json == {"error": "invalid_client", "error_description": "Client authentication failed."}


def test_39_a_secret_for_a_public_client_the_stored_hash_and_an_expired_secret(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    """Case 39."""
    public = a_relying_party(app, number=2, auth_method="none")
    form = {"grant_type": "authorization_code", "code": "x"}
    assert post(app, form, basic(public.client_id, "anything")).status_code == 401
    stored = db.session.scalars(db.select(ClientSecret.secret_hmac)).one()
    assert post(app, form, basic(service.client_id, stored.hex())).status_code == 401
    with transaction():
        row = db.session.get_one(Client, service.client_id)
        newer = clients.rotate_secret(row, actor=SYSTEM, now=clock.now())
    old, service.secret = service.secret, newer
    assert old is not None
    assert post(app, form, basic(service.client_id, old)).status_code == 400  # still good: the code is what is wrong
    assert post(app, form, basic(service.client_id, newer)).status_code == 400
    clock.advance(clients.OLD_SECRET_LIVES)
    assert post(app, form, basic(service.client_id, old)).status_code == 401
    assert post(app, form, basic(service.client_id, newer)).status_code == 400


def test_39_failures_are_limited_and_the_right_secret_still_works(app: Flask, service: RelyingParty) -> None:
    """Case 39: 429 with Retry-After."""
    form = {"grant_type": "client_credentials"}
    for _ in range(rate_limits.CLIENT_FAILURES.count):
        assert post(app, form, basic(service.client_id, "wrong")).status_code == 401
    limited = post(app, form, basic(service.client_id, "wrong"))
    assert limited.status_code == 429
    assert int(limited.headers["Retry-After"]) > 0
    code, asked = a_code(app, service)
    assert service.redeem(code, asked.verifier).status == 200


def test_40_two_methods_at_once_and_credentials_in_the_address(app: Flask, service: RelyingParty) -> None:
    """Case 40: RFC 6749 2.3."""
    assert service.secret is not None
    form = {"grant_type": "client_credentials", "client_id": service.client_id, "client_secret": service.secret}
    both = post(app, form, basic(service.client_id, service.secret))
    assert both.status_code == 400
    assert both.json is not None
    assert both.json["error"] == "invalid_request"
    address = f"/connect/token?client_id={service.client_id}&client_secret={service.secret}"
    in_address = app.test_client().post(address, data={"grant_type": "client_credentials"})
    assert in_address.json is not None
    assert in_address.json["error"] == "invalid_request"


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic YQ", "Basic //79", "Bearer x", "Digest a=b", "x" * 5_000]
)
def test_40_an_authorization_header_that_can_not_be_read(app: Flask, header: str) -> None:
    """Case 40: invalid_client, never 500."""
    answer = post(app, {"grant_type": "client_credentials"}, {"Authorization": header})
    assert answer.status_code == 401
    assert answer.json is not None
    assert answer.json["error"] == "invalid_client"


def test_40_the_method_that_is_not_the_registered_one(app: Flask, service: RelyingParty) -> None:
    """Case 40: basic where post is registered, and the other way round."""
    by_post = a_relying_party(app, number=2, auth_method="client_secret_post")
    for registered in (service, by_post):
        assert registered.secret is not None
        code, asked = a_code(app, registered) if registered is service else ("x", service.ask())
        other = "client_secret_post" if registered is service else "client_secret_basic"
        registered.auth_method = other
        assert registered.redeem(code, asked.verifier).json["error"] == "invalid_client"


def test_41_a_public_client_s_manners_from_a_confidential_one(app: Flask, service: RelyingParty) -> None:
    """Case 41: client_id alone proves nothing."""
    code, asked = a_code(app, service)
    service.auth_method = "none"
    assert refused(service.redeem(code, asked.verifier), "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password", "username": "a", "password": "b"}, "unsupported_grant_type"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x\0"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
def test_45_grants_that_there_are_not(app: Flask, service: RelyingParty, form: dict[str, str], error: str) -> None:
    """Case 45."""
    assert refused(service.token(form), error)


def test_45_a_parameter_said_twice_and_a_get(app: Flask, service: RelyingParty) -> None:
    """Case 45: RFC 6749 3.2."""
    twice = app.test_client().post(
        "/connect/token",
        data="grant_type=authorization_code&grant_type=authorization_code&code=x",
        content_type="application/x-www-form-urlencoded",
    )
    assert twice.json is not None
    assert twice.json["error"] == "invalid_request"
    got = app.test_client().get("/connect/token")
    assert got.status_code == 405
    assert "POST" in got.headers["Allow"]


@pytest.mark.parametrize("body", [b"x" * 1_200_000, b"grant_type=%ff", b"a=1&" * 5_000])
def test_45_bodies_that_nobody_means(app: Flask, body: bytes) -> None:
    """Case 21 at the token endpoint: refused as JSON, never 500."""
    answer = app.test_client().post("/connect/token", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in {400, 413}
    assert answer.json is not None
    assert answer.json["error"] == "invalid_request"


def test_45_a_disabled_service_is_a_stranger(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    """Its codes, tokens and secrets are dead, and nobody is sent to it."""
    code, asked = a_code(app, service)
    access_token = service.redeem(code, asked.verifier).json["access_token"]
    with transaction():
        clients.disable(db.session.get_one(Client, service.client_id), actor=SYSTEM, now=clock.now())
    assert not works(service, access_token)
    assert service.redeem("x", asked.verifier).json["error"] == "invalid_client"
    assert app.test_client().get(service.ask().path).status_code == 400
