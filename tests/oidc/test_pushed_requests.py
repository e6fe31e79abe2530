"""Pushed authorization requests (RFC 9126)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db
from identity_provider.models import AuthorizationRequest
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty, Reply
from tests.kit.signing import PUBLIC, part, signed

PAR = "/connect/par"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    return a_browser_of(app, a_user(trn="1234567"))


def push(service: RelyingParty, asked: Asked, **changes: str) -> Reply:
    return service.authenticated(PAR, dict(parse_qsl(urlsplit(asked.path).query)) | changes)


def address(service: RelyingParty, reply: Reply, **beside: str) -> str:
    query = {"client_id": service.client_id, "request_uri": reply.json["request_uri"]} | beside
    return f"/connect/authorize?{urlencode(query)}"


def test_a_pushed_request_is_answered_as_if_it_had_been_sent(service: RelyingParty, visitor: FlaskClient) -> None:
    asked = service.ask()
    reply = push(service, asked)
    assert (reply.status, reply.json["expires_in"], reply.headers["Cache-Control"]) == (201, 90, "no-store")
    answer = visitor.get(address(service, reply, scope="openid dqt:read", redirect_uri="https://evil.example/"))
    assert service.finish(answer.location, asked).token["scope"] == service.scope


def test_it_is_good_once_for_its_own_service_and_for_a_short_time(
    app: Flask, service: RelyingParty, visitor: FlaskClient, clock: ManualClock
) -> None:
    other = a_relying_party(app, number=2)
    first = push(service, service.ask())
    assert visitor.get(address(other, first)).status_code == 400
    assert visitor.get(address(service, first)).status_code == 303
    assert visitor.get(address(service, first)).status_code == 400
    second = push(service, service.ask())
    clock.advance(timedelta(seconds=90))
    assert visitor.get(address(service, second)).status_code == 400


def test_a_reload_leads_back_to_the_journey_in_the_same_browser_only(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    reply, browser = push(service, service.ask()), app.test_client()
    journey = browser.get(address(service, reply)).location
    clock.advance(timedelta(minutes=30))
    assert browser.get(address(service, reply)).location == journey
    assert app.test_client().get(address(service, reply)).status_code == 400
    assert browser.get(address(a_relying_party(app, number=2), reply)).status_code == 400
    request = db.session.query(AuthorizationRequest).one()
    assert reply.json["request_uri"] not in str(request.parameters)
    browser.get(f"/connect/authorize/{request.id}/refuse")
    assert browser.get(address(service, reply)).status_code == 400


def test_a_bad_request_is_refused_when_it_is_pushed(app: Flask, service: RelyingParty) -> None:
    assert push(service, service.ask(redirect_uri="https://evil.example/")).json["error"] == "invalid_request"
    assert push(service, service.ask(code_challenge=None)).json["error"] == "invalid_request"
    assert push(service, service.ask(), request_uri="urn:x").json["error"] == "invalid_request"
    assert push(service, service.ask(client_id="somebody-else")).json["error"] == "invalid_client"
    service.secret = "a-wrong-secret-of-some-length"
    assert push(service, service.ask()).status == 401


def a_signed_request(service: RelyingParty, asked: Asked, clock: ManualClock) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    about = {"iss": service.client_id, "aud": "http://localhost", "exp": now + 60, "nbf": now}
    return dict(parse_qsl(urlsplit(asked.path).query)) | about


def test_a_signed_request_may_be_pushed(app: Flask, visitor: FlaskClient, clock: ManualClock) -> None:
    """RFC 9126 section 3: what stands beside the object is ignored."""
    service = a_relying_party(app, number=3, jwks=PUBLIC)
    asked = service.ask()
    token = signed(a_signed_request(service, asked, clock))
    reply = service.authenticated(PAR, {"request": token, "redirect_uri": "https://evil.example/", "scope": "openid"})
    assert reply.status == 201, reply.text
    answer = visitor.get(address(service, reply))
    assert service.finish(answer.location, asked).token["scope"] == service.scope


def test_a_signed_request_must_be_of_the_client_that_pushes_it(app: Flask, clock: ManualClock) -> None:
    """RFC 9126 section 3: another client's, an unsigned one, and one for a client without keys."""
    service = a_relying_party(app, number=3, jwks=PUBLIC)
    other = a_relying_party(app, number=4, jwks=PUBLIC)
    keyless = a_relying_party(app, number=5)
    said = a_signed_request(service, service.ask(), clock)
    unsigned = f"{part({'alg': 'none'})}.{part(said)}."
    for pushing, token, error in (
        (other, signed(said), "invalid_request_object"),
        (service, unsigned, "invalid_request_object"),
        (service, signed(said | {"client_id": other.client_id}), "invalid_request_object"),
        (service, signed(said | {"redirect_uri": "https://evil.example/"}), "invalid_request"),
        (keyless, unsigned, "invalid_request"),
    ):
        reply = pushing.authenticated(PAR, {"request": token})
        assert (reply.status, reply.json["error"]) == (400, error)
    reply = keyless.authenticated(PAR, {"request": unsigned, "redirect_uri": keyless.redirect_uri})
    assert reply.json["error"] == "request_not_supported"
