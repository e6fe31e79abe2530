"""flask clients: what an operator types, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db
from identity_provider.models import AuditEvent, Client
from identity_provider.services.clients import knows_secret
from tests.builders import a_user
from tests.kit.outside import OutsideWorld
from tests.kit.provider import a_browser_of
from tests.kit.relying_party import InProcess, RelyingParty
from tests.kit.signing import PUBLIC

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


def test_what_can_be_switched_on_is_shown(app: Flask) -> None:
    switches = ("may_introspect", "block_prohibited", "bare_post_logout_redirect", "require_nonce")
    added = run(app, *ADD, *(f"--{each.replace('_', '-')}" for each in switches))
    assert {name: added[name] for name in switches} == dict.fromkeys(switches, True)


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


def test_a_clock_that_went_back_does_not_keep_an_older_secret_alive(app: Flask, clock: ManualClock) -> None:
    made = [run(app, *ADD)["client_secret"]]
    for _ in range(3):
        clock.advance(timedelta(hours=-1))
        made.append(run(app, "clients", "rotate-secret", "npq")["client_secret"])
    client = db.session.get_one(Client, "npq")
    alive = [secret for secret in made if knows_secret(client, secret, now=clock.now())]
    assert alive == made[-2:]
    assert [each.expires_at is None for each in client.secrets] == [False, True]


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


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    place = tmp_path / "keys.json"
    place.write_text(json.dumps(PUBLIC))
    return place


def test_every_setting_of_the_protocol_is_taken(app: Flask, keys_file: Path, outside: OutsideWorld) -> None:
    sector = "https://sector.example.org/uris.json"
    outside.services.documents[sector] = ["https://npq.example.org/callback", "https://npq.example.com/callback"]
    shown = run(
        app, *ADD,
        "--redirect-uri", "https://npq.example.com/callback",
        "--auth-method", "private_key_jwt", "--jwks", str(keys_file),
        "--id-token-alg", "ES256",
        "--userinfo-signed-response-alg", "Ed25519",
        "--request-object-signing-alg", "PS256",
        "--token-endpoint-auth-signing-alg", "ES256",
        "--access-token-format", "jwt",
        "--subject-type", "pairwise", "--sector-identifier-uri", sector,
    )  # fmt: skip
    assert shown == run(app, "clients", "show", "npq") | {"client_secret": None}
    assert shown["jwks"] == PUBLIC
    assert (shown["id_token_signed_response_alg"], shown["userinfo_signed_response_alg"]) == ("ES256", "Ed25519")
    assert (shown["request_object_signing_alg"], shown["token_endpoint_auth_signing_alg"]) == ("PS256", "ES256")
    assert (shown["access_token_format"], shown["subject_type"]) == ("jwt", "pairwise")
    assert shown["sector_identifier_uri"] == sector
    assert db.session.get_one(Client, "npq").sector_identifier == "sector.example.org"


def test_keys_may_be_published_instead(app: Flask, keys_file: Path) -> None:
    published = ("--jwks-uri", "https://npq.example.org/keys")
    assert run(app, *ADD, "--auth-method", "private_key_jwt", *published)["jwks_uri"] == published[1]
    assert "jwks" in refusal(app, "clients", "add", "b", *ADD[3:], "--jwks", str(keys_file), *published)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--jwks-uri", "http://npq.example.org/keys"), "jwks-uri"),
        (("--jwks-uri", "file:///etc/passwd"), "jwks-uri"),
        (("--request-object-signing-alg", "ES256"), "request-object-signing-alg"),
        (("--request-object-signing-alg", "none"), "request-object-signing-alg"),
        (("--userinfo-signed-response-alg", "HS256"), "userinfo-signed-response-alg"),
        (("--subject-type", "pairwise", "--redirect-uri", "https://other.example/callback"), "subject-type"),
        (("--sector-identifier-uri", "https://sector.example.org/missing.json"), "sector-identifier-uri"),
        (("--sector-identifier-uri", "https://sector.example.org/other.json"), "sector-identifier-uri"),
        (("--sector-identifier-uri", "https://sector.example.org/odd.json"), "sector-identifier-uri"),
    ],
)
def test_settings_of_the_protocol_that_do_not_hold_are_refused(
    app: Flask, outside: OutsideWorld, options: tuple[str, ...], named: str
) -> None:
    outside.services.documents |= {
        "https://sector.example.org/other.json": ["https://other.example/callback"],
        "https://sector.example.org/odd.json": {"uris": [1]},
    }
    assert named in refusal(app, *ADD, *options)
    assert run(app, "clients", "list") == []


@pytest.mark.parametrize(
    "keys", ["5", "{", "[]", '{"keys": []}', '{"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]}']
)
def test_a_file_that_holds_no_keys_is_refused(app: Flask, tmp_path: Path, keys: str) -> None:
    place = tmp_path / "keys.json"
    place.write_text(keys)
    assert refusal(app, *ADD, "--jwks", str(place))


def test_a_service_is_changed_in_what_is_named_and_nothing_else(app: Flask) -> None:
    before = run(app, *ADD, "--scope", "openid email", "--backchannel-logout-uri", "https://npq.example.org/out")
    after = run(
        app, "clients", "change", "npq",
        "--name", "NPQ", "--scope", "openid trn", "--backchannel-logout-uri", "", "--no-raise-tickets",
    )  # fmt: skip
    told = {"name": "NPQ", "scopes": ["openid", "trn"], "backchannel_logout_uri": None, "raise_tickets": False}
    assert after == {name: value for name, value in before.items() if name != "client_secret"} | told
    again = run(app, "clients", "change", "npq", "--redirect-uri", "https://npq.example.org/2")
    assert again == after | {"redirect_uris": ["https://npq.example.org/2"]}
    changes = [each.after for each in db.session.query(AuditEvent).filter_by(action="client_changed")]
    assert sorted(len(each) for each in changes) == [1, 4]


def test_a_change_that_would_be_refused_at_registration_is_refused_and_changes_nothing(app: Flask) -> None:
    before = run(app, *ADD)
    said = refusal(
        app, "clients", "change", "npq", "--name", "NPQ", "--redirect-uri", "http://npq.example.org/callback"
    )
    assert "redirect" in said
    assert "there is no client" in refusal(app, "clients", "change", "nobody", "--name", "N")
    assert run(app, "clients", "show", "npq")["name"] == before["name"]


def test_a_service_that_begins_to_use_a_secret_is_given_one(app: Flask) -> None:
    run(app, *ADD, "--auth-method", "none")
    assert run(app, "clients", "change", "npq", "--auth-method", "client_secret_basic")["client_secret"]
    assert "client_secret" not in run(app, "clients", "change", "npq", "--name", "NPQ")
