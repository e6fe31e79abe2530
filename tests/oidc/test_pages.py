"""The provider's few pages, as a page-checking browser without JavaScript sees them."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.models import Journey
from tests.builders import a_user
from tests.kit.page import Browser
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

GOODBYE = "https://npq.example.org/sign-out"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, post_logout_redirect_uris=(GOODBYE,))


@pytest.fixture
def person(app: Flask) -> Browser:
    browser = Browser(app)
    cookie = a_browser_of(app, a_user(trn="1234567")).get_cookie("session")
    assert cookie is not None
    browser.client.set_cookie("session", cookie.value)
    return browser


def test_a_request_that_can_not_be_trusted(person: Browser, service: RelyingParty) -> None:
    page = person.get(service.ask(client_id="nobody").path)
    assert (page.status, page.h1) == (400, "We cannot continue this sign-in")
    assert "start again" in page.text


def test_a_sign_in_that_is_over(app: Flask, service: RelyingParty) -> None:
    browser = Browser(app)
    browser.client.get(service.ask().path)
    with transaction():
        request = db.session.query(Journey).one().authorization_request
    browser.client.get(f"/connect/authorize/{request.id}/refuse")
    page = browser.get(f"/connect/authorize/{request.id}/answer")
    assert page.h1 == "This sign-in is finished"
    assert "Go back to Register for an NPQ" in page.text
    assert page.links["Go to Register for an NPQ"] == "https://npq.example.org/"


def test_a_form_that_carries_the_code(person: Browser, service: RelyingParty) -> None:
    page = person.get(service.ask(response_mode="form_post").path)
    assert page.h1 == "Continue to the service"
    assert page.form("Continue").action == service.redirect_uri


def test_signing_out_with_the_button(person: Browser, service: RelyingParty) -> None:
    page = person.get("/connect/signout", client_id=service.client_id, post_logout_redirect_uri=GOODBYE)
    assert page.h1 == "Do you want to sign out?"
    assert "Register for an NPQ asks to sign you out here too" in page.text
    assert person.submit("Sign out").location == GOODBYE
    assert person.get("/connect/signout").h1 == "You are signed out"


def test_a_sign_out_that_leads_nowhere_we_know(person: Browser, service: RelyingParty) -> None:
    page = person.get("/connect/signout", client_id=service.client_id, post_logout_redirect_uri="https://evil.example/")
    assert (page.status, page.h1) == (400, "Do you want to sign out?")
    assert "We will not send you on from here" in page.text
    assert person.submit("Sign out").h1 == "You are signed out"


def test_signing_out_with_a_hint_shows_the_same_button_without_scripts(person: Browser, service: RelyingParty) -> None:
    asked = service.ask()
    location = person.get(asked.path).location
    assert location is not None
    hint = service.finish(location, asked).token["id_token"]
    page = person.get("/connect/signout", id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s")
    assert page.h1 == "Do you want to sign out?"
    assert person.submit("Sign out").location == f"{GOODBYE}?state=s"


def test_whoever_came_to_the_question_by_mistake_may_stay(app: Flask, person: Browser) -> None:
    service = a_relying_party(
        app, number=2, post_logout_redirect_uris=(GOODBYE,), service_url="https://npq.example.org/"
    )
    page = person.get("/connect/signout", client_id=service.client_id, post_logout_redirect_uri=GOODBYE)
    assert page.links["Stay signed in"] == "https://npq.example.org/"
    person.get("/connect/signout")
    assert person.click("Stay signed in").path == "/"


def test_a_sign_out_that_is_wrong_says_so_plainly_to_somebody_who_is_not_signed_in(app: Flask) -> None:
    page = Browser(app).get("/connect/signout", id_token_hint="junk")
    assert (page.status, page.h1) == (400, "You are not signed in")
    assert "token" not in page.text
    assert "Go to our home page" in page.links
