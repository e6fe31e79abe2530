"""Picking up where one left off: four situations, and a link that gives nothing away by itself."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.kit import emails
from identity_provider.models import BrowserSession, Client, Journey, OutboxMessage, ResumeLink, SupportTicket, User
from identity_provider.services import (
    case_work,
    journeys,
    support_tickets,
)
from tests.builders import a_client, a_record, a_staff_user, a_user
from tests.console.agents import a_case, newest_code
from tests.journeys.travel import a_request
from tests.kit.page import Browser, Page

SECRET = "b" * 43


def attached(case: SupportTicket, clock: ManualClock) -> str:
    """Attach a TRN and return the path of the link in the email."""
    with transaction():
        case_work.attach_trn(case.id, record=a_record(), staff=a_staff_user(), reason="seen", now=clock.now())
    return link_in("trn_attached", clock)


def link_in(kind: str, clock: ManualClock) -> str:
    """The path of the link in the newest email of a kind."""
    found = re.search(r"http://localhost(/resume/\S+)", newest(kind, clock)[1])
    assert found is not None
    return found[1]


def newest(kind: str, clock: ManualClock) -> tuple[str, str]:
    """Subject and text of the newest email of a kind, as the worker writes it."""
    message = db.session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.created_at.desc()).limit(1)
    ).one()
    written = emails.write(message, now=clock.now())
    assert written is not None
    return written


def confirm(browser: Browser, link: str, user: User) -> Page:
    """Open the link, press Continue, and enter the code that was sent."""
    browser.get(link)
    browser.submit("Continue")
    return browser.submit(code=newest_code(user.email))


def page_of(browser: Browser) -> Page:
    """The page that the browser stands on."""
    assert browser.page is not None
    return browser.page


def a_waiting_journey(app: Flask, user: User, client: Client, clock: ManualClock) -> tuple[Browser, UUID]:
    """A browser that was left on the page that says that the helpdesk will help."""
    browser = Browser(app)
    browser.client.set_cookie("browser", SECRET)
    request = a_request(client)
    with transaction():
        journey = journeys.begin(request, SECRET, clock.now())
        journey.user_id = user.id
        journey.email = user.email
        journey.email_proved_at = journey.submitted_at = clock.now()
    return browser, journey.id


def case_of(user: User, client: Client, clock: ManualClock) -> SupportTicket:
    with transaction():
        return support_tickets.open_case(user, client, None, user.lookup_reason, clock.now())


def sessions_of(user: User) -> int:
    db.session.rollback()
    rows = db.session.scalars(
        select(BrowserSession).where(BrowserSession.user_id == user.id, BrowserSession.ended_at.is_(None))
    )
    return len(rows.all())


def test_in_the_same_browser_a_living_journey_is_answered(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client()
    browser, journey_id = a_waiting_journey(app, user, client, clock)
    link = attached(case_of(user, client, clock), clock)
    journey = db.session.get_one(Journey, journey_id)
    confirm(browser, link, user)
    answer = f"/connect/authorize/{journey.authorization_request_id}/answer"
    assert answer in [page.location for page in browser.visited]
    db.session.rollback()
    assert db.session.get_one(Journey, journey_id, populate_existing=True).completed_at == clock.now()
    assert sessions_of(user) == 1


def test_in_the_same_browser_later_the_service_is_asked_to_begin(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client(initiate_login_uri="https://npq.example.org/begin?from=us")
    browser, _ = a_waiting_journey(app, user, client, clock)
    link = attached(case_of(user, client, clock), clock)
    clock.advance(timedelta(hours=3))
    page = confirm(browser, link, user)
    assert page.location is not None
    address = urlsplit(page.location)
    assert (address.netloc, address.path) == ("npq.example.org", "/begin")
    assert parse_qs(address.query) == {
        "from": ["us"],
        "iss": ["http://localhost"],
        "login_hint": [user.email],
        "target_link_uri": ["https://npq.example.org/"],
    }


def test_on_another_device_the_service_is_asked_to_begin(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client(initiate_login_uri="https://npq.example.org/begin")
    a_waiting_journey(app, user, client, clock)
    page = confirm(Browser(app), attached(case_of(user, client, clock), clock), user)
    assert page.location is not None
    assert page.location.startswith("https://npq.example.org/begin?iss=")


def test_a_service_that_cannot_be_told_to_begin_is_linked_to(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client()
    page = confirm(Browser(app), attached(case_of(user, client, clock), clock), user)
    assert page.h1 == "You are signed in"
    assert page.links["Continue to Register for an NPQ"] == "https://npq.example.org/"


def test_an_address_is_not_sent_where_others_read_along(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client(initiate_login_uri="http://npq.example.org/begin")
    page = confirm(Browser(app), attached(case_of(user, client, clock), clock), user)
    assert page.path == "/resume/done"


def test_a_service_that_demands_a_trn_is_not_answered_without_one(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client(trn_requirement=TrnRequirement.REQUIRED)
    browser, journey_id = a_waiting_journey(app, user, client, clock)
    case = case_of(user, client, clock)
    with transaction():
        case_work.confirm_no_trn(case.id, staff=a_staff_user(), reason="not a teacher", now=clock.now())
    link = link_in("no_trn_confirmed", clock)
    text = newest("no_trn_confirmed", clock)[1]
    assert "Register for an NPQ needs a TRN, so you cannot continue to it. To see what you can do:" in text
    assert "You can continue" not in text
    page = confirm(browser, link, user)
    assert page.path.startswith(f"/sign-in/{journey_id}")
    assert db.session.get_one(Journey, journey_id, populate_existing=True).completed_at is None


def test_a_mail_scanner_that_opens_the_link_changes_nothing(app: Flask, clock: ManualClock) -> None:
    case = a_case()
    link = attached(case, clock)
    posted = len(db.session.scalars(select(OutboxMessage.id)).all())
    for _ in range(3):
        assert Browser(app).get(link).h1 == "Continue to Register for an NPQ"
    db.session.rollback()
    assert len(db.session.scalars(select(OutboxMessage.id)).all()) == posted
    assert db.session.scalars(select(ResumeLink)).one().used_at is None
    assert sessions_of(case.user) == 0


def test_the_page_shows_no_more_of_the_address_than_its_owner_needs(app: Flask, clock: ManualClock) -> None:
    case = a_case(a_user(email="kate.bush@example.com"))
    page = Browser(app).get(attached(case, clock))
    assert "k****@e****.com" in page.text
    assert "kate.bush" not in page.response.text


def test_a_link_is_used_once_and_then_says_so(app: Flask, clock: ManualClock) -> None:
    user, client = a_user(), a_client()
    link = attached(case_of(user, client, clock), clock)
    confirm(Browser(app), link, user)
    page = Browser(app).get(link)
    assert (page.status, page.h1) == (410, "This link no longer works")
    assert "It has been used already" in page.text
    assert page.links["Go to Register for an NPQ"] == "https://npq.example.org/"


def test_a_link_runs_out_after_fourteen_days(app: Flask, clock: ManualClock) -> None:
    link = attached(a_case(), clock)
    clock.advance(timedelta(days=14))
    page = Browser(app).get(link)
    assert page.status == 410
    assert "it is more than 14 days old" in page.text
    assert "Go to Register for an NPQ" in page.links


@pytest.mark.parametrize("token", ["x", "eyJpcyI6e319.AAAA", "%20", "a" * 4000])
def test_a_made_up_link_leads_nowhere(app: Flask, token: str) -> None:
    assert Browser(app).get(f"/resume/{token}").status in {400, 404, 410}


def test_a_wrong_code_signs_nobody_in(app: Flask, clock: ManualClock) -> None:
    case = a_case()
    link, browser = attached(case, clock), Browser(app)
    browser.get(link)
    page = browser.submit("Continue")
    for _ in range(5):
        assert "A wrong code was entered too many times" not in page_of(browser).text
        page = browser.submit(code="000000" if newest_code(case.user.email) != "000000" else "111111")
        assert page.status == 422
    assert "A wrong code was entered too many times. You need a new code." in page.text
    assert page.errors == []
    assert browser.post(f"{link}/code", code=newest_code(case.user.email)).status == 422
    assert sessions_of(case.user) == 0
    assert "A wrong code was entered too many times" in browser.get(f"{link}/code").text
    clock.advance(timedelta(minutes=1))
    browser.submit("Send a new code")
    assert page_of(browser).links["Back"] == link
    browser.submit(code=newest_code(case.user.email))
    assert sessions_of(case.user) == 1


def test_too_many_tries_are_answered_with_minutes_and_a_way_back(app: Flask, clock: ManualClock) -> None:
    case = a_case()
    link, browser = attached(case, clock), Browser(app)
    page = browser.get(link)
    for _ in range(30):
        if page.status == 429:
            break
        browser.get(link)
        page = browser.submit("Continue")
    assert (page.status, page.h1) == (429, "You have tried too many times")
    assert "minute" in page.text or "hours" in page.text
    assert int(page.response.headers["Retry-After"]) > 0
    assert browser.click("Go back").path == link


def test_a_code_that_was_asked_for_in_another_browser_is_refused(app: Flask, clock: ManualClock) -> None:
    case = a_case()
    link, mine, other = attached(case, clock), Browser(app), Browser(app)
    mine.get(link)
    mine.submit("Continue")
    code = newest_code(case.user.email)
    other.get(link)
    assert other.get(f"{link}/code").path == link
    assert "A code works only in the browser and on the device where you asked for it" in page_of(other).text
    assert other.post(f"{link}/code", code=code).status == 422
    assert sessions_of(case.user) == 0


def test_a_decision_that_is_taken_back_closes_the_link(app: Flask, clock: ManualClock) -> None:
    case = a_case()
    link = attached(case, clock)
    with transaction():
        case_work.undo(case.id, staff=a_staff_user(), reason="wrong person", now=clock.now())
    page = Browser(app).get(link)
    assert (page.status, page.h1) == (410, "This link no longer works")
    assert "What we told you in that email was not right, so we have undone it and closed this link." in page.text
    assert "used already" not in page.text
    clock.advance(timedelta(days=15))
    assert "closed this link" in Browser(app).get(link).text, "and whenever it is opened"


def test_a_form_of_another_site_is_refused(app: Flask, clock: ManualClock) -> None:
    link = attached(a_case(), clock)
    assert Browser(app).post(link, token=False).status == 400


def test_the_code_page_lets_the_form_end_at_the_service(app: Flask, clock: ManualClock) -> None:
    browser, link = Browser(app), attached(a_case(), clock)
    browser.get(link)
    page = browser.submit("Continue")
    assert "form-action 'self' https://npq.example.org" in page.response.headers["Content-Security-Policy"]


def test_the_emails_say_what_happened_and_what_to_do(app: Flask, clock: ManualClock) -> None:
    """No email holds a code or a TRN, and each says what to do if it was not them."""
    told = {}
    for kind in ("trn_attached", "no_trn_confirmed", "looking_again"):
        case = a_case()
        with transaction():
            agent = a_staff_user()
            if kind == "trn_attached":
                case_work.attach_trn(case.id, record=a_record("7654321"), staff=agent, reason="seen", now=clock.now())
            else:
                case_work.confirm_no_trn(case.id, staff=agent, reason="seen", now=clock.now())
            if kind == "looking_again":
                case_work.undo(case.id, staff=agent, reason="Wrong", now=clock.now())
        message = db.session.scalars(
            select(OutboxMessage).where(OutboxMessage.kind == kind, OutboxMessage.recipient == case.user.email)
        ).one()
        written = emails.write(message, now=clock.now())
        assert written is not None
        assert case.reference in written[1]
        assert "7654321" not in written[1]
        told[written[0]] = written[1]
    assert list(told) == [
        "We have found your teaching record",
        "You do not have a teacher reference number",
        "We are looking for your teaching record again",
    ]
    assert all("identity.help@example.org" in text for text in told.values())
    assert all("tell us at identity.help@example.org" in text for text in told.values())
    assert "ignore this email" not in told["You do not have a teacher reference number"]
    assert "If this was not you" in told["We are looking for your teaching record again"]
    assert all("{" not in text for text in told.values())


def test_an_email_whose_link_was_withdrawn_meanwhile_is_not_sent(app: Flask, clock: ManualClock) -> None:
    case = a_case()
    attached(case, clock)
    with transaction():
        case_work.undo(case.id, staff=a_staff_user(), reason="Wrong", now=clock.now())
    message = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "trn_attached")).one()
    assert emails.write(message, now=clock.now()) is None
