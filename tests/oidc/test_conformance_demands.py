"""What the conformance suite's plans demand and no other test holds; docs/conformance.md says which module wants it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty
from tests.kit.signing import part


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    """As the suite's static clients are registered: a secret, and no PKCE."""
    return a_relying_party(app, require_pkce=False, scope="openid")


@pytest.fixture
def browser(app: Flask) -> FlaskClient:
    return a_browser_of(app, a_user(trn="1234567", email="conformance@example.org", mobile_number="+447700900123"))


def without_pkce(**parameters: str | None) -> dict[str, str | None]:
    return {"code_challenge": None, "code_challenge_method": None} | parameters


@pytest.mark.parametrize(
    "parameters",
    [
        {"display": "page"},
        {"display": "popup"},
        {"display": "touch"},
        {"display": "nobody-knows"},
        {"ui_locales": "se"},
        {"ui_locales": "cy en"},
        {"claims_locales": "se"},
        {"acr_values": "1 2"},
        {"acr_values": "http://localhost/acr/one-time-code"},
        {"login_hint": "conformance@example.org"},
        {"extra": "foobar"},
        {"max_age": "10000"},
        {"prompt": "none"},
        {"nonce": None},
        {"state": None},
        {"id_token_hint": None, "prompt": "none", "max_age": "15000"},
    ],
)
def test_a_parameter_that_may_be_ignored_spoils_nothing(
    service: RelyingParty, browser: FlaskClient, parameters: dict[str, str | None]
) -> None:
    """oidcc-display-*, -ui-locales, -claims-locales, -acr-values, -login-hint, -unknown-parameter, -max-age-10000 …"""
    answer = service.answer_in(browser.get(service.ask(**without_pkce(**parameters)).path).location)
    token = service.redeem(answer["code"], None)
    assert token.status == 200, token.text
    assert service.userinfo(token.json["access_token"])["sub"]


@pytest.mark.parametrize("scope", ["email openid", "phone email openid profile", "profile openid"])
def test_the_order_of_scopes_means_nothing(service: RelyingParty, browser: FlaskClient, scope: str) -> None:
    """oidcc-ensure-other-scope-order-succeeds."""
    asked = service.ask(**without_pkce(scope=scope))
    reply = service.redeem(service.code_in(browser.get(asked.path).location, asked), None)
    assert set(reply.json["scope"].split()) == set(scope.split())
    assert "id_token" in reply.json


def test_the_order_of_parameters_means_nothing(service: RelyingParty, browser: FlaskClient) -> None:
    """OpenID Connect Core 3.1.2.1 names no order."""
    asked = service.ask(**without_pkce())
    path, query = asked.path.split("?")
    answer = browser.get(f"{path}?{'&'.join(reversed(query.split('&')))}")
    assert service.code_in(answer.location, asked)


def test_a_scope_that_we_do_not_have_is_left_out_and_the_answer_says_so(
    service: RelyingParty, browser: FlaskClient
) -> None:
    """oidcc-scope-address: RFC 6749 3.3."""
    asked = service.ask(**without_pkce(scope="openid address"))
    reply = service.redeem(service.code_in(browser.get(asked.path).location, asked), None)
    assert reply.json["scope"] == "openid"
    assert "address" not in service.userinfo(reply.json["access_token"])


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        ("openid profile", {"name": str, "given_name": str, "family_name": str, "birthdate": str, "updated_at": int}),
        ("openid email", {"email": str, "email_verified": bool}),
        ("openid phone", {"phone_number": str, "phone_number_verified": bool}),
    ],
)
def test_claims_of_a_scope_come_from_userinfo_with_their_json_types(
    service: RelyingParty, browser: FlaskClient, scope: str, names: dict[str, type]
) -> None:
    """oidcc-scope-profile, -email, -phone: OpenID Connect Core 5.1; and nothing of the other scopes."""
    asked = service.ask(**without_pkce(scope=scope))
    userinfo = service.finish(browser.get(asked.path).location, asked, pkce=False).userinfo
    assert {name: type(userinfo[name]) for name in names} == names
    others = {"name", "email", "phone_number"} - names.keys()
    assert others.isdisjoint(userinfo)


def test_the_authorization_endpoint_takes_a_post(service: RelyingParty, browser: FlaskClient) -> None:
    """oidcc-ensure-post-request-succeeds: OpenID Connect Core 3.1.2.1."""
    asked = service.ask(**without_pkce())
    answer = browser.post("/connect/authorize", data=dict(parse_qsl(urlsplit(asked.path).query)))
    assert answer.status_code == 303
    assert service.code_in(answer.location, asked)


def test_a_form_post_carries_all_that_a_query_would(service: RelyingParty, browser: FlaskClient) -> None:
    """oidcc-formpost-basic: every module again with response_mode=form_post, errors too."""
    asked = service.ask(**without_pkce(response_mode="form_post"))
    page = browser.get(asked.path)
    assert page.status_code == 200
    assert '<form method="post" action="https://npq.example.org/callback"' in page.text
    for name in ("code", "state", "iss"):
        assert f'name="{name}" value="' in page.text
    refused = browser.get(service.ask(**without_pkce(response_mode="form_post", prompt="none login")).path)
    assert 'name="error" value="invalid_request"' in refused.text


def test_an_unsigned_request_object_is_refused_as_unsupported(service: RelyingParty, browser: FlaskClient) -> None:
    """oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: Core 3.1.2.6."""
    unsigned = f"{part({'alg': 'none'})}.{part({'state': 'inside'})}."
    asked = service.ask(**without_pkce(request=unsigned))
    answer = service.answer_in(browser.get(asked.path).location)
    assert (answer["error"], answer["state"]) == ("request_not_supported", asked.state)


def test_an_unsigned_request_object_leads_to_no_address_of_its_own(service: RelyingParty, browser: FlaskClient) -> None:
    """oidcc-ensure-request-object-with-redirect-uri: neither to the one inside nor to an unregistered one beside it."""
    unsigned = f"{part({'alg': 'none'})}.{part({'redirect_uri': 'https://npq.example.org/callback'})}."
    for beside in ("https://evil.example/", None):
        answer = browser.get(service.ask(**without_pkce(request=unsigned, redirect_uri=beside)).path)
        assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_an_essential_claim_comes_without_its_scope(service: RelyingParty, browser: FlaskClient) -> None:
    """oidcc-claims-essential: OpenID Connect Core 5.5.1."""
    asked = service.ask(**without_pkce(claims='{"userinfo": {"name": {"essential": true}}}'))
    assert service.finish(browser.get(asked.path).location, asked, pkce=False).userinfo["name"].startswith("Kate")


def test_two_static_clients_one_of_which_posts_its_secret(app: Flask, browser: FlaskClient) -> None:
    """oidcc-server-client-secret-post, and oidcc-refresh-token, whose second client must not use the first one's."""
    second = a_relying_party(
        app, number=2, require_pkce=False, auth_method="client_secret_post", scope="openid offline_access"
    )
    first = a_relying_party(app, number=3, require_pkce=False, scope="openid offline_access")
    tokens = []
    for service in (first, second):
        asked = service.ask(**without_pkce())
        tokens.append(service.finish(browser.get(asked.path).location, asked, pkce=False).token["refresh_token"])
    stolen = second.token({"grant_type": "refresh_token", "refresh_token": tokens[0]})
    assert (stolen.status, stolen.json["error"]) == (400, "invalid_grant")
    assert first.token({"grant_type": "refresh_token", "refresh_token": tokens[0]}).status == 200
