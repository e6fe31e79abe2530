"""Proving an address: nobody learns whether it is known, nobody guesses, and nobody is stuck."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import BrowserSession, CodeChallenge, SentCode, User
from identity_provider.services import accounts, audit, browser_sessions, rate_limits, sign_in_codes
from tests.builders import a_user
from tests.journeys.travel import EMAIL, Traveller, codes_sent_to, count_of, newest_code, wrong_code
from tests.kit.lost_answers import lose_the_answer


def as_seen(html: str) -> str:
    """The page without what differs from one journey to the next."""
    return re.sub(r"[0-9a-f]{64}|[0-9a-f-]{36}|[a-z]+@example\.com|value=\"[0-9]{6}\"", "", html)


def test_a_known_and_an_unknown_address_look_the_same(app: Flask) -> None:
    a_user(email="known@example.com")
    seen = []
    for number, address in enumerate(["known@example.com", "unknown@example.com"]):
        person = Traveller(app, secret=f"{number}" * 43)
        person.set_out()
        page = person.submit(email=address)
        refused = person.submit(code=wrong_code(address))
        seen.append((page.status, as_seen(page.response.text), refused.status, as_seen(refused.response.text)))
    assert seen[0][1].splitlines() == seen[1][1].splitlines()
    assert seen[0] == seen[1]


def test_a_wrong_code_is_refused_and_the_try_is_kept(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    page = person.submit(code=wrong_code(EMAIL))
    assert (page.status, page.errors) == (422, ["The code you entered is not correct or can no longer be used"])
    assert db.session.scalar(select(CodeChallenge.tries_left)) == 4
    assert person.submit(code=newest_code(EMAIL)).h1 == "What is your name?"


def test_a_code_is_read_as_people_type_it(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=" Kate@Example.com ")
    code = newest_code(EMAIL)
    assert person.submit(code=f" {code[:3]} - {code[3:]} ").h1 == "What is your name?"


def test_after_five_wrong_codes_a_new_one_is_needed(app: Flask, clock: ManualClock) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    right = newest_code(EMAIL)
    for _ in range(4):
        person.submit(code=wrong_code(EMAIL))
    page = person.submit(code=wrong_code(EMAIL))
    assert "A wrong code was entered too many times" in page.text
    refused = person.post(person.step("code"), code=right)
    assert refused.status == 422
    assert person.journey.email_proved_at is None
    clock.advance(timedelta(seconds=5))
    person.get(person.step("code"))
    person.submit("Send a new code")
    assert person.submit(code=newest_code(EMAIL)).h1 == "What is your name?"


def test_a_code_runs_out_and_the_page_offers_another(app: Flask, clock: ManualClock) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    old = newest_code(EMAIL)
    clock.advance(timedelta(minutes=10))
    page = person.get(person.step("code"))
    assert "You need a new code" in page.text
    assert person.post(person.step("code"), code=old).status == 422
    person.get(person.step("code"))
    person.submit("Send a new code")
    assert person.submit(code=newest_code(EMAIL)).h1 == "What is your name?"


def test_an_earlier_code_stays_good_when_another_is_sent(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    first = newest_code(EMAIL)
    assert person.submit("Send another code").h1 == "Check your email"
    assert codes_sent_to(EMAIL) == 2
    assert person.submit(code=first).h1 == "What is your name?"


def test_the_address_can_be_changed_before_it_is_proved(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email="typo@example.com")
    person.click("Use a different email address")
    person.submit(email=EMAIL)
    assert person.post(person.step("code"), code=newest_code("typo@example.com")).status == 422
    person.get(person.step("code"))
    assert person.submit(code=newest_code(EMAIL)).h1 == "What is your name?"
    assert person.journey.email == EMAIL


def test_too_many_codes_for_an_address_are_refused_in_words(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    for _ in range(rate_limits.CODES_PER_ADDRESS.count - 1):
        person.submit("Send another code")
    page = person.submit("Send another code")
    assert (page.status, page.h1) == (429, "You have tried too many times")
    assert int(page.response.headers["Retry-After"]) > 0
    assert "minute" in page.text
    assert person.click("Go back to signing in").path == person.step("code")


def test_right_codes_are_not_held_against_a_school_behind_one_address(app: Flask) -> None:
    for number in range(2):
        person = Traveller(app)
        person.set_out()
        person.prove(f"teacher{number}@example.com")
    assert set(db.session.scalars(text("SELECT count FROM rate_counters WHERE key LIKE 'guesses%'"))) == {0}


def test_64_guesses_at_once_are_evaluated_five_times(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    guesses = [str(number).zfill(6) for number in range(64) if str(number).zfill(6) != newest_code(EMAIL)]
    statuses = at_once(app, person, guesses)
    assert set(statuses) <= {422, 429}
    assert db.session.scalar(select(CodeChallenge.tries_left)) == 0
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 0


def test_the_right_code_32_times_at_once_signs_in_once(app: Flask) -> None:
    user = a_user(email=EMAIL)
    user_id = user.id
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    with transaction():
        db.session.execute(text("DELETE FROM rate_counters"))
    statuses = at_once(app, person, [newest_code(EMAIL)] * 32)
    assert Counter(statuses)[303] == 1
    assert set(statuses) <= {303, 409, 422, 429}
    assert count_of(BrowserSession, BrowserSession.user_id == user_id) == 1


def test_a_second_click_on_a_right_code_is_told_so_and_led_on(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    code = newest_code(EMAIL)
    again = person.step("code")
    person.submit(code=code)
    assert person.post(again, code=code).h1 == "What is your name?"
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 1


def lose_the_right_one(person: Traveller) -> str:
    """Enter the right code in a click whose answer never comes back to the browser; the code, and the page stays."""
    code = newest_code(EMAIL)
    lose_the_answer(person, code=code)
    return code


def test_a_second_click_goes_on_where_the_answer_to_the_first_was_lost(app: Flask) -> None:
    user = a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    code = lose_the_right_one(person)
    page = person.submit(code=code)
    assert (page.status, page.h1) == (409, "You have already entered this code")
    assert person.submit("Continue").path == person.answer_path
    assert codes_sent_to(EMAIL) == 1
    assert count_of(SentCode, SentCode.used_at.is_not(None)) == 1
    assert person.client.get_cookie("session") is not None
    assert count_of(BrowserSession, BrowserSession.user_id == user.id) == 2


def test_who_proves_themselves_once_more_goes_on_where_the_answer_was_lost(app: Flask, clock: ManualClock) -> None:
    """There was a session; the first click gave it another secret, so that the second one comes without any."""
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.prove()
    clock.advance(timedelta(minutes=5))
    person.set_out(max_age=60)
    person.submit(email=EMAIL)
    code = lose_the_right_one(person)
    page = person.submit(code=code)
    assert (page.status, page.h1) == (409, "You have already entered this code")
    assert person.submit("Continue").path == person.answer_path


def test_a_second_click_that_was_on_its_way_when_the_session_came_is_led_on(app: Flask) -> None:
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    asked, code = person.here, newest_code(EMAIL)
    person.submit(code=code)
    person.page = asked
    assert person.submit(code=code).path == person.answer_path


def test_nobody_goes_on_by_another_code_than_the_one_accepted(app: Flask) -> None:
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    wrong = wrong_code(EMAIL)
    code = lose_the_right_one(person)
    form = person.here
    for _ in range(4):
        assert person.submit(code=wrong).h1 == "You have already entered this code"
        assert not person.here.forms or "proof" not in person.here.form().names
        person.page = form
    # Five tries are all there are: a right guess after them opens nothing.
    assert "proof" not in {name for each in person.submit(code=code).forms for name in each.names}
    person.get(person.step("code"))
    assert person.post(person.step("code/carry-on"), proof="00" * 32).path == person.step("code")
    assert person.client.get_cookie("session") is None


def test_a_code_sent_again_much_later_opens_nothing(app: Flask, clock: ManualClock) -> None:
    a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    code = lose_the_right_one(person)
    clock.advance(sign_in_codes.REPEATED_WITHIN + timedelta(seconds=1))
    person.submit(code=code)
    assert person.click("Continue").path == person.step("code")


@pytest.mark.parametrize("meanwhile", ["late", "signed_out", "back_at_service", "locked", "elsewhere"])
def test_what_lets_a_second_click_go_on_is_good_only_while_what_it_proved_stands(
    app: Flask, clock: ManualClock, meanwhile: str
) -> None:
    user = a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    code = lose_the_right_one(person)
    person.submit(code=code)
    if meanwhile == "late":
        clock.advance(sign_in_codes.LIFETIME + timedelta(seconds=1))
    elif meanwhile == "signed_out":
        with transaction():
            browser_sessions.end_all_of(db.session.get_one(User, user.id), now=clock.now())
    elif meanwhile == "back_at_service":
        with transaction():
            person.journey.authorization_request.answered_at = clock.now()
    elif meanwhile == "locked":
        with transaction():
            accounts.lock(db.session.get_one(User, user.id), actor=audit.SYSTEM, reason="Reported", now=clock.now())
    else:
        person.client.set_cookie("browser", "x" * 43)
    person.submit("Continue")
    assert person.client.get_cookie("session") is None


def test_a_locked_account_is_not_signed_in_to(app: Flask, clock: ManualClock) -> None:
    a_user(email=EMAIL, locked_at=clock.now())
    person = Traveller(app)
    person.set_out()
    page = person.prove()
    assert (page.status, page.h1) == (403, "You cannot sign in with this email address")
    assert count_of(BrowserSession) == 0


def test_a_shared_mailbox_is_warned_of_and_may_be_kept_or_changed(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    assert person.prove("office@example.com").h1 == "Your email address may be shared"
    assert person.submit(choice="another").h1 == "What is your email address?"
    assert person.prove("headteacher2@example.com").h1 == "Your email address may be shared"
    assert person.submit(choice="keep").h1 == "What is your name?"


def test_a_known_person_at_a_shared_mailbox_is_not_warned(app: Flask) -> None:
    a_user(email="office@example.com", trn="1234567")
    person = Traveller(app)
    person.set_out()
    assert person.prove("office@example.com").path == person.answer_path


def test_no_address_is_known_before_it_is_proved(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    for step in ("name", "check-answers", "outcome", "no-match", "trn-in-use", "choose-email"):
        assert person.get(person.step(step)).path == person.step("code")
    assert count_of(User) == 0
    assert db.session.scalar(select(func.count()).select_from(BrowserSession)) == 0


def at_once(app: Flask, person: Traveller, codes: list[str]) -> list[int]:
    """Post these codes from as many tabs of one browser, at the same moment."""
    token = person.here.form().values["csrf_token"][0]
    address = person.step("code")

    def post(code: str) -> int:
        tab = app.test_client()
        tab.set_cookie("browser", person.secret)
        with app.app_context():
            return tab.post(address, data={"csrf_token": token, "code": code}).status_code

    with ThreadPoolExecutor(max_workers=8) as tabs:
        return list(tabs.map(post, codes))
