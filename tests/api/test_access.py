"""Who may call the API: services with a token of their own, for what it is good for, and not too often."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.api import access
from identity_provider.db import db, transaction
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports
from identity_provider.models import Client, TrnToken
from identity_provider.services import clients, features, grants
from identity_provider.services.audit import SYSTEM
from identity_provider.services.rate_limits import Limit
from tests.api.callers import a_caller
from tests.builders import NOW, a_user
from tests.kit.provider import a_browser_of, a_relying_party

ADDRESS = "/api/v1/users"


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Basic abc", "Bearer gat_" + "x" * 43, "Bearer ÿ"])
def test_without_a_good_token_nothing_is_said(app: Flask, header: str | None) -> None:
    answer = app.test_client().get(ADDRESS, headers={"Authorization": header} if header else {})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_a_token_in_the_address_is_no_token(app: Flask) -> None:
    caller = a_caller(app)
    assert app.test_client().get(ADDRESS, query_string={"access_token": caller.token}).status_code == 401


def test_a_token_ends_with_its_time_and_with_its_service(app: Flask, clock: ManualClock) -> None:
    caller, other = a_caller(app), a_caller(app)
    assert caller.get("/users").status_code == 200
    with transaction():
        clients.disable(db.session.get_one(Client, caller.id), actor=SYSTEM, now=NOW)
    assert caller.get("/users").status_code == 401
    clock.advance(grants.ACCESS_TOKEN_LIVES)
    assert other.get("/users").status_code == 401


def test_a_persons_token_is_for_their_claims_only(app: Flask) -> None:
    user = a_user(trn="1234567")
    service = a_relying_party(app)
    asked = service.ask()
    token = service.finish(a_browser_of(app, user).get(asked.path).location, asked).token["access_token"]
    answer = app.test_client().get(ADDRESS, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("trn_token:write", "GET", "/users"),
        ("trn_token:write", "GET", "/users/0b0b0b0b-0000-4000-8000-000000000000"),
        ("user:read", "PATCH", "/users/0b0b0b0b-0000-4000-8000-000000000000"),
        ("user:read", "PUT", "/users/0b0b0b0b-0000-4000-8000-000000000000/trn"),
        ("user:write", "POST", "/trn-tokens"),
        ("user:write", "POST", "/users/0b0b0b0b-0000-4000-8000-000000000000/identity-checks"),
    ],
)
def test_a_token_is_good_for_its_scopes_only(app: Flask, scope: str, method: str, path: str) -> None:
    answer = a_caller(app, scope).call(method, path, {} if method != "GET" else None)
    assert (answer.status_code, (answer.json or {})["errorCode"]) == (403, 10005)


def test_each_service_may_call_so_often(app: Flask, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (access.CALLS.count, access.CALLS.per) == (1_000, timedelta(minutes=1))
    monkeypatch.setattr(access, "CALLS", Limit("api_calls", 2, timedelta(minutes=1)))
    caller, other = a_caller(app), a_caller(app)
    assert [caller.get("/users").status_code for _ in range(3)] == [200, 200, 429]
    late = caller.get("/users")
    assert 1 <= int(late.headers["Retry-After"]) <= 61
    assert other.get("/users").status_code == 200
    clock.advance(timedelta(minutes=1))
    assert caller.get("/users").status_code == 200


def test_who_guesses_tokens_is_told_to_wait(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "REFUSALS", Limit("api_refusals_per_ip", 2, timedelta(minutes=1)))
    told = [app.test_client().get(ADDRESS).status_code for _ in range(3)]
    assert told == [401, 401, 429]


def test_a_trn_token_is_made_and_written_down(app: Flask) -> None:
    caller = a_caller(app, "trn_token:write")
    answer = caller.call("POST", "/trn-tokens", {"trn": "1234567", "email": "Kate@Example.com"})
    assert answer.status_code == 200
    told = answer.json
    assert told is not None
    assert set(told) == {"trn", "email", "trnToken", "expiresUtc"}
    assert (told["trn"], told["email"], told["expiresUtc"]) == (
        "1234567", "kate@example.com", "2026-04-01T09:00:00.000Z",
    )  # fmt: skip
    assert caller.call("POST", "/trn-tokens", {"trn": "1", "email": "x"}).status_code == 400


def test_an_address_that_is_not_there_is_a_problem_too(app: Flask) -> None:
    answer = a_caller(app).get("/nowhere")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_no_token_is_made_while_they_are_switched_off(app: Flask) -> None:
    caller = a_caller(app, "trn_token:write")
    with transaction():
        features.switch(Feature.TRN_TOKENS, on=False, reason="misused", actor=SYSTEM, now=ports().clock.now())
    answer = caller.call("POST", "/trn-tokens", {"trn": "1234567", "email": "kate@example.com"})
    assert (answer.status_code, answer.get_json()["title"]) == (403, "TRN tokens are switched off")
    assert db.session.query(TrnToken).count() == 0
