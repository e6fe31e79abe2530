"""The pages of a sign-in in Chromium: on a desk, on a small phone, and without JavaScript. Each is checked by axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.services import journeys
from tests.builders import a_record
from tests.journeys.travel import EMAIL, TOKEN, a_request, newest_code
from tests.kit.browser import CheckedPage, PageMaker, serving


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as origin:
        yield origin


def arrive(page: CheckedPage, site: str) -> None:
    """Come from a service."""
    asked = a_request()
    with transaction():
        journey = journeys.begin(asked, TOKEN, ports().clock.now()).id
    page.raw.context.add_cookies([{"name": "browser", "value": TOKEN, "url": site}])
    page.goto(f"{site}/sign-in/{journey}")


def answer(page: CheckedPage, name: str, text: str) -> None:
    page.raw.locator(f"[name={name}]").fill(text)


def choose(page: CheckedPage, name: str, value: str) -> None:
    page.raw.locator(f"[name={name}][value={value}]").check()


@pytest.mark.parametrize(
    ("scripts", "width"), [(True, 1280), (True, 320), (False, 1280)], ids=["desk", "phone", "bare"]
)
def test_a_teacher_signs_in_and_every_page_is_sound(
    site: str, register: MemoryRegister, open_page: PageMaker, scripts: bool, width: int
) -> None:
    register.records = [a_record()]
    page = open_page(scripts=scripts, width=width)
    arrive(page, site)
    answer(page, "email", "not an address")
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    answer(page, "email", EMAIL)
    page.press("Continue")
    answer(page, "code", newest_code(EMAIL))
    page.press("Continue")
    answer(page, "first_name", "Kate")
    answer(page, "last_name", "Bush")
    page.press("Continue")
    choose(page, "changed", "no")
    page.press("Continue")
    choose(page, "choice", "short")
    page.press("Continue")
    for part, text in (("day", "4"), ("month", "mar"), ("year", "1985")):
        answer(page, f"date_of_birth-{part}", text)
    page.press("Continue")
    choose(page, "has", "yes")
    answer(page, "number", "ab 12 34 56 c")
    page.press("Continue")
    assert page.h1 == "Check your answers"
    page.press("Confirm and continue")
    assert page.h1 == "We found your teaching record"
