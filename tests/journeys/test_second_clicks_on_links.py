"""The code of an emailed link whose answer was lost: the link is used, and leads on only who used it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import Journey, ResumeLink, User
from identity_provider.services import accounts, audit, browser_sessions, resume, sign_in_codes
from tests.builders import a_client, a_user
from tests.console.agents import newest_code
from tests.journeys.test_resume import a_waiting_journey, attached, case_of
from tests.kit.lost_answers import lose_the_answer
from tests.kit.page import Browser

OVER = "This link no longer works"


def at_a_lost_answer(app: Flask, user: User, link: str) -> tuple[Browser, str]:
    """Somebody whose right code used the link, and who has heard nothing of it; and the code."""
    browser = Browser(app)
    browser.get(link)
    browser.submit("Continue")
    code = newest_code(user.email)
    lose_the_answer(browser, code=code)
    return browser, code


def test_a_second_click_leads_on_where_the_answer_to_the_first_was_lost(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client()
    browser, code = at_a_lost_answer(app, user, attached(case_of(user, client, clock), clock))
    page = browser.submit(code=code)
    assert (page.status, page.h1) == (409, "You have already entered this code")
    assert browser.submit("Continue").h1 == "You are signed in"


def test_a_second_click_answers_the_journey_that_the_first_one_finished(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client()
    browser, journey_id = a_waiting_journey(app, user, client, clock)
    browser.get(attached(case_of(user, client, clock), clock))
    browser.submit("Continue")
    code = newest_code(user.email)
    lose_the_answer(browser, code=code)
    browser.submit(code=code)
    browser.submit("Continue")
    request_id = db.session.get_one(Journey, journey_id).authorization_request_id
    assert f"/connect/authorize/{request_id}/answer" in [page.location for page in browser.visited]


def test_a_used_link_leads_nobody_on_but_who_used_it(app: Flask, clock: ManualClock) -> None:
    user = a_user()
    link = attached(case_of(user, a_client(), clock), clock)
    other = Browser(app)
    other.get(link)
    other.submit("Continue")
    clock.advance(timedelta(seconds=5))
    browser, code = at_a_lost_answer(app, user, link)
    assert other.submit(code=code).h1 == OVER
    wrong = str((int(code) + 1) % 1_000_000).zfill(6)
    asked = browser.page
    assert browser.submit(code=wrong).h1 == OVER
    browser.page = asked
    clock.advance(sign_in_codes.REPEATED_WITHIN + timedelta(seconds=1))
    assert browser.submit(code=code).h1 == OVER
    browser.get("/account/sign-in")
    assert browser.post(f"{link}/code/carry-on", proof="00" * 32).h1 == OVER
    assert {each.client.get_cookie("session") for each in (browser, other)} == {None}


def test_of_two_browsers_with_right_codes_only_the_one_that_used_the_link_goes_on(
    app: Flask, clock: ManualClock
) -> None:
    user = a_user()
    path = attached(case_of(user, a_client(), clock), clock)
    slower = Browser(app)
    slower.get(path)
    slower.submit("Continue")
    code, cookie = newest_code(user.email), slower.client.get_cookie("browser")
    clock.advance(timedelta(seconds=5))
    quicker, used = at_a_lost_answer(app, user, path)
    clock.advance(timedelta(seconds=1))
    assert cookie is not None
    with transaction():  # as a request does that found the link unused, and was second to use it
        link = db.session.scalars(select(ResumeLink)).one()
        assert resume.check_code(link, cookie.value, code, now=clock.now())
        assert not resume.use(link, now=clock.now())
    assert slower.submit(code=code).h1 == OVER
    assert quicker.submit(code=used).status == 409


@pytest.mark.parametrize("meanwhile", ["late", "ended", "locked", "elsewhere"])
def test_what_leads_on_from_a_used_link_is_good_only_while_what_it_proved_stands(
    app: Flask, clock: ManualClock, meanwhile: str
) -> None:
    user = a_user()
    browser, code = at_a_lost_answer(app, user, attached(case_of(user, a_client(), clock), clock))
    browser.submit(code=code)
    if meanwhile == "late":
        clock.advance(sign_in_codes.LIFETIME + timedelta(seconds=1))
    elif meanwhile == "elsewhere":
        browser.client.set_cookie("browser", "x" * 43)
    else:
        with transaction():
            held = db.session.get_one(User, user.id)
            if meanwhile == "ended":
                browser_sessions.end_all_of(held, now=clock.now())
            else:
                accounts.lock(held, actor=audit.SYSTEM, reason="Reported", now=clock.now())
    assert browser.submit("Continue").status in {400, 410}
    assert browser.client.get_cookie("session") is None
