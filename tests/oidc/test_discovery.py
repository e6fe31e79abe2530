"""The provider's description of itself says what the routes do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from identity_provider.oidc.client_authentication import METHODS
from identity_provider.services.clients import NewClient
from identity_provider.services.signing_keys import ALGORITHMS
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty, SignedIn


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    answer = app.test_client().get("/.well-known/openid-configuration")
    assert answer.mimetype == "application/json"
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    said: dict[str, Any] = answer.get_json()
    return said


def sign_in(app: Flask, service: RelyingParty, **parameters: str) -> SignedIn:
    asked = service.ask(**parameters)
    browser = a_browser_of(app, a_user(trn="1234567", mobile_number="+447700900123", preferred_name="Zo"))
    return service.finish(browser.get(asked.path).location, asked)


def test_both_places_hold_the_same_document(app: Flask, document: dict[str, Any]) -> None:
    assert app.test_client().get("/.well-known/oauth-authorization-server").get_json() == document


def test_the_issuer_is_the_configured_one_whatever_the_request_says(app: Flask, document: dict[str, Any]) -> None:
    other = app.test_client().get("/.well-known/openid-configuration", headers={"Host": "evil.example"})
    assert other.get_json() == document
    assert document["issuer"] == "http://localhost"


def test_every_endpoint_is_there(app: Flask, document: dict[str, Any]) -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    for name, value in document.items():
        if name.endswith("_endpoint") or name == "jwks_uri":
            assert urlsplit(value).path in routes, name


def test_every_endpoint_that_is_there_is_in_the_document(app: Flask, document: dict[str, Any]) -> None:
    said = {urlsplit(value).path for value in document.values() if isinstance(value, str)}
    # Registration is off unless an operator switches it on; see test_registration.py.
    said.add("/connect/register")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/connect/") and "<" not in rule.rule and not rule.rule.endswith("/confirm"):
            assert rule.rule in said


def test_every_grant_type_is_answered_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    service = a_relying_party(app, grant_types=("authorization_code", "refresh_token", "client_credentials"))
    for grant in ("authorization_code", "refresh_token", "client_credentials", "password", "implicit", "urn:x"):
        error = service.token({"grant_type": grant}).json["error"]
        assert (error != "unsupported_grant_type") is (grant in document["grant_types_supported"])


def test_every_response_type_and_mode_is_answered_and_no_other(app: Flask, document: dict[str, Any]) -> None:
    service = a_relying_party(app)
    browser = a_browser_of(app, a_user(trn="1234567"))
    for response_type in ("code", "token", "id_token", "code token", "none"):
        answer = service.answer_in(browser.get(service.ask(response_type=response_type).path).location)
        assert ("code" in answer) is (response_type in document["response_types_supported"])
    for mode in ("query", "fragment", "form_post", "jwt"):
        answered = browser.get(service.ask(response_mode=mode).path)
        refused = answered.status_code == 303 and "error" in service.answer_in(answered.location)
        assert refused is (mode not in document["response_modes_supported"])


def test_every_scope_is_granted_to_a_service_that_may_have_it(app: Flask, document: dict[str, Any]) -> None:
    for_people = [each for each in document["scopes_supported"] if each not in NewClient(id="x", name="x").scopes]
    service = a_relying_party(app, scopes=tuple(for_people), scope=" ".join(for_people))
    granted = set(sign_in(app, service).token["scope"].split())
    own = service.token({"grant_type": "client_credentials"}).json
    assert granted | set(own["scope"].split()) == set(document["scopes_supported"])


def test_every_claim_that_is_sent_is_listed(app: Flask, document: dict[str, Any]) -> None:
    signed_in = sign_in(app, a_relying_party(app, scope="openid profile email phone trn"))
    assert signed_in.userinfo.keys() | signed_in.claims.keys() <= set(document["claims_supported"])


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "Ed25519"])
def test_every_signing_algorithm_works(app: Flask, document: dict[str, Any], algorithm: str) -> None:
    assert set(document["id_token_signing_alg_values_supported"]) == set(ALGORITHMS)
    assert sign_in(app, a_relying_party(app, id_token_algorithm=algorithm)).claims["iss"] == document["issuer"]


def test_what_is_said_of_authentication_and_pkce_is_what_is_asked(document: dict[str, Any]) -> None:
    assert document["token_endpoint_auth_methods_supported"] == list(METHODS)
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["request_parameter_supported"] is True
    assert document["request_uri_parameter_supported"] is False
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["subject_types_supported"] == ["public", "pairwise"]
