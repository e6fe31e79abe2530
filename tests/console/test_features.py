"""What a switch in the console does to the part that it is for, and who may turn it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryDesk, MemoryServices
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.features import Feature
from identity_provider.kit.app import ports
from identity_provider.models import MessageState
from identity_provider.ports import TicketDeskUnavailable
from identity_provider.services import features, support_tickets, webhooks
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client
from tests.console.agents import Agent, a_case, an_agent, audited, messages
from tests.kit.outside import OutsideWorld
from tests.kit.page import Browser
from tests.webhooks import listeners


@pytest.fixture
def manager(app: Flask) -> Agent:
    return an_agent(app, StaffRole.SERVICE_MANAGER)


def test_a_manager_switches_a_feature_off_and_on_with_a_reason(app: Flask, manager: Agent) -> None:
    manager.get("/support/features")
    manager.click("TRN tokens")
    page = manager.submit("Switch it", reason="")
    assert (page.status, page.errors) == (422, ["Select whether it is to be on or off", "Enter a reason"])
    page = manager.submit("Switch it", state="off", reason="Tokens were misused")
    assert "Saved. It counts at once." in page.text
    assert "Tokens were misused" in page.text
    assert features.is_on(Feature.TRN_TOKENS) is False
    manager.submit("Switch it", state="on", reason="Over")
    assert features.is_on(Feature.TRN_TOKENS) is True
    assert [each.reason for each in audited("feature_switched")] == ["Tokens were misused", "Over"]


def test_a_service_is_switched_by_itself_and_does_as_the_rest_again(app: Flask, manager: Agent) -> None:
    client = a_client(name="Register for an NPQ")
    manager.get("/support/features/webhook_delivery")
    page = manager.submit("Switch it", state="off", client_id=client.id, reason="They are moving")
    assert "Register for an NPQ" in page.text
    assert (features.is_on(Feature.WEBHOOK_DELIVERY), features.is_on(Feature.WEBHOOK_DELIVERY, client)) == (True, False)
    page = manager.submit("Switch it", state="as_the_rest", client_id="", reason="x")
    assert page.errors == ["Select the service that is to do as the others"]
    manager.submit("Switch it", state="as_the_rest", client_id=client.id, reason="They have moved")
    assert features.is_on(Feature.WEBHOOK_DELIVERY, client) is True
    assert manager.submit("Switch it", state="as_the_rest", client_id=client.id, reason="again").status == 409
    assert manager.get("/support/features/nothing").status == 404


AGAINST = [
    (Feature.CLIENT_REGISTRATION, "CLIENT_REGISTRATION", {"client_registration": True}),
    (Feature.HELPDESK_TICKETS, "TICKET_TRANSPORT", {"ticket_transport": "memory"}),
]


@pytest.mark.parametrize(("feature", "setting", "allowed"), AGAINST)
def test_what_the_settings_keep_off_is_not_said_to_be_on(
    app: Flask, manager: Agent, monkeypatch: pytest.MonkeyPatch, feature: Feature, setting: str, allowed: dict[str, Any]
) -> None:
    held = replace(app.extensions["settings"], client_registration=False, ticket_transport="none")
    monkeypatch.setitem(app.extensions, "settings", held)
    words = f"Off: switched on here, but the setting {setting} does not allow it"
    assert words in manager.get("/support/features").text
    assert words in manager.get(f"/support/features/{feature.value}").text
    assert listed(app)[feature.value] == {"on": False, "switch": "on", "off_by_setting": setting, "services": {}}
    monkeypatch.setitem(app.extensions, "settings", replace(held, **allowed))
    assert words not in manager.get("/support/features").text
    assert listed(app)[feature.value] == {"on": True, "switch": "on", "off_by_setting": None, "services": {}}
    off(feature)
    assert listed(app)[feature.value] == {"on": False, "switch": "off", "off_by_setting": None, "services": {}}


def test_one_login_is_not_said_to_be_on_where_nobody_set_it_up(app: Flask) -> None:
    assert ports().broker is None
    assert listed(app)["one_login"]["off_by_setting"] == "ONE_LOGIN_ISSUER"


def listed(app: Flask) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(app.test_cli_runner().invoke(args=["features", "list"]).stdout)
    return found


def test_nobody_enters_an_account_that_is_switched_off(app: Flask) -> None:
    browser = Browser(app)
    assert browser.get("/account/services").status == 200
    off(Feature.ACCOUNT)
    for path in ("/account/services", "/account/sign-in"):
        assert browser.get(path).status == 503, path


def test_messages_to_services_wait_while_delivery_is_off(app: Flask, outside: OutsideWorld) -> None:
    services: MemoryServices = outside.services
    endpoint = listeners.an_endpoint()
    off(Feature.WEBHOOK_DELIVERY)
    with transaction():
        webhooks.ping(endpoint, actor=SYSTEM, now=ports().clock.now())
    listeners.let_the_worker_work()
    assert [each.state for each in listeners.messages()] == [MessageState.WAITING]
    assert services.messages == []
    on(Feature.WEBHOOK_DELIVERY)
    with transaction():
        webhooks.wake(endpoint.id)
    listeners.let_the_worker_work()
    assert [each.state for each in listeners.messages()] == [MessageState.DELIVERED]


def test_tickets_wait_while_they_are_off_and_the_case_is_there_all_the_same(app: Flask, desk: MemoryDesk) -> None:
    off(Feature.HELPDESK_TICKETS)
    case = a_case()
    (message,) = messages(support_tickets.OPEN_KIND)
    with pytest.raises(TicketDeskUnavailable):
        support_tickets.deliver_open(message, desk, ports().clock.now(), issuer="https://id.example.org")
    assert db.session.get_one(type(case), case.id).zendesk_ticket_id is None
    on(Feature.HELPDESK_TICKETS)
    support_tickets.deliver_open(message, desk, ports().clock.now(), issuer="https://id.example.org")
    assert db.session.get_one(type(case), case.id, populate_existing=True).zendesk_ticket_id is not None


def off(feature: Feature) -> None:
    _switch(feature, on=False)


def on(feature: Feature) -> None:
    _switch(feature, on=True)


def _switch(feature: Feature, *, on: bool) -> None:
    with transaction():
        features.switch(feature, on=on, reason="a test", actor=SYSTEM, now=ports().clock.now())


def test_every_feature_is_called_something_and_says_what_off_means(app: Flask, manager: Agent) -> None:
    for feature in Feature:
        page = manager.get(f"/support/features/{feature.value}")
        assert page.status == 200
        assert "Off: " in page.text, feature


def test_nobody_looks_at_awards_that_are_switched_off(app: Flask) -> None:
    browser = Browser(app)
    assert browser.get("/check-an-award").status == 200
    off(Feature.AWARDS)
    for path in ("/check-an-award", "/account/awards"):
        assert browser.get(path).status == 503, path
