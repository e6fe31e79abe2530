"""A code of one's own account whose answer was lost: the second click goes on, in the same browser and for a while."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, RateCounter, SentCode, User
from identity_provider.services import accounts, audit, browser_sessions, sign_in_codes
from tests.builders import a_user
from tests.journeys.contacts import NEW, NUMBER, code_for
from tests.journeys.travel import EMAIL, codes_sent_to, count_of, newest_code, user_at, wrong_code
from tests.kit.lost_answers import lose_the_answer
from tests.kit.owners import Owner
from tests.kit.page import Browser, Page

USED = "You have already entered this code"


def at_the_code(app: Flask, way: str = "/account/services") -> Browser:
    """Kate, who asked for a page of her account and was sent a code."""
    a_user(email=EMAIL)
    browser = Browser(app)
    browser.get(way)
    browser.submit(email=EMAIL)
    return browser


def offers_to_go_on(page: Page) -> bool:
    return any("proof" in form.names for form in page.forms)


def test_a_second_click_leads_to_the_page_that_was_asked_for(app: Flask) -> None:
    kate = at_the_code(app)
    code = newest_code(EMAIL)
    lose_the_answer(kate, code=code)
    page = kate.submit(code=code)
    assert (page.status, page.h1) == (409, USED)
    assert kate.submit("Continue").path == "/account/services"
    assert codes_sent_to(EMAIL) == 1
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 1
    assert set(db.session.scalars(text("SELECT count FROM rate_counters WHERE key LIKE 'guesses%'"))) == {0}


def test_who_has_the_session_already_goes_straight_on(app: Flask) -> None:
    """The first answer came, and the second click was on its way: its form was given before there was a session."""
    kate = at_the_code(app)
    asked = kate.page
    code = newest_code(EMAIL)
    kate.submit(code=code)
    kate.page = asked
    assert kate.submit(code=code).path == "/account/services"
    assert count_of(BrowserSession) == 1


def test_the_button_that_goes_on_may_be_pressed_twice_as_well(app: Flask) -> None:
    kate = at_the_code(app)
    code = newest_code(EMAIL)
    lose_the_answer(kate, code=code)
    kate.submit(code=code)
    lose_the_answer(kate)
    offer = kate.page
    assert kate.submit("Continue").path == "/account/services"
    kate.page = offer
    assert kate.submit("Continue").path == "/account/services"


def test_another_code_than_the_accepted_one_opens_nothing_and_is_counted(app: Flask) -> None:
    kate = at_the_code(app)
    wrong, code = wrong_code(EMAIL), newest_code(EMAIL)
    lose_the_answer(kate, code=code)
    form = kate.page
    for _ in range(4):
        assert not offers_to_go_on(kate.submit(code=wrong))
        kate.page = form
    # Five tries are all there are: a right guess after them opens nothing.
    assert not offers_to_go_on(kate.submit(code=code))
    assert kate.post("/account/sign-in/code/carry-on", proof="00" * 32).path == "/account/sign-in"
    assert kate.client.get_cookie("session") is None
    counted = db.session.query(RateCounter).filter(RateCounter.key.startswith("guesses_")).all()
    assert [each.count for each in counted] == [5, 5, 5]


def test_another_browser_goes_on_by_nothing(app: Flask) -> None:
    kate, other = at_the_code(app), Browser(app)
    code = newest_code(EMAIL)
    lose_the_answer(kate, code=code)
    kate.submit(code=code)
    proof = kate.page.form().values["proof"][0] if kate.page else ""
    other.get("/account/sign-in")
    assert other.post("/account/sign-in/code/carry-on", proof=proof).path == "/account/sign-in"
    other.get("/account/sign-in")
    other.submit(email="nobody@example.com")
    assert not offers_to_go_on(other.submit(code=code))
    assert other.client.get_cookie("session") is None


def test_a_code_sent_again_much_later_opens_nothing(app: Flask, clock: ManualClock) -> None:
    kate = at_the_code(app)
    code = newest_code(EMAIL)
    lose_the_answer(kate, code=code)
    clock.advance(sign_in_codes.REPEATED_WITHIN + timedelta(seconds=1))
    assert kate.submit(code=code).path == "/account/sign-in"


def later(kate: Browser, clock: ManualClock) -> None:
    clock.advance(sign_in_codes.LIFETIME + timedelta(seconds=1))


def ended_elsewhere(kate: Browser, clock: ManualClock) -> None:
    with transaction():
        browser_sessions.end_all_of(user_at(EMAIL), now=clock.now())


def locked(kate: Browser, clock: ManualClock) -> None:
    with transaction():
        accounts.lock(user_at(EMAIL), actor=audit.SYSTEM, reason="Reported", now=clock.now())


def signed_out_here(kate: Browser, clock: ManualClock) -> None:
    """And still signed in somewhere else, since a moment later than here."""
    offer = kate.page
    with transaction():
        browser_sessions.begin(user_at(EMAIL), amr=["otp"], now=clock.now())
    kate.post("/account/sign-out")
    kate.page = offer


def begun_with_another_address(kate: Browser, clock: ManualClock) -> None:
    offer = kate.page
    kate.get("/account/sign-in")
    kate.submit(email="somebody.else@example.com")
    kate.page = offer


@pytest.mark.parametrize("meanwhile", [later, ended_elsewhere, locked, signed_out_here, begun_with_another_address])
def test_what_lets_an_owner_go_on_is_good_only_while_what_it_proved_stands(
    app: Flask, clock: ManualClock, meanwhile: Callable[[Browser, ManualClock], None]
) -> None:
    kate = at_the_code(app)
    code = newest_code(EMAIL)
    lose_the_answer(kate, code=code)
    assert offers_to_go_on(kate.submit(code=code))
    meanwhile(kate, clock)
    assert kate.submit("Continue").path == "/account/sign-in"
    assert kate.client.get_cookie("session") is None


def test_the_right_code_32_times_at_once_lets_an_owner_in_once(app: Flask) -> None:
    kate = at_the_code(app)
    user_id, code = user_at(EMAIL).id, newest_code(EMAIL)
    with transaction():
        db.session.execute(text("DELETE FROM rate_counters"))
    cookie = kate.client.get_cookie("browser")
    assert cookie is not None
    assert kate.page is not None
    token = kate.page.form().values["csrf_token"][0]

    def post(_: int) -> tuple[int, str | None]:
        tab = app.test_client()
        tab.set_cookie("browser", cookie.value)
        with app.app_context():
            answer = tab.post("/account/sign-in/code", data={"csrf_token": token, "code": code})
        return answer.status_code, answer.headers.get("Location")

    with ThreadPoolExecutor(max_workers=8) as tabs:
        answers = Counter(tabs.map(post, range(32)))
    assert answers[303, "/account"] == 1
    # Whoever came too late is told so, as often as there are tries; nobody is let in.
    assert {status for status, _ in answers} <= {303, 409, 422, 429}
    assert answers[409, None] == 4
    assert count_of(BrowserSession, BrowserSession.user_id == user_id) == 1


@pytest.mark.parametrize("way", ["prove-again", "email", "mobile"])
def test_the_right_code_four_times_at_once_is_wrong_to_nobody(app: Flask, way: str) -> None:
    owner = Owner(app, ago=timedelta(minutes=20 if way == "prove-again" else 0), email=EMAIL)
    owner.get(f"/account/{'email' if way == 'prove-again' else way}")
    to = {"prove-again": EMAIL, "email": NEW, "mobile": NUMBER}[way]
    owner.submit(**({} if way == "prove-again" else {way: to}))
    assert owner.page is not None
    sent = owner.page.form().values | {"code": [newest_code(EMAIL) if to == EMAIL else code_for(to)]}
    cookies = {name: owner.client.get_cookie(name) for name in ("browser", "session")}

    def post(_: int) -> int:
        tab = app.test_client()
        for name, cookie in cookies.items():
            assert cookie is not None
            tab.set_cookie(name, cookie.value)
        with app.app_context():
            return tab.post(f"/account/{way}/code", data=sent).status_code

    with ThreadPoolExecutor(max_workers=4) as tabs:
        assert Counter(tabs.map(post, range(4))) == {303: 1, 409: 3}
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 1
    assert count_of(BrowserSession) == 1


@pytest.fixture
def owner(app: Flask) -> Owner:
    """Kate, who signed in a while ago."""
    return Owner(app, ago=timedelta(minutes=20), email=EMAIL)


def test_who_proves_again_that_it_is_them_is_not_signed_out_by_a_lost_answer(owner: Owner) -> None:
    owner.get("/account/email")
    owner.submit("Send a code")
    code = newest_code(EMAIL)
    lose_the_answer(owner, code=code)
    assert owner.submit(code=code).h1 == USED
    page = owner.submit("Continue")
    assert (page.path, page.h1) == ("/account/email", "What is your new email address?")


def test_who_has_proved_again_is_not_asked_once_more_by_a_second_click(owner: Owner) -> None:
    owner.get("/account/email")
    owner.submit("Send a code")
    asked, code = owner.page, newest_code(EMAIL)
    owner.submit(code=code)
    owner.page = asked
    assert owner.submit(code=code).path == "/account/email"


def test_a_new_address_is_taken_though_the_answer_was_lost(app: Flask) -> None:
    owner = Owner(app, email=EMAIL)
    owner.get("/account/email")
    owner.submit(email=NEW)
    code = code_for(NEW)
    lose_the_answer(owner, code=code)
    assert owner.submit(code=code).h1 == USED
    page = owner.submit("Continue")
    assert (page.path, NEW in page.text) == ("/account", True)


def test_a_new_number_is_taken_though_the_answer_was_lost(app: Flask) -> None:
    owner = Owner(app, email=EMAIL)
    owner.get("/account/mobile")
    owner.submit(mobile=NUMBER)
    code = code_for(NUMBER)
    lose_the_answer(owner, code=code)
    assert owner.submit(code=code).h1 == USED
    assert owner.submit("Continue").path == "/account"
    assert count_of(BrowserSession) == 1


def test_a_code_by_text_message_signs_nobody_in(app: Flask) -> None:
    owner = Owner(app, email=EMAIL)
    owner.get("/account/mobile")
    owner.submit(mobile=NUMBER)
    code = code_for(NUMBER)
    lose_the_answer(owner, code=code)
    owner.submit(code=code)
    owner.client.delete_cookie("session")
    assert owner.submit("Continue").path == "/account/sign-in"


def test_whoever_comes_next_in_the_browser_learns_nothing_of_a_code_before(app: Flask) -> None:
    owner = Owner(app, email=EMAIL)
    owner.get("/account/email")
    owner.submit(email=NEW)
    code = code_for(NEW)
    owner.submit(code=code)
    owner.get("/account")
    owner.submit("Sign out")
    assert owner.post("/account/email/code", code=code).path == "/account/sign-in"
    assert db.session.get_one(User, owner.person.id, populate_existing=True).email == NEW
