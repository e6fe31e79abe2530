"""Awards in Chromium: shared on a desk, checked on a small phone and without JavaScript, each page seen by axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.services import browser_sessions
from tests.awards.recorded import a_code, an_award
from tests.builders import a_user
from tests.kit.browser import CheckedPage, PageMaker, serving


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as origin:
        yield origin


def check(page: CheckedPage, site: str, code: str, day: str) -> None:
    page.goto(f"{site}/check-an-award")
    page.fill("Code", code)
    for part, text in (("Day", day), ("Month", "3"), ("Year", "1985")):
        page.fill(part, text)
    page.press("Check the award")


@pytest.mark.parametrize(("scripts", "width"), [(True, 320), (False, 1280)], ids=["phone", "bare"])
def test_an_employer_checks_an_award(site: str, open_page: PageMaker, scripts: bool, width: int) -> None:
    award = an_award(a_user(first_name="Wolfeschlegelsteinhausenbergerdorff", last_name="Featherstonehaugh"))
    _, shown = a_code(award)
    page = open_page(scripts=scripts, width=width)
    check(page, site, shown, "5")
    assert page.raw.title().startswith("Error: ")
    check(page, site, shown, "4")
    assert page.h1.startswith("This award is valid")


def test_a_person_makes_a_code_and_ends_it_by_keyboard(site: str, open_page: PageMaker) -> None:
    award = an_award()
    with transaction():
        _, secret = browser_sessions.begin(award.user, amr=["otp"], now=ports().clock.now())
    page = open_page()
    page.raw.context.add_cookies([{"name": "session", "value": secret, "url": site}])
    page.goto(f"{site}/account/awards/{award.id}")
    page.press("Make a code")
    page.raw.get_by_label("Who is the code for?").focus()
    page.raw.keyboard.type("Sunnyside Primary")
    with page.raw.expect_navigation(wait_until="load"):
        page.raw.keyboard.press("Enter")
    page.check()
    assert page.raw.locator("#award-code").inner_text().count("-") == 3
    page.goto(f"{site}/account/awards/{award.id}")
    page.click("End this code")
    page.press("End this code")
    assert "Ended by you" in page.text
