"""The support console in Chromium: an agent solves a case, on a desk, on a phone and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from tests.builders import a_record, a_user
from tests.console.agents import Agent, a_case, newest_code, totp, user_of
from tests.kit.browser import PageMaker, serving


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as origin:
        yield origin


@pytest.mark.parametrize(
    ("scripts", "width"), [(True, 1280), (True, 320), (False, 1280)], ids=["desk", "phone", "bare"]
)
def test_an_agent_solves_a_case_and_every_page_is_sound(
    app: Flask, site: str, register: MemoryRegister, open_page: PageMaker, scripts: bool, width: int
) -> None:
    register.records = [a_record("1234567", last_name="Busch"), a_record("7654321", first_name="Walter")]
    case = a_case(a_user(last_name="Bush", stated_trn="1234567"))
    member = Agent(app).member
    page = open_page(scripts=scripts, width=width)
    page.goto(f"{site}/support")
    page.raw.locator("[name=email]").fill(member.email)
    page.press("Continue")
    page.raw.locator("[name=code]").fill(newest_code(member.email))
    page.press("Continue")
    page.raw.locator("[name=code]").fill(totp())
    page.press("Sign in")
    assert page.h1 == "Cases"
    page.shot(f"console-cases-{width}-{scripts}")
    page.click(case.reference)
    page.shot(f"console-case-{width}-{scripts}")
    page.press("Check record 1234567")
    page.shot(f"console-attach-{width}-{scripts}")
    page.raw.locator("[name=reason]").fill("Called the school")
    page.press("Attach this TRN")
    assert user_of(case).trn == "1234567"
