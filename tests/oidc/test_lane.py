"""The lane in front of the framework answers as the endpoints do, and only when all is plain."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.models import AuditEvent, Client
from identity_provider.oidc import tokens as tokens_of_ours
from identity_provider.services import grants as storage
from identity_provider.services import trn_links
from identity_provider.services.audit import SYSTEM
from identity_provider.services.grants import REUSE_GRACE
from tests.builders import NOW, a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty

TOKENS = {"access_token", "refresh_token", "id_token"}
FORM = "application/x-www-form-urlencoded"
NOT_USUAL = f"{FORM}; charset=utf-8"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, scope="openid offline_access")


@pytest.fixture
def tokens(app: Flask, service: RelyingParty) -> dict[str, Any]:
    asked = service.ask()
    return service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked).token


def ask(app: Flask, service: RelyingParty, body: str, kind: str = FORM, secret: str | None = None) -> TestResponse:
    return send(app, service, "/connect/introspection", body, kind, secret)


def refresh(app: Flask, service: RelyingParty, token: str, kind: str = FORM, more: str = "") -> TestResponse:
    return send(app, service, "/connect/token", f"grant_type=refresh_token&refresh_token={token}{more}", kind)


def redeem(
    app: Flask, service: RelyingParty, asked: Asked, code: str, kind: str = FORM, more: str = ""
) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": service.redirect_uri}
    return send(app, service, "/connect/token", f"{urlencode(form)}&code_verifier={asked.verifier}{more}", kind)


def a_code(app: Flask, service: RelyingParty) -> tuple[Asked, str]:
    asked = service.ask()
    location = a_browser_of(app, a_user(trn=None)).get(asked.path).location
    return asked, parse_qs(urlsplit(location).query)["code"][0]


def send(
    app: Flask, service: RelyingParty, path: str, body: str, kind: str = FORM, secret: str | None = None
) -> TestResponse:
    pair = base64.b64encode(f"{service.client_id}:{secret or service.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    return app.test_client().open(path, method="POST", data=body, content_type=kind, headers=headers)


def events(action: str) -> list[AuditEvent]:
    db.session.rollback()
    return list(db.session.scalars(db.select(AuditEvent).where(AuditEvent.action == action)))


def database_gone() -> Exception:
    return OperationalError("SELECT", None, Exception("gone"))


def without_id(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}


@pytest.fixture
def closed(app: Flask, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes by the long way."""

    for endpoint in ("oidc.introspection", "oidc.token"):

        @wraps(app.view_functions[endpoint])
        def reached() -> None:
            pytest.fail("the endpoint itself was reached")

        monkeypatch.setitem(app.view_functions, endpoint, reached)


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_both_ways_give_the_same_answer(app: Flask, service: RelyingParty, tokens: dict[str, Any], kind: str) -> None:
    body = f"token={tokens[kind]}"
    by_lane, long_way = ask(app, service, body), ask(app, service, body, NOT_USUAL)
    assert by_lane.status_code == long_way.status_code == 200
    assert by_lane.get_json() == long_way.get_json()
    assert by_lane.get_json()["active"] is True
    assert without_id(by_lane) == without_id(long_way)


@pytest.mark.usefixtures("closed")
def test_a_plain_question_about_a_good_token_is_answered_in_the_lane(
    app: Flask, service: RelyingParty, tokens: dict[str, Any]
) -> None:
    answer = ask(app, service, f"token={tokens['access_token']}&token_type_hint=access_token")
    assert answer.get_json()["active"] is True
    with pytest.raises(pytest.fail.Exception, match="itself was reached"):
        ask(app, service, "token=gat_unknown")


@pytest.mark.parametrize(
    ("more", "status"),
    [("&token=again", 400), ("&token_type_hint=a&token_type_hint=b", 400), ("&client_secret=s", 400), ("&x=%00", 400)],
)
def test_a_form_that_holds_anything_else_is_judged_by_the_endpoint(
    app: Flask, service: RelyingParty, tokens: dict[str, Any], more: str, status: int
) -> None:
    assert ask(app, service, f"token={tokens['access_token']}{more}").status_code == status


def test_what_is_not_good_is_refused_by_the_endpoint_from_the_same_form(
    app: Flask, service: RelyingParty, tokens: dict[str, Any]
) -> None:
    assert ask(app, service, "token=gat_unknown").get_json() == {"active": False}
    body = f"token={tokens['access_token']}"
    assert ask(app, service, body, secret="wrong").status_code == 401
    another = a_relying_party(app, number=2)
    assert ask(app, another, body).get_json() == {"active": False}


