"""Every area of the console in Chromium: nothing that axe finds, nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.services import browser_sessions, case_work
from tests.builders import a_client, a_record, a_staff_user, a_user
from tests.console.agents import a_case, newest_code
from tests.kit.browser import CheckedPage, PageMaker, serving


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    with serving(app) as origin:
        yield origin


def signed_in(page: CheckedPage, site: str, clock: ManualClock) -> CheckedPage:
    """An administrator's browser, past the pages of signing in."""
    admin = a_staff_user(StaffRole.ADMINISTRATOR, name="Ada Admin")
    with transaction():
        _, secret = browser_sessions.begin(admin, amr=["otp", "mfa"], now=clock.now())
    host = urlsplit(site).hostname or ""
    page.raw.context.add_cookies([{"name": "staff_session", "value": secret, "domain": host, "path": "/"}])
    return page


@pytest.mark.parametrize("width", [1280, 320], ids=["desk", "phone"])
def test_every_area_is_sound(
    app: Flask, site: str, clock: ManualClock, register: MemoryRegister, open_page: PageMaker, width: int
) -> None:
    register.records = [a_record(), a_record("7654321", first_name="Catherine", has_open_alert=True)]
    service = a_client(name="Register for an NPQ")
    holder = a_user(trn="7654321", last_name="Holder", registered_with_client_id=service.id)
    case, solved = a_case(a_user(last_name="Bush", registered_with_client_id=service.id)), a_case()
    colleague = a_staff_user(name="Bob Brown")
    clock.advance(timedelta(hours=30))
    with transaction():
        case_work.attach_trn(solved.id, record=a_record(), staff=colleague, reason="seen", now=clock.now())
        case_work.add_note(case, "Called the school.", staff=colleague, now=clock.now())
    page = signed_in(open_page(width=width), site, clock)
    areas = {
        "cases": "Cases",
        "cases/search": "Search for a case",
        f"cases/{case.id}": f"Kate Bush – {case.reference}",
        f"cases/{solved.id}": f"{solved.user.name.full} – {solved.reference}",
        f"cases/{case.id}/no-trn": "Does Kate Bush have no TRN?",
        f"cases/{case.id}/conflict/{holder.id}": "TRN 7654321 is held by another user",
        f"cases/{solved.id}/undo": f"Undo the decision in case {solved.reference}?",
        "users": "Users",
        f"users/{holder.id}": "Kate Holder",
        f"users/{holder.id}/detach": "Detach TRN 7654321 from Kate Holder?",
        "services": "Services",
        f"services/{service.id}": "Register for an NPQ",
        "staff": "Staff",
        "staff/new": "Add somebody to the staff",
        f"staff/{colleague.id}": "Bob Brown",
        "performance": "Performance",
        "audit": "Audit",
        "nowhere": "Page not found",
    }
    for path, heading in areas.items():
        page.goto(f"{site}/support/{path}")
        assert page.h1 == heading, path
        page.shot(f"area-{path.split('/')[0]}-{width}")


def test_setting_up_the_app_is_sound(app: Flask, site: str, page: CheckedPage) -> None:
    newcomer = a_staff_user()
    page.goto(f"{site}/support")
    page.fill("Email address", newcomer.email)
    page.press("Continue")
    page.fill("Code", newest_code(newcomer.email))
    page.press("Continue")
    assert page.h1 == "Set up your authenticator app"
    size = page.raw.locator("img").evaluate("picture => picture.naturalWidth")
    assert size > 100, "the picture is shown: the Content-Security-Policy lets it"
    page.shot("enrol")
