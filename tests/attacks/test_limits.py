"""Attacks by trying often (design page oidc.md, cases 29, 39, 49): limits, and that they shut nobody else out."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import select
from werkzeug.test import TestResponse

from config.settings import Settings
from identity_provider.db import db
from identity_provider.models import AuditEvent, RateCounter
from identity_provider.services import audit, rate_limits
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
ENDPOINTS = ("/connect/token", "/connect/introspection", "/connect/revocation", "/connect/par")


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


def fail(app: Flask, client_id: str, path: str = "/connect/token", secret: str = "wrong") -> TestResponse:
    """A stranger shows a wrong secret."""
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    form = {"grant_type": "client_credentials", "token": "x"}
    return app.test_client().post(
        path, data=form, headers={"Authorization": f"Basic {pair}"}, environ_overrides=STRANGER
    )


def counted(path: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("credentials_total", {"path": path, "outcome": outcome}) or 0


def audited(action: str) -> list[str]:
    """The ids of what the events of this name are about."""
    db.session.rollback()
    return list(db.session.scalars(db.select(AuditEvent.subject_id).where(AuditEvent.action == action)))


def test_39_a_stranger_who_fails_shuts_no_service_out(app: Flask, service: RelyingParty) -> None:
    """Case 39: 429 with Retry-After for the stranger, and nothing at all for the service, even from there."""
    for _ in range(rate_limits.CLIENT_FAILURES.count):
        assert fail(app, service.client_id).status_code == 401
    limited = fail(app, service.client_id)
    assert (limited.status_code, limited.get_json()["error"]) == (429, "temporarily_unavailable")
    assert 0 < int(limited.headers["Retry-After"]) <= 301
    assert service.secret is not None
    from_there = fail(app, service.client_id, secret=service.secret)
    assert from_there.status_code != 429, "the service's own secret is let through from the stranger's address"
    asked = service.ask()
    back = a_browser_of(app, a_user(trn="1234567")).get(asked.path).location
    assert service.finish(back, asked).claims["trn"] == "1234567"


def test_39_a_stranger_cannot_spread_failures_over_many_services(app: Flask) -> None:
    """Case 39: all that come from one address are counted together too."""
    statuses = [
        fail(app, f"client-{number}").status_code for number in range(rate_limits.CLIENT_FAILURES_PER_IP.count + 1)
    ]
    assert set(statuses[:-1]) == {401}
    assert statuses[-1] == 429


def test_39_every_endpoint_counts_failures_together(app: Flask, service: RelyingParty) -> None:
    """Case 39: whoever is limited at one endpoint is not free to go on at the next."""
    for number in range(rate_limits.CLIENT_FAILURES.count):
        assert fail(app, service.client_id, ENDPOINTS[number % 4]).status_code == 401
    assert {fail(app, service.client_id, path).status_code for path in ENDPOINTS} == {429}


def test_39_what_is_refused_is_counted_and_the_limit_is_audited_once(
    app: Flask, service: RelyingParty, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 39: operators see it, without a row for each guess that a stranger could fill the audit with."""
    before = counted("client:client_secret_basic", "refused")
    for _ in range(rate_limits.CLIENT_FAILURES.count + 5):
        fail(app, service.client_id)
    assert counted("client:client_secret_basic", "refused") == before + rate_limits.CLIENT_FAILURES.count + 5
    [limit] = audited("limit_reached")
    assert limit.startswith("client_failures:")
    assert service.client_id not in limit
    assert "client_authentication_failed" in capsys.readouterr().out


def test_49_tokens_that_are_none_are_limited_and_a_good_one_is_not_held_up(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 49: guessing tokens ends in 429; the service that has one does not notice."""
    monkeypatch.setattr(rate_limits, "TOKEN_FAILURES_PER_IP", replace(rate_limits.TOKEN_FAILURES_PER_IP, count=3))
    asked = service.ask()
    good = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked).token
    before = counted("access_token", "refused")
    guesses = [service.http.call("GET", "/connect/userinfo", headers=bearing(f"gat_{number}")) for number in range(4)]
    assert [each.status for each in guesses] == [401, 401, 401, 429]
    assert "Retry-After" in guesses[-1].headers
    assert counted("access_token", "refused") == before + 4
    assert service.userinfo(good["access_token"])["trn"] == "1234567"


def test_49_the_api_counts_tokens_that_are_none(app: Flask) -> None:
    """Case 49: at the API for services too."""
    before = counted("access_token", "refused")
    refused = app.test_client().get("/api/v1/users", headers=bearing("gat_guess"))
    assert refused.status_code == 401
    assert counted("access_token", "refused") == before + 1
    assert db.session.scalars(select(RateCounter.key)).one().startswith("api_refusals_per_ip:")


def test_36_a_code_and_a_refresh_token_used_again_are_audited_and_counted(app: Flask, service: RelyingParty) -> None:
    """Cases 36 and 44: who, when, and which grant."""
    asked = service.ask(scope="openid offline_access")
    code = service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    before = counted("authorization_code", "reused")
    assert service.redeem(code, asked.verifier).status == 200
    assert service.redeem(code, asked.verifier).status == 400
    assert len(audited("authorization_code_replayed")) == 1
    assert counted("authorization_code", "reused") == before + 1


def test_36_a_code_used_again_is_not_ended_without_being_written_down(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 36: both or neither, so that the next try writes it down."""
    asked = service.ask()
    code = service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    token = service.redeem(code, asked.verifier).json["access_token"]

    def broken(*_: object, **__: object) -> None:
        raise KeyError

    with monkeypatch.context() as patched:
        patched.setattr(audit, "record", broken)
        with pytest.raises(KeyError):
            service.redeem(code, asked.verifier)
    assert service.userinfo(token)
    assert service.redeem(code, asked.verifier).status == 400
    assert len(audited("authorization_code_replayed")) == 1


def test_the_metrics_are_for_who_bears_their_token(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else learns even that they are there."""
    settings: Settings = app.extensions["settings"]
    monkeypatch.setitem(app.extensions, "settings", replace(settings, metrics_token="a-scraper-s-token"))
    fail(app, "nobody")
    assert [app.test_client().get("/metrics", headers=each).status_code for each in ({}, bearing("wrong"))] == [
        404,
        404,
    ]
    shown = app.test_client().get("/metrics", headers=bearing("a-scraper-s-token"))
    assert shown.status_code == 200
    assert 'credentials_total{outcome="refused",path="client:client_secret_basic"}' in shown.text


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
