"""One's own account in Chromium: from a service and back, another address, and the old one that takes it back."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Route

from identity_provider.adapters.memory import ManualClock
from tests.browser.test_sign_in_pages import answer, site
from tests.builders import a_client, a_user
from tests.journeys.contacts import NEW, NUMBER, code_for, undo_link
from tests.journeys.travel import EMAIL, newest_code
from tests.kit.browser import CheckedPage, PageMaker

__all__ = ["site"]


def change(page: CheckedPage, site: str, contact: str, to: str) -> None:
    page.goto(f"{site}/account/{contact}")
    page.shot(f"account-{contact}")
    answer(page, contact, to)
    page.press("Continue")
    page.shot(f"account-{contact}-code")
    answer(page, "code", code_for(to))
    page.press("Continue")


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 320)], ids=["desk", "bare phone"])
def test_a_person_looks_after_their_account(
    app: Flask, site: str, clock: ManualClock, open_page: PageMaker, scripts: bool, width: int
) -> None:
    a_user(email=EMAIL, trn="1234567", last_name="Bush", preferred_name="Kate Bush")
    # The service is this very server by its other name, so that a browser can really reach it.
    elsewhere = site.replace("localhost", "127.0.0.1")
    service = a_client(redirect_uris=[f"{elsewhere}/callback"])
    page, friend = open_page(scripts=scripts, width=width), open_page(scripts=scripts, width=width)
    came = f"client_id={service.id}&redirect_uri={elsewhere}/privacy&sign_out_uri={elsewhere}/contact"
    page.goto(f"{site}/account?{came}")
    answer(page, "email", EMAIL)
    page.press("Continue")
    answer(page, "code", newest_code(EMAIL))
    page.press("Continue")
    page.shot(f"account-home-{width}")
    change(page, site, "mobile", NUMBER)
    clock.advance(timedelta(minutes=1))
    change(page, site, "email", NEW)
    assert "You sign in with your new email address from now on" in page.text
    for part in ("history", "sessions", "services", "preferred-name"):
        page.goto(f"{site}/account/{part}")
        page.shot(f"account-{part}-{width}")
    friend.goto(site + urlsplit(undo_link(EMAIL)).path)
    friend.shot(f"account-put-back-{width}")
    friend.press("It was not me: undo the change")
    assert friend.h1 == "The change was undone"
    friend.shot(f"account-was-put-back-{width}")
    page.goto(f"{site}/account")
    assert page.path == "/account/sign-in"
    answer(page, "email", EMAIL)
    page.press("Continue")
    answer(page, "code", code_for(EMAIL))
    page.press("Continue")
    page.press("Sign out")
    assert page.url == f"{elsewhere}/contact"


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 390)], ids=["desk", "bare phone"])
def test_a_network_that_is_cut_after_the_code_costs_no_other_code(
    app: Flask, site: str, open_page: PageMaker, scripts: bool, width: int
) -> None:
    """The server has let them in and the answer never comes: they reload, which sends the same code once more."""
    a_user(email=EMAIL)
    page = open_page(scripts=scripts, width=width)
    said: list[int] = []

    def cut(route: Route) -> None:
        if said or route.request.method != "POST":
            route.continue_()
            return
        said.append(route.fetch(max_redirects=0).status)
        page.raw.context.clear_cookies(name="session")
        route.abort("connectionreset")

    page.goto(f"{site}/account/sign-in")
    answer(page, "email", EMAIL)
    page.press("Continue")
    answer(page, "code", newest_code(EMAIL))
    page.raw.route("**/account/sign-in/code", cut)
    with page.raw.expect_event("requestfailed"):
        page.raw.get_by_role("button", name="Continue").click()
    page.raw.wait_for_url("chrome-error://**")
    page.raw.reload()
    assert (said, page.h1) == ([303], "You have already entered this code")
    page.shot(f"account-code-used-{width}")
    page.press("Continue")
    assert page.path == "/account"
