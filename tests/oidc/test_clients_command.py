"""flask clients: what an operator types, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.builders import a_user
from tests.kit.provider import a_browser_of
from tests.kit.relying_party import InProcess, RelyingParty

ADD = ["clients", "add", "npq", "--name", "Register for an NPQ", "--redirect-uri", "https://npq.example.org/callback"]


def run(app: Flask, *arguments: str) -> Any:
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert result.exit_code != 0
    return str(result.output)


def test_a_service_that_was_added_signs_people_in(app: Flask) -> None:
    added = run(app, *ADD, "--scope", "openid email", "--scope", "trn")
    assert added["scopes"] == ["openid", "email", "trn"]
    assert len(added["client_secret"]) >= 43
    service = RelyingParty(InProcess(app.test_client()), "npq", added["client_secret"], scope="openid trn")
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    assert signed_in.userinfo["trn"] == "1234567"


def test_every_option_of_the_contract_is_taken(app: Flask) -> None:
    added = run(
        app, *ADD,
        "--secret", "a-secret-of-our-own-choosing",
        "--auth-method", "client_secret_post",
        "--trn-requirement", "RequiredIfHeld",
        "--match-policy", "Strict",
        "--post-logout-redirect-uri", "https://npq.example.org/sign-out",
        "--initiate-login-uri", "https://npq.example.org/start",
        "--backchannel-logout-uri", "https://npq.example.org/back-channel",
        "--grant", "authorization_code", "--grant", "refresh_token",
        "--no-require-pkce", "--no-raise-tickets",
    )  # fmt: skip
    assert added["client_secret"] == "a-secret-of-our-own-choosing"
    shown = run(app, "clients", "show", "npq")
    assert "client_secret" not in shown
    assert shown["token_endpoint_auth_method"] == "client_secret_post"
    assert (shown["trn_requirement"], shown["match_policy"]) == ("RequiredIfHeld", "Strict")
    assert (shown["require_pkce"], shown["raise_tickets"]) == (False, False)
    assert shown["grant_types"] == ["authorization_code", "refresh_token"]
    assert [each["client_id"] for each in run(app, "clients", "list")] == ["npq"]


def test_a_new_secret_leaves_the_one_before_alive_and_a_third_ends_it(app: Flask) -> None:
    first = run(app, *ADD)["client_secret"]
    second = run(app, "clients", "rotate-secret", "npq")["client_secret"]

    def error_with(secret: str) -> str:
        service = RelyingParty(InProcess(app.test_client()), "npq", secret)
        return str(service.redeem("nothing", "x" * 43).json["error"])

    assert [error_with(each) for each in (first, second)] == ["invalid_grant"] * 2
    third = run(app, "clients", "rotate-secret", "npq")["client_secret"]
    assert [error_with(each) for each in (first, second, third)] == ["invalid_client", *["invalid_grant"] * 2]
    assert run(app, "clients", "disable", "npq")["enabled"] is False
    assert error_with(third) == "invalid_client"


@pytest.mark.parametrize(
    "uri",
    [
        "http://npq.example.org/callback",
        "https://npq.example.org/callback#fragment",
        "https://user@npq.example.org/",
        "javascript:alert(1)",
        "/callback",
        "https://",
        "https://npq.example.org/a b",
        "https://npq.example.org:port/",
        "com.example.app:/callback",
    ],
)
def test_3_an_address_that_no_service_may_have(app: Flask, uri: str) -> None:
    """Case 3 of oidc.md: refused at registration."""
    assert "redirect-uri" in refusal(app, "clients", "add", "npq", "--name", "N", "--redirect-uri", uri)


def test_what_contradicts_itself_is_refused(app: Flask) -> None:
    run(app, *ADD)
    assert "there is a client npq already" in refusal(app, *ADD)
    other = ["clients", "add", "other", "--name", "N", "--redirect-uri", "https://npq.example.org/callback"]
    assert "scope" in refusal(app, *other, "--scope", "unheard-of")
    assert "PKCE" in refusal(app, *other, "--auth-method", "none", "--no-require-pkce")
    assert "secret" in refusal(app, *other, "--secret", "short")
    assert "jwks" in refusal(app, *other, "--auth-method", "private_key_jwt")
    assert "id:" in refusal(app, "clients", "add", "a b", *other[3:])
    assert "redirect-uri" in refusal(app, "clients", "add", "other", "--name", "N")
    assert "there is no client nobody" in refusal(app, "clients", "show", "nobody")
    public = run(app, *other, "--auth-method", "none")
    assert public["client_secret"] is None
    assert "does not use a secret" in refusal(app, "clients", "rotate-secret", "other")


def test_nobody_is_registered_for_the_scope_of_staff(app: Flask) -> None:
    """Nothing at issue checks that the person is staff, so the scope is nobody's."""
    assert "get-an-identity:support is not one of" in refusal(app, *ADD, "--scope", "openid get-an-identity:support")


def test_an_address_with_a_line_break_is_not_registered(app: Flask) -> None:
    for uri in ("http://127.0.0.1:90\n00/callback", "https://npq.example.org/\tcallback"):
        assert "holds characters" in refusal(app, *ADD, "--redirect-uri", uri)