def test_both_ways_refresh_alike(app: Flask, service: RelyingParty, tokens: dict[str, Any]) -> None:
    by_lane = refresh(app, service, tokens["refresh_token"])
    long_way = refresh(app, service, by_lane.get_json()["refresh_token"], NOT_USUAL)
    assert by_lane.status_code == long_way.status_code == 200
    assert without_id(by_lane) == without_id(long_way)
    one, other = by_lane.get_json(), long_way.get_json()
    made_anew = {"access_token", "refresh_token", "id_token"}
    assert one.keys() == other.keys() == tokens.keys()
    assert {name: one[name] for name in one.keys() - made_anew} == {
        name: other[name] for name in one.keys() - made_anew
    }
    said = [service.validate(each["id_token"], nonce=None, access_token=each["access_token"]) for each in (one, other)]
    assert said[0] | {"at_hash": ""} == said[1] | {"at_hash": ""}
    assert all(service.userinfo(each["access_token"])["sub"] == said[0]["sub"] for each in (one, other))


@pytest.mark.usefixtures("closed")
def test_a_plain_refresh_is_answered_in_the_lane_and_what_asks_for_more_is_not(
    app: Flask, service: RelyingParty, tokens: dict[str, Any]
) -> None:
    after = refresh(app, service, tokens["refresh_token"]).get_json()
    for more in ("&scope=openid", "&client_id=another", "&client_secret=s", "&refresh_token=again"):
        with pytest.raises(pytest.fail.Exception, match="itself was reached"):
            refresh(app, service, after["refresh_token"], more=more)
    with pytest.raises(pytest.fail.Exception, match="itself was reached"):
        refresh(app, service, "grt_unknown")


def test_a_service_that_may_be_refused_a_person_is_judged_by_the_endpoint(app: Flask) -> None:
    """What stands between a person and a token at the moment of issue is asked there, before anything is used up."""
    service = a_relying_party(app, scope="openid trn offline_access", trn_requirement=TrnRequirement.REQUIRED)
    person, asked = a_user(trn="1234567"), service.ask()
    tokens = service.finish(a_browser_of(app, person).get(asked.path).location, asked).token
    with transaction():
        trn_links.unlink(person, pending(LookupReason.WITH_HELPDESK), actor=SYSTEM, reason="wrong", now=NOW)
    refused = refresh(app, service, tokens["refresh_token"])
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_grant")


def test_a_service_that_lost_the_grant_refreshes_nothing(
    app: Flask, service: RelyingParty, tokens: dict[str, Any]
) -> None:
    with transaction():
        db.session.get_one(Client, service.client_id).grant_types = ["authorization_code"]
    refused = refresh(app, service, tokens["refresh_token"])
    assert (refused.status_code, refused.get_json()["error"]) == (400, "unauthorized_client")


def test_a_stale_refresh_token_ends_its_family_by_whichever_way(
    app: Flask, service: RelyingParty, tokens: dict[str, Any], clock: ManualClock
) -> None:
    after = refresh(app, service, tokens["refresh_token"]).get_json()
    clock.advance(REUSE_GRACE)
    assert refresh(app, service, tokens["refresh_token"]).get_json()["error"] == "invalid_grant"
    assert refresh(app, service, after["refresh_token"]).get_json()["error"] == "invalid_grant"


def test_both_ways_redeem_alike(app: Flask, service: RelyingParty) -> None:
    (asked, code), (asked_too, code_too) = a_code(app, service), a_code(app, service)
    by_lane, long_way = redeem(app, service, asked, code), redeem(app, service, asked_too, code_too, NOT_USUAL)
    assert by_lane.status_code == long_way.status_code == 200
    assert without_id(by_lane) == without_id(long_way)
    one, other = by_lane.get_json(), long_way.get_json()
    assert one.keys() == other.keys() == {*TOKENS, "token_type", "expires_in", "scope"}
    assert all(one[name] == other[name] for name in one.keys() - TOKENS)
    for each, nonce in ((one, asked.nonce), (other, asked_too.nonce)):
        claims = service.validate(each["id_token"], nonce=nonce, access_token=each["access_token"])
        assert service.userinfo(each["access_token"])["sub"] == claims["sub"]
        assert refresh(app, service, each["refresh_token"]).status_code == 200


