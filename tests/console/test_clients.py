"""A service team is served without a developer: services are added, changed, given secrets and switched off."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

import pytest
from flask import Flask

from identity_provider.db import db
from identity_provider.domain.access import MatchPolicy, StaffRole, TrnRequirement
from identity_provider.models import Client
from identity_provider.services import clients
from identity_provider.services.clients import NewClient
from support_console.clients.forms import RULES, ClientForm
from tests.builders import a_user
from tests.console.agents import Agent, an_agent, audited
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import InProcess, RelyingParty

CALLBACK = "https://npq.example.org/callback"


@pytest.fixture
def manager(app: Flask) -> Agent:
    return an_agent(app, StaffRole.SERVICE_MANAGER)


def the(client_id: str) -> Client:
    db.session.rollback()
    return db.session.get_one(Client, client_id, populate_existing=True)


def secret_on(agent: Agent) -> str:
    assert "nobody can see it again" in agent.here.text
    found = re.search(r"Client secret (\S+)", agent.here.text)
    assert found, agent.here.text
    return found[1]


def add(manager: Agent, **values: Any) -> None:
    manager.get("/support/services")
    manager.click("Add a service")
    manager.submit(
        "Add the service", **{"client_id": "npq", "name": "Register for an NPQ", "redirect_uris": CALLBACK} | values
    )


def test_a_service_that_was_added_signs_people_in(app: Flask, manager: Agent) -> None:
    add(manager, scopes=["openid", "trn"], trn_requirement="RequiredIfHeld", match_policy="Default")
    service = RelyingParty(InProcess(app.test_client()), "npq", secret_on(manager), scope="openid trn")
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    assert signed_in.userinfo["trn"] == "1234567"
    made = the("npq")
    assert (made.trn_requirement, made.grant_types) == (TrnRequirement.REQUIRED_IF_HELD, ["authorization_code"])
    (written,) = audited("register_client")
    assert (written.actor_type, written.actor_id) == ("staff", str(manager.member.id))


def test_what_is_refused_is_said_beside_its_box(app: Flask, manager: Agent) -> None:
    add(manager, client_id="a b", redirect_uris="http://npq.example.org/callback")
    assert (manager.here.status, manager.here.errors) == (
        422, ["Letters, digits, dot, underscore and hyphen, 100 at most"],
    )  # fmt: skip
    add(manager, redirect_uris="http://npq.example.org/callback")
    assert "The address http://npq.example.org/callback must begin with https://" in manager.here.errors[0]
    add(manager, jwks="{")
    assert manager.here.errors == ["Enter the keys as JSON"]
    add(manager, name="", client_id="")
    assert manager.here.errors == ["Enter a client ID", "Enter the name of the service"]
    add(manager, auth_method="private_key_jwt")
    assert manager.here.errors == ["The client's public keys are needed for private_key_jwt"]
    add(manager)
    add(manager)
    assert manager.here.errors == ["There is a client npq already"]


def test_every_setting_is_changed_and_written_down(app: Flask, manager: Agent) -> None:
    add(manager)
    manager.get("/support/services/npq")
    manager.click("Change the settings")
    manager.submit(
        "Save",
        name="Register for a leadership course",
        service_url="https://npq.example.org/",
        redirect_uris=f"{CALLBACK}\nhttps://npq.example.org/other",
        post_logout_redirect_uris="https://npq.example.org/out",
        initiate_login_uri="https://npq.example.org/start",
        backchannel_logout_uri="https://npq.example.org/back",
        trn_requirement="Required",
        match_policy="Strict",
        rules=["require_nonce", "require_pkce", "block_prohibited"],
        scopes=["openid", "trn", "user:read"],
        grant_types=["authorization_code", "client_credentials"],
        auth_method="client_secret_post",
        id_token_algorithm="ES256",
        userinfo_algorithm="ES256",
        access_token_format="jwt",
    )
    assert manager.here.h1 == "Register for a leadership course"
    now = the("npq")
    assert now.redirect_uris == [CALLBACK, "https://npq.example.org/other"]
    assert (now.trn_requirement, now.match_policy) == (TrnRequirement.REQUIRED, MatchPolicy.STRICT)
    assert (now.require_nonce, now.block_prohibited, now.raise_tickets) == (True, True, False)
    assert (now.token_endpoint_auth_method, now.id_token_signed_response_alg) == ("client_secret_post", "ES256")
    (changed,) = audited("client_changed")
    assert (changed.before["name"], changed.after["name"]) == (
        "Register for an NPQ", "Register for a leadership course",
    )  # fmt: skip
    assert "require_pkce" not in changed.after, "only what changed"


def test_saving_what_is_there_changes_nothing(app: Flask, manager: Agent) -> None:
    service = a_relying_party(
        app, userinfo_algorithm="RS256", initiate_login_uri="https://npq.example.org/start", subject_type="pairwise"
    )
    before = {column.name: getattr(the(service.client_id), column.key) for column in Client.__table__.columns}
    manager.get(f"/support/services/{service.client_id}/edit")
    manager.submit("Save")
    assert manager.here.status == 200
    after = {column.name: getattr(the(service.client_id), column.key) for column in Client.__table__.columns}
    assert after == before
    assert audited("client_changed") == []


def test_the_form_asks_for_every_setting_of_a_registration() -> None:
    asked = {name for name in vars(ClientForm) if not name.startswith("_")} | set(RULES)
    registered = {each.name for each in fields(NewClient)} - {"id", "sector_document"}
    assert registered <= asked


def test_a_new_secret_leaves_the_one_before_it_good(app: Flask, manager: Agent) -> None:
    add(manager)
    first = secret_on(manager)
    manager.get("/support/services/npq")
    manager.submit("Make a new secret")
    second = secret_on(manager)
    now = manager.app.extensions["ports"].clock.now()
    assert [clients.knows_secret(the("npq"), each, now=now) for each in (first, second)] == [True, True]
    manager.get("/support/services/npq")
    assert second not in manager.here.text
    assert "good until" in manager.here.text


def test_a_service_is_switched_off_and_on(app: Flask, manager: Agent) -> None:
    add(manager)
    manager.get("/support/services/npq")
    manager.submit("Switch the service off")
    assert "This service is switched off" in manager.here.text
    assert not the("npq").is_enabled
    manager.submit("Switch the service on")
    assert the("npq").is_enabled
    assert (len(audited("disable_client")), len(audited("enable_client"))) == (1, 1)


def test_a_service_without_a_secret_is_not_given_one(app: Flask, manager: Agent) -> None:
    add(manager, auth_method="none")
    assert manager.here.h1 == "Register for an NPQ"
    assert all(each[0] != "Make a new secret" for form in manager.here.forms for each in form.buttons)
    assert manager.post("/support/services/npq/rotate-secret").status == 409
    manager.get("/support/services/npq/edit")
    manager.submit("Save", auth_method="client_secret_basic")
    assert clients.knows_secret(the("npq"), secret_on(manager), now=the("npq").created_at)
