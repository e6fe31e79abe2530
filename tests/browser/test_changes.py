"""A change in Chromium: evidence is uploaded by a person, and seen, turned and enlarged by a reviewer."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.change_requests import ChangeState
from identity_provider.kit.app import ports
from identity_provider.services import browser_sessions, change_requests, evidence
from tests.browser.test_sign_in_pages import site
from tests.builders import a_staff_user, a_user
from tests.kit.browser import CheckedPage, PageMaker
from tests.kit.changes import PICTURE, a_draft, asked_for

__all__ = ["site"]


def signed_in(page: CheckedPage, site: str, cookie: str, secret: str) -> CheckedPage:
    page.raw.context.add_cookies([{"name": cookie, "value": secret, "url": site}])
    return page


@pytest.mark.parametrize(("scripts", "width"), [(True, 1280), (False, 320)], ids=["desk", "bare"])
def test_evidence_is_sent_and_seen(app: Flask, site: str, open_page: PageMaker, scripts: bool, width: int) -> None:
    user, reviewer = a_user(last_name="Bush"), a_staff_user(StaffRole.REVIEWER)
    a_draft(asked_for("Kate", "Hall"), user)
    with transaction():
        _, theirs = browser_sessions.begin(user, amr=["otp"], now=ports().clock.now())
        _, ours = browser_sessions.begin(reviewer, amr=["otp", "mfa"], now=ports().clock.now())
    person = signed_in(open_page(scripts=scripts, width=width), site, "session", theirs)
    person.goto(f"{site}/account/changes/name/evidence")
    person.raw.set_input_files("#file", {"name": "scan.png", "mimeType": "image/png", "buffer": PICTURE})
    person.press("Upload file")
    person.press("Continue")
    person.press("Send request")
    assert person.h1 == "Request sent"
    [change] = change_requests.sent_by(user)
    file = change.files[0].evidence_id
    # Not by the worker: it wants an event loop, and Playwright holds one.
    evidence.judge(file, ports().evidence_store, ports().scanner, now=ports().clock.now)
    desk = signed_in(open_page(scripts=scripts, width=width), site, "staff_session", ours)
    desk.goto(f"{site}/support/changes/{change.id}")
    assert desk.raw.locator("img.kit-evidence__image").evaluate("image => image.naturalWidth") == 10
    desk.goto(f"{site}/support/changes/{change.id}/files/{file}")
    desk.raw.get_by_text("Turn right").click()
    desk.check()
    assert desk.raw.locator("img.kit-evidence__large--turn-90").count() == 1
    desk.goto(f"{site}/support/changes/{change.id}/approve")
    desk.press("Approve the change")
    desk.check()
    db.session.expire_all()
    with transaction():
        assert change_requests.sent_by(user)[0].state is ChangeState.APPROVED
