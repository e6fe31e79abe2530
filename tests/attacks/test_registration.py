"""Attacks on dynamic registration (cases 3, 13 and 55 of oidc.md)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from joserfc.jwk import OctKey, RSAKey

from identity_provider.adapters.memory import MemoryServices
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.models import AuditEvent, Client
from identity_provider.services import client_changes, rate_limits
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW
from tests.journeys.travel import count_of
from tests.kit.outside import OutsideWorld
from tests.kit.registering import CALLBACK, Software, a_token, error_of, switch_on

HOST = "https://staffroom.example.net"
PUBLIC = {"keys": [RSAKey.generate_key(2048, {"kid": "one"}).as_dict(private=False)]}
METADATA = (400, "invalid_client_metadata")
REDIRECT = (400, "invalid_redirect_uri")


@pytest.fixture
def software(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Software:
    switch_on(app, monkeypatch)
    return Software(app, a_token())


@pytest.mark.parametrize(
    "uri",
    [
        "http://staffroom.example.net/callback",
        f"{HOST}/callback#fragment",
        f"{HOST}/callback#",
        "https://good@evil.example.net/callback",
        "https://localhost/callback",
        "https://127.0.0.1/callback",
        "http://localhost/callback",
        "http://127.0.0.1/callback",
        "http://[::1]/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "com.example.app:/callback",
        "/callback",
        "https:///callback",
        "https://staffroom.example.net\\@evil.example/",
        "https://staffroom.example.net/\u0430",
        "https://[::1/callback",
        "https://staffroom.example.net/a b",
    ],
)
def test_case_3_and_55_only_plain_https_addresses_are_registered_for_the_web(software: Software, uri: str) -> None:
    for place in ([uri], [CALLBACK, uri]):
        assert error_of(software.register(redirect_uris=place)) == REDIRECT
    assert error_of(software.register(post_logout_redirect_uris=[uri])) == METADATA
    assert count_of(Client) == 0


@pytest.mark.parametrize(
    "uri", ["http://localhost/cb", "http://192.168.0.2/cb", "http://10.0.0.1/", "http://app.example.net/", "my.app:/cb"]
)
def test_case_55_a_native_application_has_its_own_machine_or_https(software: Software, uri: str) -> None:
    assert error_of(software.register(application_type="native", redirect_uris=[uri])) == REDIRECT


@pytest.mark.parametrize(
    "members",
    [
        {"jwks": PUBLIC, "jwks_uri": f"{HOST}/keys"},
        {"jwks": {"keys": [OctKey.generate_key(256).as_dict(private=True)]}},
        {"jwks": {"keys": [RSAKey.generate_key(2048).as_dict(private=True)]}},
        {"jwks": "keys"},
        {"jwks": {"keys": "none"}},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "password"},
        {"id_token_signed_response_alg": "none"},
        {"id_token_signed_response_alg": "HS256"},
        {"userinfo_signed_response_alg": "none"},
        {"request_object_signing_alg": "none", "jwks": PUBLIC},
        {"token_endpoint_auth_signing_alg": "none"},
        {"id_token_encrypted_response_alg": "RSA-OAEP"},
        {"grant_types": ["implicit"]},
        {"grant_types": ["password"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["refresh_token"]},
        {"response_types": ["token"]},
        {"response_types": ["code id_token"]},
        {"grant_types": ["authorization_code"], "response_types": ["id_token"]},
        {"application_type": "desktop"},
        {"subject_type": "private"},
        {"subject_type": "pairwise", "redirect_uris": [CALLBACK, "https://other.example.net/"]},
        {"scope": "profile"},
        {"scope": ["openid"]},
        {"redirect_uris": CALLBACK},
        {"redirect_uris": [CALLBACK, 7]},
        {"redirect_uris": [f"{HOST}/{number}" for number in range(21)]},
        {"client_name": "x" * 201},
        {"client_name": "Staff\u202eroom"},
        {"client_name": 7},
        {"contacts": "team@example.net"},
        {"logo_uri": "javascript:alert(1)"},
        {"policy_uri": "http://staffroom.example.net/"},
        {"tos_uri": "data:text/html,x"},
        {"client_uri": f"{HOST}/#x"},
        {"initiate_login_uri": "http://staffroom.example.net/"},
        {"backchannel_logout_uri": "http://169.254.169.254/latest"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https://localhost/keys"},
    ],
)
def test_case_55_what_would_make_a_sign_in_less_safe_is_refused(software: Software, members: dict[str, Any]) -> None:
    assert error_of(software.register(**members)) == METADATA
    assert count_of(Client) == 0
    assert software.register().status_code == 201, "the token was not used up"


def test_case_55_a_statement_about_the_software_is_not_taken_on_trust(software: Software) -> None:
    assert error_of(software.register(software_statement="e30.e30.")) == (400, "unapproved_software_statement")


def test_case_13_nothing_that_a_service_names_is_fetched_but_its_sector(
    software: Software, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(_: MemoryServices, uri: str) -> object:
        fetched.append(uri)
        return [CALLBACK]

    monkeypatch.setattr(MemoryServices, "fetch_json", fetch)
    named = {
        name: f"{HOST}/{name}"
        for name in ("logo_uri", "policy_uri", "tos_uri", "client_uri", "jwks_uri", "initiate_login_uri")
    }
    sector = f"{HOST}/sector"
    assert software.register(**named, backchannel_logout_uri=f"{HOST}/out").status_code == 201
    assert fetched == []
    software.token = a_token()
    assert software.register(sector_identifier_uri=sector).status_code == 201
    assert fetched == [sector]


def test_case_13_nobody_without_a_token_makes_us_fetch_anything(
    software: Software, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(MemoryServices, "fetch_json", lambda _, uri: fetched.append(uri))
    software.token = "gir_" + "x" * 43
    assert error_of(software.register(sector_identifier_uri=f"{HOST}/sector")) == (401, "invalid_token")
    assert fetched == []


@pytest.mark.parametrize("token", [None, "", "x", "gir_" + "0" * 43, "e30.e30.", "\u00e4"])
def test_case_55_nobody_registers_without_a_token_of_ours(software: Software, token: str | None) -> None:
    software.token = token
    answer = software.register()
    assert error_of(answer) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_case_55_another_registration_s_token_and_a_forged_one_open_nothing(app: Flask, software: Software) -> None:
    software.register()
    other = Software(app, a_token())
    other.register()
    theirs = other.told["registration_access_token"]
    for method in ("GET", "PUT", "DELETE"):
        body = {"client_id": software.told["client_id"], "redirect_uris": [CALLBACK]} if method == "PUT" else None
        assert error_of(software.manage(method, body, token=theirs)) == (403, "insufficient_scope")
        for forged in ("x", "grg_" + "0" * 43, software.token, software.told["client_secret"]):
            assert error_of(software.manage(method, body, token=forged)) == (401, "invalid_token")
        unknown = software.manage(method, body, path="/connect/register/nobody", token="grg_x")
        assert error_of(unknown) == (401, "invalid_token")
    assert software.manage("GET").status_code == 200
    # Nor does a registration's token register anything, or get at a service that an operator registered.
    software.token = theirs
    assert error_of(software.register()) == (401, "invalid_token")


def test_case_55_a_change_says_whom_it_is_about_and_nothing_that_is_ours_to_say(software: Software) -> None:
    software.register()
    body: dict[str, Any] = {"client_id": software.told["client_id"], "redirect_uris": [CALLBACK]}
    invalid = (400, "invalid_request")
    assert error_of(software.manage("PUT", {"redirect_uris": [CALLBACK]})) == invalid
    assert error_of(software.manage("PUT", body | {"client_id": "other"})) == invalid
    for name in (
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
        "client_id_issued_at",
    ):
        assert error_of(software.manage("PUT", body | {name: software.told[name]})) == invalid
    assert error_of(software.manage("PUT", body | {"client_secret": "0" * 43})) == METADATA
    assert error_of(software.manage("PUT", body | {"client_secret": 7})) == METADATA
    assert error_of(software.manage("PUT", body | {"redirect_uris": ["http://x.example.net/"]})) == REDIRECT
    assert error_of(software.manage("PUT", body | {"jwks": {"keys": []}})) == METADATA


def test_case_55_a_change_does_not_widen_what_the_operator_allowed(software: Software) -> None:
    software.register()
    body = {"client_id": software.told["client_id"], "redirect_uris": [CALLBACK], "scope": "openid trn phone"}
    assert software.manage("PUT", body).get_json()["scope"] == "openid"
    client = db.session.get_one(Client, software.told["client_id"], populate_existing=True)
    assert (client.first_party, client.may_introspect, client.require_pkce) == (False, False, True)


def test_case_55_a_change_does_not_reset_what_the_operator_set(app: Flask, software: Software) -> None:
    """RFC 7592 2.2 replaces what a client says of itself, and nothing else."""
    software = Software(app, a_token(scopes=("openid", "profile", "email", "trn")))
    software.register()
    client = db.session.get_one(Client, software.told["client_id"])
    the_operators: dict[str, Any] = {
        "block_prohibited": True,
        "require_nonce": True,
        "trn_requirement": TrnRequirement.REQUIRED,
        "match_policy": MatchPolicy.STRICT,
        "may_introspect": True,
        "access_token_format": "jwt",
        "raise_tickets": True,
        "bare_post_logout_redirect": True,
        "first_party": True,
    }
    with transaction():
        wanted = replace(client_changes.settings_of(client), scopes=("openid", "profile"), **the_operators)
        client_changes.change(client, wanted, actor=SYSTEM, now=NOW)
    body = {"client_id": client.id, "redirect_uris": [CALLBACK], "scope": "openid trn"}
    assert software.manage("PUT", body).get_json()["scope"] == "openid"
    assert software.manage("PUT", body | {"scope": ""}).get_json()["scope"] == "openid profile"
    now = db.session.get_one(Client, client.id, populate_existing=True)
    assert {name: getattr(now, name) for name in the_operators} == the_operators
    told = db.session.query(AuditEvent).filter_by(action="change_client").first()
    assert told is not None
    assert the_operators.keys() <= told.before.keys() & told.after.keys()


def test_case_55_settings_that_are_the_operator_s_cannot_be_said(software: Software) -> None:
    software.register(
        first_party=True, may_introspect=True, require_pkce=False, match_policy="Strict", client_id="rp-1"
    )
    client = db.session.get_one(Client, software.told["client_id"])
    assert client.id != "rp-1"
    assert (client.first_party, client.may_introspect, client.require_pkce) == (False, False, True)
    assert client.match_policy == "Default"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "7",
        "{",
        '{"redirect_uris": ["https://a.example/"], "redirect_uris": ["https://b.example/"]}',
        '{"redirect_uris": ["https://a.example/"], "contacts": ["\\u0000"]}',
        '{"redirect_uris": ["https://a.example/"], "jwks": {"keys": [{"kty": "\\u0000"}]}}',
        '{"redirect_uris": ["https://a.example/"], "jwks": {"keys": [{"kty": "\\ud800"}]}}',
        '{"redirect_uris": ["https://a.example/"], "default_max_age": NaN}',
        "[" * 50_000,
        '{"redirect_uris": ["https://a.example/"], "x": "' + "y" * 64_000 + '"}',
    ],
)
def test_case_21_malformed_bodies_are_refused(software: Software, body: str) -> None:
    status, error = error_of(software.call("POST", "/connect/register", software.token, body))
    assert (status, error) in {METADATA, (400, "invalid_request")}
    assert count_of(Client) == 0


def test_a_form_is_no_registration(software: Software) -> None:
    answer = software.app.test_client().post(
        "/connect/register", data={"redirect_uris": CALLBACK}, headers={"Authorization": f"Bearer {software.token}"}
    )
    assert error_of(answer) == METADATA


def test_case_55_a_token_for_one_use_is_good_once_however_many_come_at_once(software: Software) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: software.register().status_code, range(8)))
    assert sorted(statuses) == [201] + [401] * 7
    assert count_of(Client) == 1


def test_case_55_guessing_tokens_is_limited(software: Software, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = rate_limits.REGISTRATION_CALLS
    monkeypatch.setattr(rate_limits, "REGISTRATION_CALLS", rate_limits.Limit(limit.name, 3, limit.per))
    software.token = "gir_x"
    assert [software.register().status_code for _ in range(4)] == [401, 401, 401, 429]


@pytest.mark.parametrize("members", [{}, {"client_name": "Staff room"}, {"subject_type": "pairwise"}])
@pytest.mark.parametrize("length", [201, 254, 300])
def test_case_21_what_is_longer_than_it_may_be_is_refused(
    software: Software, members: dict[str, Any], length: int
) -> None:
    """Hosts have 253 characters at most; one that is too long to be a name needs another beside it."""
    host = ("a" * 60 + ".") * 5
    answer = software.register(redirect_uris=[f"https://{host[: length - 12]}.example.net/cb"], **members)
    if length < 254 and "client_name" in members:
        assert answer.status_code == 201
    else:
        assert error_of(answer) == METADATA


def test_case_21_a_sector_with_an_endless_host_is_refused(software: Software, outside: OutsideWorld) -> None:
    uri = f"https://{'a.' * 200}example.net/sector.json"
    outside.services.documents[uri] = [CALLBACK]
    answer = software.register(subject_type="pairwise", sector_identifier_uri=uri)
    assert error_of(answer) == METADATA