@pytest.mark.usefixtures("closed")
def test_a_plain_redemption_is_answered_in_the_lane_and_what_asks_for_more_is_not(
    app: Flask, service: RelyingParty
) -> None:
    asked, code = a_code(app, service)
    for more in ("&client_id=another", "&client_secret=s", "&scope=openid", "&code=again", "&x=1"):
        with pytest.raises(pytest.fail.Exception, match="itself was reached"):
            redeem(app, service, asked, code, more=more)
    with pytest.raises(pytest.fail.Exception, match="itself was reached"):
        redeem(app, service, replace(asked, verifier="v" * 43), code)
    assert redeem(app, service, asked, code, more=f"&client_id={service.client_id}").status_code == 200


@pytest.mark.parametrize("second", [FORM, NOT_USUAL])
@pytest.mark.parametrize("first", [FORM, NOT_USUAL])
def test_a_code_is_good_once_and_used_again_takes_its_tokens_with_it(
    app: Flask, service: RelyingParty, first: str, second: str
) -> None:
    asked, code = a_code(app, service)
    token = redeem(app, service, asked, code, first).get_json()["access_token"]
    assert ask(app, service, f"token={token}").get_json()["active"] is True
    again = redeem(app, service, asked, code, second)
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert ask(app, service, f"token={token}").get_json() == {"active": False}
    assert [each.action for each in events("authorization_code_replayed")] == ["authorization_code_replayed"]


def test_a_code_of_a_service_that_lost_the_grant_is_not_redeemed(app: Flask, service: RelyingParty) -> None:
    asked, code = a_code(app, service)
    with transaction():
        db.session.get_one(Client, service.client_id).grant_types = ["client_credentials"]
    refused = redeem(app, service, asked, code)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "unauthorized_client")


@pytest.mark.parametrize(("failure", "status"), [(RuntimeError, 500), (database_gone, 503)])
def test_an_answer_that_is_lost_after_the_code_was_used_is_an_error_and_no_replay(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch, failure: Callable[[], Exception], status: int
) -> None:
    """By the long way the code would be found used, and its family ended as if a thief had come."""
    asked, code = a_code(app, service)

    def fail(*_: object, **__: object) -> str:
        raise failure()

    monkeypatch.setattr(tokens_of_ours, "id_token", fail)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", value=False)
    answer = redeem(app, service, asked, code)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
    assert "error" in answer.get_json()
    assert events("authorization_code_replayed") == []


def test_a_connection_that_ends_when_the_code_was_just_used_is_an_error_and_no_replay(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a restart of PostgreSQL: the statement was committed, and its answer never came."""
    asked, code = a_code(app, service)
    exchange = storage.exchange_code

    def lose_the_answer(*args: Any, **more: Any) -> None:
        assert exchange(*args, **more) is not None
        raise database_gone()

    monkeypatch.setattr(storage, "exchange_code", lose_the_answer)
    answer = redeem(app, service, asked, code)
    assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
    assert events("authorization_code_replayed") == []


def test_a_refresh_that_fails_once_after_the_rotation_is_healed_by_the_long_way(
    app: Flask, service: RelyingParty, tokens: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, failures = tokens_of_ours.id_token, [database_gone()]

    def fail_once(*args: Any, **more: Any) -> str:
        if failures:
            raise failures.pop()
        return made(*args, **more)

    monkeypatch.setattr(tokens_of_ours, "id_token", fail_once)
    answer = refresh(app, service, tokens["refresh_token"])
    assert (answer.status_code, failures) == (200, [])
    assert refresh(app, service, answer.get_json()["refresh_token"]).status_code == 200


def test_an_answer_that_is_lost_is_logged_under_the_reference_that_it_gives(
    app: Flask, service: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, code = a_code(app, service)

    def fail(*_: object, **__: object) -> str:
        raise database_gone()

    monkeypatch.setattr(tokens_of_ours, "id_token", fail)
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = redeem(app, service, asked, code)
    told = [line for line in lines if line["event"] == "database_unavailable"]
    assert [line["request_id"] for line in told] == [answer.headers["X-Request-Id"]]


def test_a_form_with_what_no_text_holds_is_judged_by_the_endpoint(app: Flask, service: RelyingParty) -> None:
    asked, code = a_code(app, service)
    assert redeem(app, service, asked, code + "\0").status_code == 400
    assert redeem(app, service, asked, code).status_code == 200
