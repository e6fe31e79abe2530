"""Consent, the choice of an account, refusals and the list of services in Chromium, each checked by axe."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from tests.browser.test_sign_in_pages import answer, site
from tests.builders import a_record, a_user
from tests.journeys.travel import EMAIL, newest_code
from tests.kit.browser import CheckedPage, PageMaker
from tests.kit.provider import EVERYTHING, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty

__all__ = ["site"]

LONG = "Ymddiriedolaeth-Addysg-Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"


def sign_in(page: CheckedPage, site: str, asked: Asked) -> None:
    page.goto(site + asked.path)
    answer(page, "email", EMAIL)
    page.press("Continue")
    answer(page, "code", newest_code(EMAIL))
    page.press("Continue")


def a_service(app: Flask, site: str, **values: Any) -> RelyingParty:
    """A service of another origin, which a browser can really reach: this very server by its other name."""
    callback = site.replace("localhost", "127.0.0.1") + "/contact"
    return a_relying_party(app, redirect_uris=(callback,), **values)


def leave_by(page: CheckedPage, button: str) -> str:
    """Press a button that leads to the service: where the browser went."""
    page.press(button)
    assert page.path == "/contact"
    return page.url


@pytest.mark.parametrize(
    ("scripts", "width"), [(True, 1280), (True, 320), (False, 1280)], ids=["desk", "phone", "bare"]
)
def test_a_person_allows_a_service_and_stops_it_again(
    app: Flask, site: str, open_page: PageMaker, scripts: bool, width: int
) -> None:
    a_user(email=EMAIL, trn="1234567")
    service = a_service(app, site, name=LONG, first_party=False, scope=" ".join(EVERYTHING))
    page = open_page(scripts=scripts, width=width)
    asked = service.ask(prompt="consent")
    sign_in(page, site, asked)
    assert page.h1 == f"Do you want to share your details with {LONG}?"
    page.shot(f"consent-{width}-{scripts}")
    assert service.finish(leave_by(page, "Allow"), asked).userinfo["trn"] == "1234567"
    page.goto(f"{site}/account/services")
    page.shot(f"services-{width}-{scripts}")
    page.click(f"Stop sharing with {LONG}")
    page.shot(f"stop-{width}-{scripts}")
    page.press("Stop sharing")
    assert "There is no service that you share your details with" in page.text
    page.shot(f"services-none-{width}-{scripts}")
    page.press("Sign out")
    answer(page, "email", "nonsense")
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    answer(page, "email", EMAIL)
    page.press("Continue")
    page.shot(f"account-code-{width}-{scripts}")
    answer(page, "code", "12")
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    answer(page, "code", newest_code(EMAIL))
    page.press("Continue")
    assert page.h1 == "Your details"


def test_a_person_does_not_allow_it(app: Flask, site: str, open_page: PageMaker) -> None:
    a_user(email=EMAIL, trn="1234567")
    service, page = a_service(app, site, first_party=False, scope="openid email"), open_page()
    sign_in(page, site, service.ask())
    assert service.answer_in(leave_by(page, "Do not allow"))["error"] == "access_denied"


@pytest.mark.parametrize("width", [1280, 320])
def test_which_account_it_shall_be(app: Flask, site: str, open_page: PageMaker, width: int) -> None:
    a_user(email=EMAIL, trn="1234567")
    service, page = a_service(app, site, first_party=False, scope="openid email"), open_page(width=width)
    sign_in(page, site, service.ask())
    asked = service.ask(prompt="select_account")
    page.goto(site + asked.path)
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    page.shot(f"choose-account-{width}")
    page.choose(f"Continue as {EMAIL}")
    page.press("Continue")
    assert service.finish(leave_by(page, "Allow"), asked).userinfo["email"] == EMAIL


@pytest.mark.parametrize(("alert", "words"), [(True, "You cannot continue to"), (None, "We could not finish a check")])
def test_who_is_not_let_through_reads_why_and_what_helps(
    app: Flask, site: str, register: MemoryRegister, open_page: PageMaker, alert: bool | None, words: str
) -> None:
    register.records = [a_record(has_open_alert=alert)]
    a_user(email=EMAIL, trn="1234567")
    service = a_service(app, site, block_prohibited=True, scope="openid email")
    page = open_page(width=320)
    sign_in(page, site, service.ask())
    assert page.h1.startswith(words)
    page.shot(f"barred-{alert}")
