"""Attacks that no single endpoint meets (design page oidc.md, cases 46 to 48 and 57)."""

from __future__ import annotations

import logging

import pytest
from flask import Flask

from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party

SOFTWARE = ["/connect/token", "/connect/introspection", "/connect/revocation", "/connect/par"]
READ_BY_SOFTWARE = ["/connect/userinfo", "/.well-known/jwks", "/.well-known/openid-configuration"]


@pytest.mark.parametrize("path", SOFTWARE)
def test_46_answers_to_software_are_not_stored(app: Flask, path: str) -> None:
    """Case 46: also when they are errors (RFC 6749 5.1)."""
    answer = app.test_client().post(path, data={"token": "x"})
    assert answer.status_code == 400
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/json"
    assert "ETag" not in answer.headers


@pytest.mark.parametrize("path", [*SOFTWARE, *READ_BY_SOFTWARE, "/connect/authorize", "/connect/signout"])
def test_47_no_other_site_s_scripts_may_read_or_send(app: Flask, path: str) -> None:
    """Case 47: nothing is opened to other origins."""
    asking = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("OPTIONS", "GET", "POST"):
        answer = app.test_client().open(path, method=method, headers=asking)
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]


@pytest.mark.parametrize("path", SOFTWARE)
def test_methods_that_an_endpoint_does_not_know(app: Flask, path: str) -> None:
    """Case 45: 405 with Allow."""
    answer = app.test_client().get(path)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_48_near_misses_look_like_any_other_miss(app: Flask) -> None:
    """Case 48: by hash only, so nothing is learned of what almost fits."""
    service = a_relying_party(app)
    asked = service.ask()
    code = service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    near = code[:-1] + ("A" if code[-1] != "A" else "B")
    answers = {service.redeem(guess, asked.verifier).text for guess in (near, "x", "")}
    assert len(answers) == 1
    assert service.redeem(code, asked.verifier).status == 200


def test_57_a_whole_sign_in_leaves_no_secret_in_the_logs(
    app: Flask, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Case 57: no code, token, verifier, state, secret or cookie; with every logger but Authlib's at its loudest."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("authlib").setLevel(logging.WARNING)  # as config/logging.py does
    service = a_relying_party(app, scope="openid email trn offline_access")
    person = a_user(trn="1234567", email="secret.person@example.com")
    browser, asked = a_browser_of(app, person), service.ask()
    answer = browser.get(asked.path)
    signed_in = service.finish(answer.location, asked)
    code = service.answer_in(answer.location)["code"]
    service.token({"grant_type": "refresh_token", "refresh_token": signed_in.token["refresh_token"]})
    service.redeem(code, asked.verifier)
    browser.get("/connect/signout", query_string={"id_token_hint": signed_in.token["id_token"]})
    cookie = browser.get_cookie("session")
    captured = capsys.readouterr()
    logs = captured.out + captured.err + caplog.text
    assert "/connect/token" in logs
    assert "authorization_code_replayed" in logs
    secrets = [code, asked.state, asked.verifier, asked.nonce, service.secret, cookie and cookie.value]
    secrets += [signed_in.token[name] for name in ("access_token", "refresh_token", "id_token")]
    for secret in [*secrets, person.email]:
        assert secret
        assert secret not in logs
