"""Services hear of a sign-out from us, without the person waiting: case 54 of oidc.md."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from sqlalchemy import text

from identity_provider.adapters.memory import ManualClock, MemoryServices
from identity_provider.cli.worker import run
from identity_provider.db import db, transaction
from identity_provider.oidc.back_channel import EVENT
from tests.builders import a_user
from tests.kit.outside import OutsideWorld
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn

BACK_CHANNEL = "https://npq.example.org/back-channel"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


@pytest.fixture
def services(outside: OutsideWorld) -> MemoryServices:
    return outside.services


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, backchannel_logout_uri=BACK_CHANNEL, id_token_algorithm="ES256")


def sign_in(service: RelyingParty, visitor: FlaskClient) -> SignedIn:
    asked = service.ask()
    return service.finish(visitor.get(asked.path).location, asked)


def sign_out(visitor: FlaskClient) -> None:
    page = visitor.get("/connect/signout")
    fields = {name: unescape(value) for name, value in HIDDEN.findall(page.text)}
    assert visitor.post("/connect/signout/confirm", data=fields).status_code == 200


def let_the_worker_work() -> None:
    """Whatever is due, and what waits for another try."""
    db.session.remove()
    with transaction():
        db.session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
    db.session.remove()
    run(until_idle=True)


def test_54_a_logout_token_names_the_session_and_the_person(
    app: Flask, service: RelyingParty, services: MemoryServices, clock: ManualClock
) -> None:
    """Case 54: typ, events, sid and sub, jti, no nonce, short-lived, signed as the ID token is (2.4)."""
    a_relying_party(app, number=2)
    visitor = a_browser_of(app, a_user(trn="1234567"))
    signed_in = sign_in(service, visitor)
    sign_out(visitor)
    let_the_worker_work()
    assert [uri for uri, _ in services.told] == [BACK_CHANNEL]
    token = jwt.decode(services.told[0][1]["logout_token"], service.keys(), algorithms=["ES256"])
    assert token.header["typ"] == "logout+jwt"
    said = token.claims
    assert said["events"] == {EVENT: {}}
    assert (said["sub"], said["sid"]) == (signed_in.claims["sub"], signed_in.claims["sid"])
    assert (said["iss"], said["aud"]) == (service.issuer, service.client_id)
    assert 0 < said["exp"] - clock.now().timestamp() <= 120
    assert said["jti"]
    assert "nonce" not in said


def test_54_a_service_that_is_down_is_told_again_and_keeps_nobody_waiting(
    app: Flask, service: RelyingParty, services: MemoryServices
) -> None:
    """Case 54: the job is retried; the person was signed out long before."""
    visitor = a_browser_of(app, a_user(trn="1234567"))
    sign_in(service, visitor)
    services.down = True
    sign_out(visitor)
    assert service.answer_in(visitor.get(service.ask(prompt="none").path).location)["error"] == "login_required"
    let_the_worker_work()
    assert services.told == []
    services.down = False
    let_the_worker_work()
    assert len(services.told) == 1


def test_a_logout_token_is_no_hint(app: Flask, service: RelyingParty, services: MemoryServices) -> None:
    """It must not pass for an ID token (RFC 8725 3.11)."""
    visitor = a_browser_of(app, a_user(trn="1234567"))
    sign_in(service, visitor)
    sign_out(visitor)
    let_the_worker_work()
    answer = visitor.get(service.ask(id_token_hint=services.told[0][1]["logout_token"]).path)
    assert service.answer_in(answer.location)["error"] == "invalid_request"
