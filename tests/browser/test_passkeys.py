"""Passkeys in Chromium, with its virtual authenticator: created, used, offered and demanded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from config.settings import Settings
from identity_provider.db import db, transaction
from identity_provider.models import Passkey
from identity_provider.services import browser_sessions, journeys
from tests.builders import NOW, a_user
from tests.journeys.travel import TOKEN, a_request, newest_code
from tests.kit.browser import CheckedPage, serving
from tests.kit.stand_ins import free_port
from wsgi import create_app


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """Served at the very address that is the issuer: a passkey is bound to it."""
    port = free_port()
    settings: Settings = app.extensions["settings"]
    running = create_app(replace(settings, issuer=f"http://localhost:{port}"), app.extensions["ports"])
    with serving(running, port) as origin:
        yield origin
    with running.app_context():
        db.session.remove()
        db.engine.dispose()


def give_authenticator(page: CheckedPage) -> None:
    """A device that knows its person, like a phone with a fingerprint."""
    devtools = page.raw.context.new_cdp_session(page.raw)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def arrive(page: CheckedPage, site: str, **request: Any) -> None:
    """Come from a service."""
    asked = a_request(**request)
    with transaction():
        journey = journeys.begin(asked, TOKEN, NOW).id
    page.raw.context.add_cookies([{"name": "browser", "value": TOKEN, "url": site}])
    page.goto(f"{site}/sign-in/{journey}")


def sign_in_by_code(page: CheckedPage, address: str) -> None:
    page.raw.locator("[name=email]").fill(address)
    page.press("Continue")
    page.raw.locator("[name=code]").fill(newest_code(address))
    page.raw.wait_for_function("document.querySelector('[name=passkey_possible]').value === 'yes'")
    page.press("Continue")


def leave_through(page: CheckedPage, button: str) -> str:
    """Press what leads back to the service, which is not there, and give the address.

    Chromium then shows a page of its own: until it does, it would take it for where another address led.
    """
    with page.raw.expect_request(lambda each: each.url.startswith("https://npq.example.org/callback")) as left:
        page.raw.get_by_role("button", name=button).click()
    expect(page.raw).to_have_url("chrome-error://chromewebdata/")
    return left.value.url


def test_one_is_offered_after_a_code_created_and_used_the_next_time(app: Flask, site: str, page: CheckedPage) -> None:
    user = a_user(trn="1234567")
    give_authenticator(page)
    arrive(page, site)
    sign_in_by_code(page, user.email)
    assert page.h1 == "Do you want to sign in faster next time?"
    page.shot("passkey-offer")
    assert "code=" in leave_through(page, "Create a passkey")
    assert db.session.query(Passkey).filter(Passkey.user_id == user.id).count() == 1
    page.raw.context.clear_cookies()
    arrive(page, site)
    page.shot("passkey-sign-in")
    assert "code=" in leave_through(page, "Sign in with a passkey")


def test_a_service_that_demands_one_has_it_made_and_shown(app: Flask, site: str, page: CheckedPage) -> None:
    user = a_user(trn="1234567")
    give_authenticator(page)
    arrive(page, site, parameters={"needs_passkey": True})
    sign_in_by_code(page, user.email)
    assert page.h1 == "You need a passkey to use Register for an NPQ"
    page.shot("passkey-demanded")
    page.press("Create a passkey")
    page.shot("passkey-demanded-and-there")
    assert "code=" in leave_through(page, "Use your passkey")


def test_passkeys_in_the_account_on_a_small_phone(app: Flask, site: str, narrow_page: CheckedPage) -> None:
    page, user = narrow_page, a_user()
    with transaction():
        _, secret = browser_sessions.begin(user, amr=["otp"], now=NOW)
    page.raw.context.add_cookies([{"name": "session", "value": secret, "url": site}])
    give_authenticator(page)
    page.goto(f"{site}/account/passkeys/new")
    page.shot("passkey-new")
    page.raw.locator("[name=name]").fill("My phone")
    page.press("Create a passkey")
    assert "My phone" in page.raw.inner_text("main")
    page.shot("passkey-list")
    page.goto(f"{site}/account/passkeys/new")
    assert not page.raw.get_by_text("That did not work, or was cancelled").is_visible()
    page.raw.get_by_role("button", name="Create a passkey").click()
    page.raw.get_by_text("That did not work, or was cancelled").wait_for()


def test_without_scripts_no_button_of_a_passkey_is_shown(
    app: Flask, site: str, page_without_scripts: CheckedPage
) -> None:
    page = page_without_scripts
    arrive(page, site)
    assert page.raw.get_by_role("button", name="Sign in with a passkey").count() == 0
    page.raw.locator("[name=email]").fill("kate@example.com")
    page.press("Continue")
    assert page.h1 == "Check your email"
