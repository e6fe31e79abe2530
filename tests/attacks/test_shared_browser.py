"""Two people at one browser: what the first left half filled is neither shown to the second nor sent as theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.kit.app import ports
from identity_provider.models import CaseNote, User
from identity_provider.services import browser_sessions
from tests.builders import a_user
from tests.console.agents import a_case, an_agent
from tests.journeys.travel import EMAIL, Traveller, count_of
from tests.kit.page import CSRF, Browser

OTHER = "other@example.com"
RUN_OUT = browser_sessions.PERSON.idle + timedelta(minutes=1)


def sign_in_as(browser: Browser, person: User) -> None:
    with transaction():
        _, secret = browser_sessions.begin(person, amr=["otp"], now=ports().clock.now())
    browser.client.set_cookie("session", secret)


def come_from_a_service(first: Traveller, email: str) -> Traveller:
    """Somebody else at the browser of the first signs in to a service."""
    second = Traveller(first.app, first.secret)
    second.client = first.client
    second.set_out()
    second.prove(email)
    return second


def test_a_form_of_an_account_whose_session_ran_out_is_not_the_next_person_s(app: Flask, clock: ManualClock) -> None:
    first, second = a_user(email=EMAIL), a_user(email=OTHER, preferred_name="Bea")
    browser, second_id = Browser(app), second.id
    sign_in_as(browser, first)
    left = browser.get("/account/preferred-name").form().values[CSRF][0]
    clock.advance(RUN_OUT)
    sign_in_as(browser, second)
    page = browser.post("/account/preferred-name", token=False, csrf_token=left, choice="other", other="Half typed")
    assert (page.status, "Half typed" in page.text) == (400, False)
    assert "Half typed" not in browser.get("/account/preferred-name").response.text
    db.session.rollback()
    assert db.session.get_one(User, second_id, populate_existing=True).preferred_name == "Bea"


def test_a_form_of_a_colleague_whose_session_ran_out_is_not_the_next_one_s(app: Flask, clock: ManualClock) -> None:
    first, case = an_agent(app, StaffRole.AGENT), a_case()
    left = first.see(case).form("Add note").values[CSRF][0]
    clock.advance(browser_sessions.STAFF.idle + timedelta(minutes=1))
    second = an_agent(app, StaffRole.AGENT)
    cookie = second.client.get_cookie("staff_session")
    assert cookie is not None
    first.client.set_cookie("staff_session", cookie.value)
    page = first.post(f"/support/cases/{case.id}/notes", token=False, csrf_token=left, text="Half typed")
    assert (page.status, "Half typed" in page.text) == (400, False)
    assert count_of(CaseNote) == 0


@pytest.mark.parametrize("known", [True, False])
def test_a_journey_of_somebody_whose_session_ran_out_is_closed_to_the_next_person(
    app: Flask, clock: ManualClock, known: bool
) -> None:
    if known:
        a_user(email=EMAIL)
    a_user(email=OTHER, trn="1234567")
    first = Traveller(app)
    first.set_out()
    first.prove()
    if not known:
        first.submit(first_name="Katherine", last_name="Secretive")
    left = first.here.path
    clock.advance(RUN_OUT)
    come_from_a_service(first, OTHER)
    page = first.get(left)
    assert page.status == 410
    assert all(words not in page.response.text for words in ("Secretive", EMAIL))
    assert first.post(left, has="no").status in {400, 410}


def test_one_s_own_journey_in_another_tab_goes_on(app: Flask, clock: ManualClock) -> None:
    """Somebody new is on their way to two services, and has the account since the first one."""
    first = Traveller(app)
    first.set_out()
    first.prove()
    left = first.here.path
    clock.advance(RUN_OUT)
    come_from_a_service(first, EMAIL)
    assert first.get(left).path == left


def test_a_journey_in_which_nobody_proved_anything_goes_on(app: Flask) -> None:
    a_user(email=OTHER, trn="1234567")
    first = Traveller(app)
    first.set_out()
    first.submit(email=EMAIL)
    come_from_a_service(first, OTHER)
    assert first.get(first.step("code")).path == first.step("code")
