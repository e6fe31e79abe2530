"""The lane in front of the framework answers introspection as the endpoint does, and only when all is plain."""

from __future__ import annotations

import base64
from functools import wraps
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

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
    pair = base64.b64encode(f"{service.client_id}:{secret or service.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}"}
    path = "/connect/introspection"
    return app.test_client().open(path, method="POST", data=body, content_type=kind, headers=headers)


def without_id(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}


@pytest.fixture
def closed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing comes by the long way."""

    @wraps(app.view_functions["oidc.introspection"])
    def reached() -> None:
        pytest.fail("the endpoint itself was reached")

    monkeypatch.setitem(app.view_functions, "oidc.introspection", reached)


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
