"""Services that register themselves: RFC 7591, RFC 7592 and OpenID Connect Registration."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from joserfc.jwk import ECKey

from identity_provider.adapters.memory import ManualClock, MemoryServices
from identity_provider.db import db, transaction
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports
from identity_provider.models import AuditEvent, Client, InitialAccessToken
from identity_provider.ports import ServiceRefused
from identity_provider.services import features
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.journeys.travel import EMAIL, count_of
from tests.kit.consenting import Person
from tests.kit.registering import CALLBACK, Software, a_token, error_of, switch_on
from tests.kit.relying_party import InProcess, RelyingParty

KEYS = {"keys": [ECKey.generate_key("P-256", {"kid": "one"}).as_dict(private=False)]}


@pytest.fixture
def software(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Software:
    switch_on(app, monkeypatch)
    return Software(app, a_token())


def relying_party(software: Software) -> RelyingParty:
    told = software.told
    return RelyingParty(
        InProcess(software.app.test_client()),
        told["client_id"],
        told.get("client_secret"),
        redirect_uri=told["redirect_uris"][0],
        scope=told["scope"],
        auth_method=told["token_endpoint_auth_method"],
    )


def test_there_is_no_registration_unless_it_is_switched_on(app: Flask) -> None:
    software = Software(app, a_token())
    assert software.register().status_code == 404
    assert software.call("GET", "/connect/register/rp-1", "x").status_code == 404
    assert "registration_endpoint" not in app.test_client().get("/.well-known/openid-configuration").get_json()


def test_discovery_names_the_endpoint_when_it_is_on(software: Software) -> None:
    for place in ("openid-configuration", "oauth-authorization-server"):
        document = software.app.test_client().get(f"/.well-known/{place}").get_json()
        assert document["registration_endpoint"] == "http://localhost/connect/register"


def test_a_switch_in_the_console_ends_it_though_the_settings_allow_it(software: Software) -> None:
    with transaction():
        now = ports().clock.now()
        features.switch(Feature.CLIENT_REGISTRATION, on=False, reason="misused", actor=SYSTEM, now=now)
    document = software.app.test_client().get("/.well-known/openid-configuration").get_json()
    assert "registration_endpoint" not in document
    assert software.register(client_name="Staff room").status_code == 404


def test_a_service_registers_and_signs_somebody_in_who_is_asked_first(software: Software) -> None:
    answer = software.register(
        client_name="Staff room", contacts=["team@example.net"], logo_uri="https://e.example.net/l"
    )
    assert answer.status_code == 201
    told = software.told
    assert told["client_secret_expires_at"] == 0
    assert told["registration_client_uri"] == f"http://localhost{software.path}"
    assert told["client_id_issued_at"] > 0
    expected: dict[str, Any] = {
        "client_name": "Staff room",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "id_token_signed_response_alg": "RS256",
        "subject_type": "public",
        "application_type": "web",
        "scope": "openid profile email",
        "contacts": ["team@example.net"],
        "logo_uri": "https://e.example.net/l",
    }
    assert {name: told[name] for name in expected} == expected
    a_user(email=EMAIL, trn="1234567")
    service, person = relying_party(software), Person(software.app)
    asked = service.ask(scope="openid profile email trn")
    person.come_from(asked)
    assert person.sign_in().h1 == "Do you want to share your details with Staff room?"
    assert "teacher reference number" not in person.here.text
    person.submit("Allow")
    signed_in = service.finish(person.sent_to, asked)
    assert signed_in.token["scope"] == "openid profile email"
    assert "trn" not in signed_in.userinfo


def test_the_operator_may_allow_more_scopes_and_no_pkce(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on(app, monkeypatch)
    software = Software(app, a_token(scopes=("openid", "trn", "offline_access"), require_pkce=False))
    software.register(scope="openid email trn offline_access", grant_types=["authorization_code", "refresh_token"])
    assert software.told["scope"] == "openid trn offline_access"
    assert software.told["grant_types"] == ["authorization_code", "refresh_token"]
    service, person = relying_party(software), Person(app)
    a_user(email=EMAIL, trn="1234567")
    asked = service.ask(prompt="consent", code_challenge=None, code_challenge_method=None)
    person.come_from(asked)
    person.sign_in()
    person.submit("Allow")
    reply = service.redeem(service.code_in(person.sent_to, asked), None)
    assert reply.json["refresh_token"]


def test_everything_that_is_understood_is_given_back(app: Flask, software: Software, outside: Any) -> None:
    sector = "https://sector.example.net/uris.json"
    outside.services.documents[sector] = [CALLBACK]
    members: dict[str, Any] = {
        "client_name": "Staff room",
        "client_uri": "https://staffroom.example.net/",
        "policy_uri": "https://staffroom.example.net/privacy",
        "tos_uri": "https://staffroom.example.net/terms",
        "software_id": "staff-room",
        "software_version": "2.1",
        "subject_type": "pairwise",
        "sector_identifier_uri": sector,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "id_token_signed_response_alg": "ES256",
        "userinfo_signed_response_alg": "ES256",
        "request_object_signing_alg": "ES256",
        "jwks": KEYS,
        "initiate_login_uri": "https://staffroom.example.net/begin",
        "backchannel_logout_uri": "https://staffroom.example.net/out",
        "post_logout_redirect_uris": ["https://staffroom.example.net/bye"],
    }
    assert software.register(**members, nobody_knows_this=1, default_max_age=None).status_code == 201
    assert {name: software.told[name] for name in members} == members
    assert "nobody_knows_this" not in software.told
    assert "client_secret" not in software.told
    read = software.manage("GET")
    assert read.status_code == 200
    assert read.get_json() == software.told


def test_a_public_native_application_registers_with_its_loopback(software: Software) -> None:
    loopback = "http://127.0.0.1/callback"
    answer = software.register(application_type="native", redirect_uris=[loopback], token_endpoint_auth_method="none")
    assert answer.status_code == 201
    assert "client_secret" not in software.told
    assert db.session.get_one(Client, software.told["client_id"]).require_pkce


def test_a_registration_is_changed_as_a_whole_and_removed(software: Software) -> None:
    software.register(client_name="Staff room", contacts=["team@example.net"])
    other = "https://staffroom.example.net/other"
    body = {"client_id": software.told["client_id"], "redirect_uris": [other], "client_name": "Common room"}
    changed = software.manage("PUT", body)
    assert changed.status_code == 200
    assert (changed.get_json()["client_name"], changed.get_json()["redirect_uris"]) == ("Common room", [other])
    assert "contacts" not in changed.get_json()
    assert "client_secret" not in changed.get_json()
    with_secret = body | {"client_secret": software.told["client_secret"]}
    assert software.manage("PUT", with_secret).status_code == 200
    events = db.session.query(AuditEvent).filter_by(action="change_client")
    assert ("Staff room", "Common room") in {(e.before["client_name"], e.after["client_name"]) for e in events}
    assert software.manage("DELETE").status_code == 204
    assert error_of(software.manage("GET")) == (401, "invalid_token")
    secret = relying_party(software).token({"grant_type": "authorization_code", "code": "x", "redirect_uri": other})
    assert secret.json["error"] == "invalid_client"


def test_a_service_that_turns_to_keys_keeps_no_secret_and_gets_one_when_it_turns_back(software: Software) -> None:
    software.register()
    body: dict[str, Any] = {"client_id": software.told["client_id"], "redirect_uris": [CALLBACK]}
    keys = software.manage("PUT", body | {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEYS})
    assert keys.get_json()["jwks"] == KEYS
    client = db.session.get_one(Client, software.told["client_id"], populate_existing=True)
    assert client.secrets == []
    back = software.manage("PUT", body)
    assert len(back.get_json()["client_secret"]) >= 40
    assert back.get_json()["client_secret_expires_at"] == 0


def test_a_token_is_good_as_often_and_as_long_as_the_operator_said(
    app: Flask, software: Software, clock: ManualClock
) -> None:
    software.token = a_token(max_uses=2, lives=timedelta(days=1))
    assert software.register(redirect_uris=["http://staffroom.example.net/"]).status_code == 400
    assert [software.register().status_code for _ in range(3)] == [201, 201, 401]
    software.token = a_token(lives=timedelta(days=1))
    clock.advance(timedelta(days=1))
    assert error_of(software.register()) == (401, "invalid_token")
    assert sorted(each.uses for each in db.session.query(InitialAccessToken)) == [0, 0, 2]


def test_who_registered_what_with_which_token_is_written_down(software: Software) -> None:
    software.register()
    event = db.session.query(AuditEvent).filter_by(action="register_client").one()
    assert (event.actor_type, event.subject_id) == ("initial_access_token", software.told["client_id"])
    assert event.actor_id == str(db.session.query(InitialAccessToken).one().id)


def test_secrets_are_kept_as_hmacs_only(software: Software) -> None:
    software.register()
    rows = [*db.session.query(Client), *db.session.query(InitialAccessToken), *db.session.query(AuditEvent)]
    kept = json.dumps([{name: repr(value) for name, value in vars(row).items()} for row in rows])
    for name in ("client_secret", "registration_access_token"):
        assert software.told[name] not in kept
    assert software.token is not None
    assert software.token not in kept


def test_a_sector_that_does_not_answer_or_does_not_list_the_addresses_is_refused(
    software: Software, outside: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sector = {"subject_type": "pairwise", "sector_identifier_uri": "https://sector.example.net/uris.json"}
    outside.services.documents[sector["sector_identifier_uri"]] = ["https://other.example.net/"]
    assert error_of(software.register(**sector)) == (400, "invalid_client_metadata")

    def refuse(*_: object) -> object:
        raise ServiceRefused("the host is not on the public internet")

    monkeypatch.setattr(MemoryServices, "fetch_json", refuse)
    assert error_of(software.register(**sector)) == (400, "invalid_client_metadata")
    assert count_of(Client) == 0


def test_the_command_makes_a_token(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["clients", "registration-token", "--label", "Suite", "--max-uses", "5", "--scope", "openid email"])
    assert made.exit_code == 0, made.output
    said = json.loads(made.output)
    assert (said["max_uses"], said["scopes"], said["registration_is_on"]) == (5, ["openid", "email"], False)
    row = db.session.query(InitialAccessToken).one()
    assert (row.label, row.require_pkce) == ("Suite", True)
    refused = run(args=["clients", "registration-token", "--label", "Suite", "--scope", "everything"])
    assert refused.exit_code != 0


def test_a_token_that_was_revoked_registers_nothing(software: Software) -> None:
    software.token = a_token(max_uses=5)
    assert software.register().status_code == 201
    row = db.session.query(InitialAccessToken).filter_by(max_uses=5).one()
    run = software.app.test_cli_runner().invoke
    assert run(args=["clients", "revoke-registration-token", str(row.id)]).exit_code == 0
    assert error_of(software.register()) == (401, "invalid_token")
    assert software.manage("GET").status_code == 200
    assert run(args=["clients", "revoke-registration-token", str(uuid4())]).exit_code != 0
