"""Administrators let services hear of changes, see what became of each message, and send it again."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryServices
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import MessageState, WebhookEndpoint, WebhookMessage
from identity_provider.ports import ServiceReply
from tests.builders import a_client, a_user
from tests.console.agents import Agent, an_agent, audited
from tests.kit.outside import OutsideWorld
from tests.webhooks.listeners import URL, an_endpoint, let_the_worker_work, messages, read, signed_in_to


@pytest.fixture
def admin(app: Flask) -> Agent:
    return an_agent(app, StaffRole.ADMINISTRATOR)


@pytest.fixture
def services(outside: OutsideWorld) -> MemoryServices:
    return outside.services


def park(message: WebhookMessage) -> None:
    with transaction():
        there = db.session.get_one(WebhookMessage, message.id)
        there.settle(MessageState.PARKED, there.created_at)


def test_an_endpoint_is_added_and_pinged(app: Flask, admin: Agent, services: MemoryServices) -> None:
    client = a_client(name="Register for an NPQ")
    admin.get("/support/webhooks")
    admin.click("Add an endpoint")
    admin.submit("Add", client_id=client.id, url=URL, message_types=["UserUpdated"])
    found = re.search(r"Secret (\S+)$|Secret (\S+) I have", admin.here.text)
    assert found, admin.here.text
    secret = found[1] or found[2]
    admin.click("I have copied it")
    assert secret not in admin.here.text
    admin.submit("Send a ping")
    assert "It was not tried yet" in admin.here.text
    where = admin.here.path
    services.replies = [ServiceReply(200, excerpt="Thank you")]
    let_the_worker_work()
    page = admin.get(where)
    assert "Delivered" in page.text
    assert "Thank you" in page.text
    assert read(services.messages[0], secret)["messageType"] == "Ping"
    assert (len(audited("webhook_added")), len(audited("webhook_pinged"))) == (1, 1)


def test_what_makes_no_sense_is_said_beside_its_box(app: Flask, admin: Agent) -> None:
    client = a_client()
    admin.get("/support/webhooks/new")
    page = admin.submit("Add", url="", message_types=[])
    assert (page.status, page.errors) == (
        422, ["Select the service", "Enter the address", "Select at least one message"],
    )  # fmt: skip
    page = admin.submit("Add", client_id=client.id, url="http://npq.example.org/", message_types=["UserUpdated"])
    assert "The address http://npq.example.org/ must begin with https://" in page.errors[0]
    an_endpoint(client)
    page = admin.submit("Add", client_id=client.id, url=URL, message_types=["UserUpdated"])
    assert page.errors == ["This service hears at this address already"]


def test_an_endpoint_is_changed_and_switched_off(app: Flask, admin: Agent) -> None:
    endpoint = an_endpoint()
    admin.get(f"/support/webhooks/{endpoint.id}")
    admin.click("Change the endpoint")
    page = admin.submit("Save", url="https://npq.example.org/new", message_types=["UserMerged"], enabled="no")
    assert "Switched off" in page.text
    there = db.session.get_one(WebhookEndpoint, endpoint.id, populate_existing=True)
    assert (there.url, there.message_types, there.is_enabled) == ("https://npq.example.org/new", ["UserMerged"], False)
    (changed,) = audited("webhook_changed")
    assert (changed.before["is_enabled"], changed.after["is_enabled"]) == (True, False)
    assert "nothing was sent" in admin.submit("Send a ping").text


def test_a_new_secret_is_shown_once(app: Flask, admin: Agent) -> None:
    endpoint = an_endpoint()
    admin.get(f"/support/webhooks/{endpoint.id}")
    page = admin.submit("Make a new secret")
    assert page.h1 == "Secret of the endpoint"
    assert "stays good for 30 days" in page.text
    assert len(audited("webhook_secret_rotated")) == 1


def test_what_was_given_up_is_found_and_sent_again(app: Flask, admin: Agent, services: MemoryServices) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    for name in ("Ann", "Bea"):
        with transaction():
            user.first_name = name
    for each in messages():
        park(each)
    page = admin.get(f"/support/webhooks/{endpoint.id}", state="waiting")
    assert "Nothing was sent." in page.text
    admin.click("Given up")
    first = next(text for text in admin.here.links if re.match(r"\d+ \w+ \d{4}", text))
    address = admin.here.links[first]
    admin.get(address)
    assert "Ann" not in admin.here.text, "what a message says of a person is not shown"
    assert "UserUpdated message to" in admin.submit("Send it again").h1
    admin.get(f"/support/webhooks/{endpoint.id}", state="parked")
    assert "to be sent again: 1" in admin.submit("Send everything again that was given up").text
    let_the_worker_work()
    assert [each.state for each in messages()] == [MessageState.DELIVERED] * 2


def test_the_command_line_does_the_same(app: Flask, services: MemoryServices) -> None:
    client = a_client()
    added = run(app, "add", client.id, URL, "--message-type", "UserUpdated", "--secret", "a-secret-of-the-service")
    assert (added["secret"], added["message_types"]) == ("a-secret-of-the-service", ["UserUpdated"])
    run(app, "ping", added["endpoint_id"])
    let_the_worker_work()
    assert read(services.messages[0])["messageType"] == "Ping"
    (ping,) = messages()
    run(app, "replay", added["endpoint_id"], "--notification", str(ping.notification_id))
    let_the_worker_work()
    assert len(services.messages) == 2
    park_again = db.session.get_one(WebhookMessage, ping.id)
    with transaction():
        park_again.state = MessageState.PARKED
    assert run(app, "list")[0]["parked"] == 1
    assert run(app, "replay", added["endpoint_id"])["messages"] == 1
    assert len(run(app, "rotate-secret", added["endpoint_id"])["secret"]) >= 43
    assert "there is no client nobody" in refusal(app, "add", "nobody", URL)
    assert "url:" in refusal(app, "add", client.id, "http://example.org/")


def run(app: Flask, *arguments: str) -> Any:
    result = app.test_cli_runner().invoke(args=["webhooks", *arguments])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=["webhooks", *arguments])
    assert result.exit_code != 0
    return str(result.output)
