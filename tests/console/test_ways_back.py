"""Staff who come to an address that takes forms only, or send a form when their session has ended, find their way."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from tests.console.agents import a_case, an_agent, anew, newest_code, totp
from tests.kit.page import Browser


def test_a_note_sent_after_the_session_has_ended_leads_to_sign_in_and_back_to_the_case(
    app: Flask, clock: ManualClock
) -> None:
    agent, case = an_agent(app), a_case()
    agent.see(case)
    clock.advance(timedelta(hours=9))
    page = agent.submit("Add note", text="Called: 12 Privet Drive")
    assert (page.status, page.h1) == (400, "Sign in again")
    assert "Privet Drive" not in page.response.text
    assert anew(case).notes == []
    agent.click("Sign in")
    agent.submit(email=agent.member.email)
    agent.submit(code=newest_code(agent.member.email))
    assert agent.submit(code=totp()).path == f"/support/cases/{case.id}"


def test_a_form_of_an_earlier_session_leads_to_its_page(app: Flask) -> None:
    agent, case = an_agent(app), a_case()
    page = agent.post(f"/support/cases/{case.id}/notes", text="Called", csrf_token="0" * 64)
    assert (page.status, page.h1) == (400, "This page is out of date")
    assert agent.click("Open the page again").path == f"/support/cases/{case.id}"
    assert anew(case).notes == []


@pytest.mark.parametrize(
    ("asked", "page"),
    [
        ("/support/cases/{case}/notes", "/support/cases/{case}"),
        ("/support/webhooks/{case}/ping", "/support/webhooks/{case}"),
        ("/support/sign-out", "/support"),
    ],
)
def test_opening_what_takes_forms_only_leads_to_the_page_above_it(app: Flask, asked: str, page: str) -> None:
    case = uuid4()
    answer = app.test_client().get(asked.format(case=case))
    assert (answer.status_code, answer.location) == (303, page.format(case=case))


def test_elsewhere_an_address_that_takes_forms_only_says_so(app: Flask) -> None:
    assert Browser(app).get("/account/sign-out").status == 405
    assert Browser(app).post("/support/cases").status in {400, 405}
