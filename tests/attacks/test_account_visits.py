"""Coming to the account from a service: back to where it is, and never to anywhere else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.models import AccountVisit, Client
from identity_provider.services import account_visits, retention
from tests.builders import NOW, a_client, a_user
from tests.journeys.travel import EMAIL, count_of, newest_code
from tests.kit.owners import Owner
from tests.kit.page import Browser, Page

BACK = "https://npq.example.org/account?tab=details"
LEAVE = "https://npq.example.org/sign-out"


@pytest.fixture
def service(app: Flask) -> Client:
    return a_client()


def come(browser: Browser, service: Client, back: str = BACK, leave: str = LEAVE) -> Page:
    return browser.get("/account", client_id=service.id, redirect_uri=back, sign_out_uri=leave)


def test_the_way_back_is_on_every_page_and_signing_out_leads_to_the_service(app: Flask, service: Client) -> None:
    owner = Owner(app)
    page = come(owner, service)
    assert (page.path, page.query) == ("/account", {}), "the addresses do not stay in the bar"
    for path in ("/account", "/account/history", "/account/email"):
        assert owner.get(path).links["Back to Register for an NPQ"] == BACK
    page = owner.get("/account")
    assert "form-action 'self' https://npq.example.org" in page.response.headers["Content-Security-Policy"]
    assert owner.submit("Sign out").location == LEAVE
    assert owner.get("/account").path == "/account/sign-in"
    assert count_of(AccountVisit) == 0


def test_where_they_came_from_is_not_forgotten_while_they_sign_in(app: Flask, service: Client) -> None:
    a_user(email=EMAIL)
    visitor = Browser(app)
    assert come(visitor, service).path == "/account/sign-in"
    visitor.submit(email=EMAIL)
    page = visitor.submit(code=newest_code(EMAIL))
    assert "Back to Register for an NPQ" in page.links


def test_without_an_address_to_sign_out_at_one_stays_here(app: Flask, service: Client) -> None:
    owner = Owner(app)
    come(owner, service, leave="")
    assert owner.submit("Sign out").path == "/account/sign-in"


@pytest.mark.parametrize(
    "elsewhere",
    [
        *("https://evil.example/", "http://npq.example.org/", "https://npq.example.org:8443/", "//npq.example.org/"),
        *("https://npq.example.org@evil.example/", "https://npq.example.org.evil.example/", "https://evil.example\\"),
        *("https://evil.example\\@npq.example.org/", "https://evil.example#@npq.example.org", "javascript:alert(1)"),
        *("https:npq.example.org/", "https://npq.example.org\t.evil.example/", "https://npq.example.org\r\nX: 1", "/x"),
        *(
            "https://user:pass@npq.example.org/",
            "https://npq.example.org%2eevil.example/",
            "data:text/html,x",
            "x" * 3000,
        ),
        *("https://npq.example.org:port/", "https://[npq.example.org/", "HTTPS://evil.example/"),
    ],
)
def test_case_19_nobody_is_sent_to_an_address_of_somebody_else(app: Flask, service: Client, elsewhere: str) -> None:
    owner = Owner(app)
    for back, leave in ((elsewhere, LEAVE), (BACK, elsewhere)):
        page = come(owner, service, back, leave)
        assert (page.status, page.location) == (400, None)
        assert page.h1 == "This link to your account does not work"
        assert elsewhere not in page.links.values()
    assert count_of(AccountVisit) == 0


@pytest.mark.parametrize("query", ["client_id=nobody", "redirect_uri=https://npq.example.org/", "sign_out_uri=x"])
def test_a_service_that_is_not_known_or_says_half_is_refused(app: Flask, service: Client, query: str) -> None:
    assert Owner(app).get(f"/account?{query}").status == 400


def test_parameters_said_twice_are_refused(app: Flask, service: Client) -> None:
    query = f"client_id={service.id}&redirect_uri={LEAVE}&redirect_uri=https://evil.example/"
    assert Owner(app).get(f"/account?{query}").status == 400


def test_a_service_that_was_shut_or_moved_since_is_not_returned_to(app: Flask, service: Client) -> None:
    owner = Owner(app)
    come(owner, service)
    with transaction():
        service.redirect_uris = ["https://new.example.org/callback"]
    assert "Back to Register for an NPQ" not in owner.get("/account").links
    assert owner.submit("Sign out").location is None


def test_a_visit_is_of_one_browser_and_ends(app: Flask, service: Client, clock: ManualClock) -> None:
    come(Owner(app), service)
    assert "Back to Register for an NPQ" not in Owner(app).get("/account").links
    clock.advance(account_visits.LASTS + timedelta(seconds=1))
    retention.remove_expired(clock.now())
    assert count_of(AccountVisit) == 0
    assert clock.now() > NOW
