"""Back, refresh, double clicks, other tabs, other browsers, an hour at the door, and whatever people type."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db
from identity_provider.models import Journey, Lookup, SupportTicket, User
from tests.builders import a_client, a_record
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import BORN, EMAIL, Traveller, codes_sent_to, count_of, newest_code, user_at

NAUGHTY = [
    "\x00",
    "a\x00b",
    "\u202eevil\u202c",
    "<script>alert(1)</script>",
    "{7*7} ${7*7}",
    "%s%n%d",
    "'; DROP TABLE users; --",
    "😀" * 100,
    "Zoë Łukasz Ñandú",
    "王小明",
    "محمد",
    "x" * 10_000,
    "\u200b",
    "\r\nSubject: x",
    "１２３４５６７",
    "-1",
    "NaN",
    "../../etc/passwd",
]


def test_a_journey_of_another_browser_is_not_entered(app: Flask) -> None:
    owner = Traveller(app)
    owner.set_out()
    thief = Traveller(app, "c" * 43)
    thief.get("/cookies")
    thief.client.set_cookie("browser", "c" * 43)
    page = thief.get(f"/sign-in/{owner.journey_id}")
    assert (page.status, page.h1) == (400, "You need to start again")
    assert page.links["Start again at Register for an NPQ"] == "https://npq.example.org/"
    assert EMAIL not in page.response.text


def test_an_unknown_journey_says_what_to_do(app: Flask) -> None:
    person = Traveller(app)
    page = person.get(f"/sign-in/{uuid4()}/name")
    assert (page.status, page.h1) == (400, "You need to start again")


def test_an_expired_journey_offers_to_start_again(app: Flask, clock: ManualClock) -> None:
    person = Traveller(app)
    person.set_out()
    clock.advance(timedelta(hours=2))
    page = person.get(person.step("email"))
    assert (page.status, page.h1) == (410, "You have been away for too long")
    assert "Start again at Register for an NPQ" in page.links


def test_a_page_that_may_not_be_entered_leads_to_the_one_that_waits(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    for step in ("code", "name", "national-insurance-number", "check-answers", "outcome"):
        assert person.get(person.step(step)).path == person.step("email")
    person.prove()
    assert person.get(person.step("check-answers")).path == person.step("name")
    assert person.post(person.step("date-of-birth"), date_of_birth=BORN).path == person.step("name")


def test_back_leads_through_every_question_and_keeps_the_answers(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who(previous="Quigley")
    person.say_more(nino="AB123456C", trn="1234567", qts="yes", provider="Example College")
    seen = []
    while "Back" in person.here.links:
        person.click("Back")
        seen.append(person.here.h1)
    assert seen == [
        "Where did you train to be a teacher?",
        "Have you been awarded qualified teacher status (QTS)?",
        "Do you have a teacher reference number (TRN)?",
        "Do you have a National Insurance number?",
        "What is your date of birth?",
        "What name should we use when we contact you?",
        "Have you ever changed your name?",
        "What is your name?",
        "What is your email address?",
    ]
    assert person.submit().h1 == "Check your answers"
    assert codes_sent_to(EMAIL) == 1
    for answer in ("Kate Bush", "Quigley", "4 March 1985", "AB123456C", "1234567", "Example College"):
        assert answer in person.here.text


def test_every_answer_can_be_changed_from_the_check(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(qts="yes")
    changes = [text for text in person.here.links if text.startswith("Change")]
    assert len(changes) == 9
    for text in changes:
        person.get(person.step("check-answers"))
        person.click(text)
        assert person.submit().h1 == "Check your answers"


def test_back_from_a_change_leads_to_the_list_of_answers(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(qts="yes")
    changes = [text for text in person.here.links if text.startswith("Change")]
    assert {"Change email address", "Change National Insurance number"} < set(changes)
    assert "Change teacher reference number (TRN)" in changes
    for text in changes:
        person.get(person.step("check-answers"))
        person.click(text)
        assert person.click("Back").h1 == "Check your answers", text
    person.click("Change email address")
    assert person.submit(email="not an address").status == 422
    assert person.click("Back").h1 == "Check your answers"
    assert person.click("Back").h1 == "Where did you train to be a teacher?"


def test_another_address_is_proved_anew(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more()
    person.click("Change email address")
    assert person.submit(email="other@example.com").h1 == "Check your email"
    assert person.get(person.step("check-answers")).h1 == "Check your email"
    assert person.submit(code=newest_code("other@example.com")).h1 == "Check your answers"


def test_a_second_click_on_confirm_makes_no_second_account_and_no_second_submission(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more()
    person.check()
    assert person.post(person.step("check-answers")).h1 == "We could not find your teaching record"
    assert person.journey.submissions == 1
    assert count_of(User) == 1


def test_eight_clicks_at_once_make_one_account_one_submission_and_one_case(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(trn="1111111")
    click_at_once(app, person, "check-answers")
    assert (person.journey.submissions, count_of(User)) == (1, 1)
    again = Traveller(app)
    again.set_out()
    assert again.prove().path == again.answer_path
    assert count_of(SupportTicket) == 1


def test_two_tabs_with_two_services_keep_their_own_journeys(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    one = Traveller(app)
    one.set_out(a_client(name="Service One"))
    two = Traveller(app)
    two.client = one.client
    two.set_out(a_client(name="Service Two"))
    one.prove()
    two.prove()
    one.say_who()
    two.say_who()
    one.say_more(nino="AB123456C")
    two.say_more(nino="AB123456C")
    assert one.check().h1 == "We found your teaching record"
    two.get(two.step("check-answers"))
    assert two.check().h1 == "We found your teaching record"
    assert two.submit("Continue to Service Two").path == two.answer_path
    assert one.get(one.step("outcome")).h1 == "We found your teaching record"
    assert count_of(User) == 1
    assert count_of(Journey, Journey.user_id == user_at(EMAIL).id) == 2


def test_a_finished_journey_only_leads_back_to_the_service(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(nino="AB123456C")
    person.check()
    person.submit()
    for step in ("email", "name", "check-answers", "outcome", "no-match"):
        assert person.get(person.step(step)).path == person.answer_path


def test_the_mail_provider_is_not_asked_while_the_person_waits(app: Flask, mailer: object) -> None:
    mailer.down = True  # type: ignore[attr-defined]  # the memory mailer
    person = Traveller(app)
    person.set_out()
    assert person.submit(email=EMAIL).h1 == "Check your email"
    assert codes_sent_to(EMAIL) == 1


def click_at_once(app: Flask, person: Traveller, step: str) -> None:
    """Press the page's button in eight tabs of one browser, at the same moment."""
    token = person.here.form().values["csrf_token"][0]

    def click(_: int) -> int:
        tab = app.test_client()
        tab.set_cookie("browser", person.secret)
        return tab.post(person.step(step), data={"csrf_token": token}).status_code

    with ThreadPoolExecutor(max_workers=8) as tabs:
        assert set(tabs.map(click, range(8))) == {303}


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_whatever_is_typed_is_refused_in_words_or_kept(app: Flask, register: MemoryRegister, text: str) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()

    def typed(step: str, *names: str) -> None:
        fields: dict[str, Any] = dict.fromkeys(names, text)
        page = person.post(person.step(step), **fields)
        assert page.status < 500
        assert "<script>alert" not in page.response.text

    typed("email", "email")
    person.get(person.step("email"))
    person.submit(email=EMAIL)
    typed("code", "code")
    person.get(person.step("code"))
    person.submit(code=newest_code(EMAIL))
    typed("name", "first_name", "middle_name", "last_name")
    person.get(person.step("name"))
    person.submit(first_name="Kate", last_name="Bush")
    person.post(person.step("previous-names"), changed="yes", previous_last_name=text)
    typed("previous-names", "changed")
    person.get(person.step("previous-names"))
    person.submit(changed="no")
    typed("preferred-name", "choice", "other")
    person.get(person.step("preferred-name"))
    person.submit(choice="short")
    typed("date-of-birth", "date_of_birth-day", "date_of_birth-month", "date_of_birth-year")
    person.get(person.step("date-of-birth"))
    person.submit(**{"date_of_birth-day": "4", "date_of_birth-month": "mar", "date_of_birth-year": "1985"})
    for step in ("national-insurance-number", "teacher-reference-number"):
        page = person.post(person.step(step), has="yes", number=text)
        assert page.status < 500
        person.get(person.step(step))
        person.submit(has="no")
    typed("qualified-teacher-status", "has_qts")
    person.get(person.step("qualified-teacher-status"))
    person.submit(has_qts="yes")
    typed("where-you-trained", "training_provider")
    person.get(person.step("where-you-trained"))
    person.submit(training_provider="College")
    assert person.here.h1 == "Check your answers"
    assert person.check().status == 200
    db.session.rollback()
    assert count_of(Lookup) >= 1


def test_bytes_that_are_no_text_are_refused_in_words(app: Flask) -> None:
    person = Traveller(app)
    person.set_out()
    token = person.here.form().values["csrf_token"][0]
    for junk in (b"%ED%A0%80", b"%FF%FE", b"%C3", b"%00"):
        body = b"csrf_token=" + token.encode() + b"&email=" + junk + b"@example.com"
        answer = person.client.post(person.step("email"), data=body, content_type="application/x-www-form-urlencoded")
        assert answer.status_code in (303, 400, 422)
