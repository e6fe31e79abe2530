"""Third-party initiated login (OpenID Connect Core 4): the way back to a service whose request is over."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask

from identity_provider.db import transaction
from identity_provider.models import Client, Grant
from identity_provider.services import clients, third_party_login
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_client, a_user
from tests.journeys.travel import EMAIL, count_of
from tests.kit.consenting import Person
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty

BEGIN = "https://npq.example.org/begin?from=us"
HOME = "https://npq.example.org/home"
ISSUER = "https://identity.example.org"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, initiate_login_uri=BEGIN, service_url=HOME)


def said_in(address: str | None) -> dict[str, str]:
    assert address is not None
    assert address.startswith(BEGIN)
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_case_27_every_page_of_a_journey_that_is_over_leads_to_where_the_service_begins(
    service: RelyingParty, app: Flask
) -> None:
    a_user(email=EMAIL, trn="1234567")
    person, asked = Person(app), service.ask()
    person.come_from(asked)
    old_page = person.here.path
    person.submit(email=EMAIL)
    code_page = person.here.path
    person.get(old_page)
    person.sign_in()
    service.finish(person.sent_to, asked)
    expected = {"from": "us", "iss": service.issuer, "target_link_uri": HOME}
    for address in (old_page, code_page, person.step("check-answers"), person.answer_path):
        assert said_in(person.get(address).location) == expected
    for address in (old_page, person.step("name")):
        person.get("/account/services")
        assert said_in(person.post(address, email="x@example.com").location) == expected
    assert count_of(Grant) == 1


def test_a_form_that_finds_the_request_answered_may_lead_there(app: Flask) -> None:
    service = a_relying_party(app, initiate_login_uri="https://begin.example.org/", service_url=HOME)
    person = Person(app)
    policy = person.come_from(service.ask()).response.headers["Content-Security-Policy"]
    assert "https://begin.example.org" in policy


def test_the_service_s_new_request_is_answered_at_once(service: RelyingParty, app: Flask) -> None:
    a_user(email=EMAIL, trn="1234567")
    person, asked = Person(app), service.ask()
    person.come_from(asked)
    person.sign_in()
    service.finish(person.sent_to, asked)
    said_in(person.get(person.answer_path).location)
    again = service.ask()
    assert service.finish(person.come_from(again).location or "", again).claims["sub"]


@pytest.mark.parametrize(
    ("values", "hint", "expected"),
    [
        ({"initiate_login_uri": "https://a.example/"}, None, f"https://a.example/?iss={ISSUER}"),
        ({"initiate_login_uri": "https://a.example/?x=1"}, None, f"https://a.example/?x=1&iss={ISSUER}"),
        (
            {"initiate_login_uri": "https://a.example/"},
            "a@b.example",
            "https://a.example/?iss={}&login_hint=a@b.example",
        ),
        (
            {"initiate_login_uri": "http://127.0.0.1:1/"},
            "a@b.example",
            "http://127.0.0.1:1/?iss={}&login_hint=a@b.example",
        ),
        ({"initiate_login_uri": "http://a.example/"}, "a@b.example", None),
        ({"initiate_login_uri": None}, None, None),
        ({"initiate_login_uri": "https://a.example/", "disabled_at": NOW}, None, None),
    ],
)
def test_an_address_of_a_person_travels_only_where_nobody_reads_along(
    app: Flask, values: dict[str, Any], hint: str | None, expected: str | None
) -> None:
    client = a_client(service_url=None, **values)
    address = third_party_login.address(client, ISSUER, login_hint=hint)
    plain = address.replace("%3A", ":").replace("%2F", "/").replace("%40", "@") if address else None
    assert plain == (expected.format(ISSUER) if expected else None)


def test_a_service_that_was_switched_off_is_sent_nobody(service: RelyingParty, app: Flask) -> None:
    person = Person(app)
    person.come_from(service.ask())
    with transaction():
        client = clients.find(service.client_id)
        assert isinstance(client, Client)
        clients.disable(client, actor=SYSTEM, now=NOW)
    assert third_party_login.start_of(client, ISSUER) is None
