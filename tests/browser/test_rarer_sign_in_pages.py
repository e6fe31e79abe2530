"""The rarer pages of a sign-in in Chromium, each checked by axe: nothing found, other accounts, errors, limits."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from tests.browser.test_sign_in_pages import answer, arrive, choose, site
from tests.builders import a_record, a_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, newest_code
from tests.kit.browser import CheckedPage, PageMaker

__all__ = ["site"]

OLD = "kb@oldschool.example.com"


def prove(page: CheckedPage, email: str = EMAIL) -> None:
    answer(page, "email", email)
    page.press("Continue")
    answer(page, "code", newest_code(email))
    page.press("Continue")


def say_who(page: CheckedPage) -> None:
    answer(page, "first_name", "Kate")
    answer(page, "last_name", "Bush")
    page.press("Continue")
    choose(page, "changed", "no")
    page.press("Continue")
    choose(page, "choice", "short")
    page.press("Continue")
    for part, text in (("day", "4"), ("month", "3"), ("year", "1985")):
        answer(page, f"date_of_birth-{part}", text)
    page.press("Continue")


def test_nothing_is_found_and_the_helpdesk_takes_over(
    app: Flask, site: str, register: MemoryRegister, open_page: PageMaker
) -> None:
    register.records = [a_stranger()]
    page = open_page(width=320)
    arrive(page, site)
    prove(page, "office@example.com")
    assert page.h1 == "Your email address may be shared"
    choose(page, "choice", "keep")
    page.press("Continue")
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    say_who(page)
    choose(page, "has", "yes")
    answer(page, "number", "nonsense")
    page.press("Continue")
    assert page.raw.title().startswith("Error: ")
    choose(page, "has", "no")
    page.press("Continue")
    choose(page, "has", "yes")
    answer(page, "number", "1111111")
    page.press("Continue")
    choose(page, "has_qts", "yes")
    page.press("Continue")
    answer(page, "training_provider", "Example College")
    page.press("Continue")
    page.press("Confirm and continue")
    assert page.h1 == "We could not find your teaching record"
    page.press("Continue without changing anything")
    assert page.h1 == "We have not found your teaching record yet"


def test_two_accounts_become_one(app: Flask, site: str, register: MemoryRegister, open_page: PageMaker) -> None:
    register.records = [a_record()]
    a_user(email=OLD, first_name="Catherine", last_name="Bush", trn="1234567")
    page = open_page()
    arrive(page, site)
    prove(page)
    say_who(page)
    choose(page, "has", "yes")
    answer(page, "number", "AB123456C")
    page.press("Continue")
    page.press("Confirm and continue")
    assert page.h1 == "Your teaching record is linked to another email address"
    answer(page, "code", newest_code(OLD))
    page.press("Continue")
    assert page.h1 == "Which email address do you want to use?"
    page.choose(EMAIL)
    page.press("Continue")
    assert page.h1 == "We found your teaching record"


def test_an_account_that_may_be_theirs_is_offered(
    app: Flask, site: str, register: MemoryRegister, open_page: PageMaker
) -> None:
    register.records = [a_stranger()]
    a_user(email=OLD, last_name="Bush")
    page = open_page()
    arrive(page, site)
    prove(page)
    say_who(page)
    assert page.h1 == "You may already have an account"
    choose(page, "mine", "yes")
    page.press("Continue")
    assert page.h1 == "Check your other email address"


def test_a_silent_register_and_a_journey_that_ran_out(
    app: Flask, site: str, register: MemoryRegister, open_page: PageMaker, clock: ManualClock
) -> None:
    register.down = True
    page = open_page()
    arrive(page, site)
    prove(page)
    say_who(page)
    choose(page, "has", "no")
    page.press("Continue")
    choose(page, "has", "unknown")
    page.press("Continue")
    choose(page, "has_qts", "no")
    page.press("Continue")
    page.press("Confirm and continue")
    assert page.h1 == "We could not check your teaching record just now"
    clock.advance(timedelta(hours=2))
    page.raw.reload()
    page.raw.wait_for_load_state("load")
    assert page.h1 == "You have been away for too long"
