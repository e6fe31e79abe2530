"""Setting up an authenticator app in Chromium: the picture that the app scans is really shown."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from identity_provider.db import transaction
from identity_provider.services import staff_enrolment
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_staff_user
from tests.console.agents import newest_code
from tests.kit.browser import CheckedPage, serving


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as origin:
        yield origin


def test_the_content_security_policy_lets_the_picture_through(app: Flask, site: str, page: CheckedPage) -> None:
    newcomer = a_staff_user()
    with transaction():
        code = staff_enrolment.give_code(newcomer, actor=SYSTEM, now=NOW)
    page.goto(f"{site}/support")
    page.fill("Email address", newcomer.email)
    page.press("Continue")
    page.fill("Code", newest_code(newcomer.email))
    page.press("Continue")
    page.fill("Enrolment code", code)
    page.press("Continue")
    assert page.h1 == "Set up your authenticator app"
    assert page.raw.locator("img").evaluate("picture => picture.naturalWidth") > 100
