"""Getting into the console: two factors, the same page for everybody, and no way around either."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import event

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, SentCode
from identity_provider.services import staff, staff_enrolment
from identity_provider.services.audit import SYSTEM
from support_console.auth import local_path
from tests.builders import a_staff_user, a_user
from tests.console.agents import (
    Agent,
    an_agent,
    audited,
    member,
    newest_code,
    totp,
    would_be_sent_a_code,
)
from tests.journeys.travel import count_of
from tests.kit.lost_answers import lose_the_answer
from tests.kit.page import Browser, Page

HOME = "Sign in to the support console"


def without_tokens(page: Page) -> str:
    """The page as it would be for anybody: form tokens differ from browser to browser."""
    return re.sub(r'(name="csrf_token" value=)"[0-9a-f]+"', r"\1", page.response.text)


def test_both_factors_lead_in(app: Flask) -> None:
    agent = Agent(app)
    assert agent.get("/support").h1 == HOME
    assert agent.submit(email=agent.member.email.upper()).h1 == "Check your email"
    assert agent.submit(code=newest_code(agent.member.email)).h1 == "Enter the code from your authenticator app"
    assert agent.get("/support/cases").h1 == HOME, "one factor opens nothing"
    agent.get("/support/sign-in/authenticator")
    assert agent.submit(code=totp()).h1 == "Cases"
    assert [each.actor_id for each in audited("staff_signed_in")] == [str(agent.member.id)]


def test_a_second_click_on_the_code_goes_on_to_the_second_factor(app: Flask) -> None:
    agent = Agent(app)
    agent.get("/support/cases")
    agent.submit(email=agent.member.email)
    code = newest_code(agent.member.email)
    lose_the_answer(agent, code=code)
    assert agent.submit(code=code).path == "/support/sign-in/authenticator"
    assert agent.submit(code=totp()).path == "/support/cases"


def test_the_code_many_times_at_once_leads_everybody_to_the_second_factor(app: Flask) -> None:
    agent = Agent(app)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    sent = agent.here.form().values | {"code": [newest_code(agent.member.email)]}
    cookie = agent.client.get_cookie("browser")
    assert cookie is not None

    def post(_: int) -> str | None:
        tab = app.test_client()
        tab.set_cookie("browser", cookie.value)
        with app.app_context():
            return tab.post("/support/sign-in/code", data=sent).headers.get("Location")

    with ThreadPoolExecutor(max_workers=8) as tabs:
        ways = set(tabs.map(post, range(16)))
    assert ways == {"/support/sign-in/authenticator?next=/support"}
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 1
    assert count_of(BrowserSession) == 0


def test_the_page_that_was_asked_for_is_shown_afterwards(app: Flask) -> None:
    agent = Agent(app)
    page = agent.sign_in("/support/cases?assigned=me&age=3")
    assert (page.path, page.query) == ("/support/cases", {"assigned": "me", "age": "3"})


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "/support//evil",
        "/supportive",
        "/connect/authorize",
        "/support/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/support/\u202e",
        "",
    ],
)
def test_nobody_is_led_out_of_the_console(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/support"


def test_a_known_and_an_unknown_address_look_alike(app: Flask) -> None:
    someone, known, unknown = a_user(), Agent(app), Browser(app)
    pages = []
    for browser, address in ((known, known.member.email), (unknown, someone.email)):
        browser.get("/support/sign-in")
        first = browser.submit(email=address)
        wrong = browser.submit(code="12345a")
        pages.append((first.status, without_tokens(first), wrong.status, without_tokens(wrong)))
    assert pages[0] == pages[1]
    assert would_be_sent_a_code(known.member.email)
    assert not would_be_sent_a_code(someone.email)


def test_a_known_and_an_unknown_address_are_the_same_work(app: Flask) -> None:
    known = Agent(app)
    counted: list[list[str]] = []
    for address in (known.member.email, "nobody@example.com"):
        browser, statements = Browser(app), list[str]()
        browser.get("/support/sign-in")

        def note(*execution: Any, into: list[str] = statements) -> None:
            into.append(execution[2])

        event.listen(db.engine, "before_cursor_execute", note)
        browser.submit(email=address)
        event.remove(db.engine, "before_cursor_execute", note)
        counted.append(statements)
    assert counted[0] == counted[1]


def test_no_code_gets_a_stranger_any_further(app: Flask) -> None:
    stranger = Browser(app)
    stranger.get("/support/sign-in")
    stranger.submit(email="nobody@example.com")
    assert stranger.submit(code="000000").status == 422
    assert stranger.get("/support/sign-in/authenticator").h1 == HOME


def test_a_disabled_member_of_staff_is_a_stranger(app: Flask) -> None:
    agent = Agent(app)
    with transaction():
        staff.disable(agent.member, actor=SYSTEM, now=agent.member.created_at)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    assert not would_be_sent_a_code(agent.member.email)


def test_the_half_way_state_stays_in_its_browser(app: Flask) -> None:
    agent, thief = Agent(app), Browser(app)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    agent.submit(code=newest_code(agent.member.email))
    assert thief.get("/support/sign-in/authenticator").h1 == HOME
    assert thief.post("/support/sign-in/authenticator", code=totp()).h1 == HOME


def test_the_first_factor_is_good_for_one_sign_in(app: Flask, clock: ManualClock) -> None:
    agent = an_agent(app)
    agent.submit("Sign out")
    clock.advance(timedelta(seconds=60))
    assert agent.get("/support/sign-in/authenticator").h1 == HOME
    assert agent.post("/support/sign-in/authenticator", code=totp()).h1 == HOME


def test_the_first_factor_lasts_ten_minutes(app: Flask, clock: ManualClock) -> None:
    agent = Agent(app)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    agent.submit(code=newest_code(agent.member.email))
    clock.advance(timedelta(minutes=11))
    assert agent.submit(code=totp()).h1 == HOME


def test_a_code_from_the_app_is_good_once_for_all_browsers(app: Flask) -> None:
    agent = Agent(app)
    agent.sign_in()
    other = Browser(app)
    other.get("/support/sign-in")
    other.submit(email=agent.member.email)
    other.submit(code=newest_code(agent.member.email))
    page = other.submit(code=totp())
    assert (page.status, page.errors) == (
        422,
        ["The code is wrong. Wait for the next one if you have used it already"],
    )


def test_five_wrong_codes_from_the_app_and_one_has_to_wait(app: Flask, clock: ManualClock) -> None:
    agent = Agent(app)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    agent.submit(code=newest_code(agent.member.email))
    for _ in range(5):
        assert agent.submit(code="000000" if totp() != "000000" else "111111").status == 422
    page = agent.submit(code=totp())
    assert (page.status, page.h1) == (429, "Too many tries")
    assert int(page.response.headers["Retry-After"]) > 0
    clock.advance(timedelta(minutes=10))
    assert agent.sign_in().h1 == "Cases"


def test_a_mailbox_is_not_flooded(app: Flask) -> None:
    agent = Agent(app)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    answers = [agent.submit("Send another code").status for _ in range(5)]
    assert answers == [200] * 5
    assert agent.submit("Send another code").status == 429


def test_correcting_a_mistyped_address_and_back_again(app: Flask) -> None:
    agent = Agent(app)
    for address in (agent.member.email, "mistyped@example.com", agent.member.email):
        agent.get("/support/sign-in")
        agent.submit(email=address)
    agent.submit(code=newest_code(agent.member.email))
    assert agent.submit(code=totp()).h1 == "Cases"


def test_the_first_sign_in_sets_up_the_app(app: Flask) -> None:
    newcomer, browser = a_staff_user(), Browser(app)
    with transaction():
        code = staff_enrolment.give_code(newcomer, actor=SYSTEM, now=newcomer.created_at)
    browser.get("/support/sign-in")
    browser.submit(email=newcomer.email)
    browser.submit(code=newest_code(newcomer.email))
    page = browser.submit(code=code)
    assert page.h1 == "Set up your authenticator app"
    assert 'src="data:image/svg+xml' in page.response.text
    found = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page.response.text)
    assert found is not None
    totp_ = pyotp.TOTP(found[1].replace(" ", ""))
    again = browser.get("/support/sign-in/authenticator")
    assert found[1] in again.response.text, "a reload shows the same key"
    moment = int(newcomer.created_at.timestamp())
    assert browser.submit(code=totp_.at(moment)).h1 == "Cases"
    assert member(newcomer.email).totp_confirmed_at is not None


def test_once_set_up_the_key_is_never_shown_again(app: Flask) -> None:
    agent = Agent(app)
    agent.get("/support/sign-in")
    agent.submit(email=agent.member.email)
    page = agent.submit(code=newest_code(agent.member.email))
    assert "<code" not in page.response.text
    assert "data:image" not in page.response.text


@pytest.mark.parametrize(("pause", "still_in"), [(29, True), (31, False)])
def test_half_an_hour_without_a_click_ends_the_session(
    app: Flask, clock: ManualClock, pause: int, still_in: bool
) -> None:
    agent = an_agent(app)
    clock.advance(timedelta(minutes=pause))
    assert (agent.get("/support/cases").h1 == "Cases") is still_in


def test_eight_hours_end_the_session_however_busy(app: Flask, clock: ManualClock) -> None:
    agent = an_agent(app)
    for _ in range(16):
        clock.advance(timedelta(minutes=29))
        assert agent.get("/support/cases").h1 == "Cases"
    clock.advance(timedelta(minutes=29))
    assert agent.get("/support/cases").h1 == HOME


def test_signing_out_ends_the_session_on_the_server(app: Flask) -> None:
    agent = an_agent(app)
    cookie = agent.client.get_cookie("staff_session")
    assert cookie is not None
    agent.submit("Sign out")
    assert agent.get("/support/cases").h1 == HOME
    agent.client.set_cookie("staff_session", cookie.value)
    assert agent.get("/support/cases").h1 == HOME
    db.session.rollback()
    assert db.session.query(BrowserSession).filter(BrowserSession.ended_at.is_(None)).count() == 0


def test_signing_in_gives_the_browser_a_new_secret(app: Flask) -> None:
    agent = Agent(app)
    agent.client.set_cookie("staff_session", "x" * 43)
    agent.sign_in()
    cookie = agent.client.get_cookie("staff_session")
    assert cookie is not None
    assert cookie.value != "x" * 43
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_a_person_who_is_signed_in_is_nobody_in_the_console(app: Flask) -> None:
    agent = an_agent(app)
    cookie = agent.client.get_cookie("staff_session")
    assert cookie is not None
    other = Browser(app)
    other.client.set_cookie("session", cookie.value)
    assert other.get("/support/cases").h1 == HOME


def test_losing_every_role_counts_from_the_next_click(app: Flask) -> None:
    agent = an_agent(app)
    with transaction():
        staff.disable(member(agent.member.email), actor=SYSTEM, now=agent.member.created_at)
    assert agent.get("/support/cases").h1 == HOME


@pytest.mark.parametrize("typed", ["", "x", "a" * 5000 + "@example.com", "a\x00b@example.com", "<script>@example.com"])
def test_whatever_is_typed_as_an_address_is_answered_in_words(app: Flask, typed: str) -> None:
    browser = Browser(app)
    browser.get("/support/sign-in")
    page = browser.submit(email=typed)
    # What no page should meet (a NUL) is refused before the form is read.
    assert (page.status, bool(page.errors)) in {(422, True), (400, False)}
