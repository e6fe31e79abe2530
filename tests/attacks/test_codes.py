"""Attacks on one-time codes and emailed links (design page oidc.md, cases 28 to 32)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from sqlalchemy import event, select

from identity_provider.adapters.memory import ManualClock, MemoryMailer
from identity_provider.db import db, transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.models import AuditEvent, BrowserSession, OutboxMessage, ResumeLink
from identity_provider.services import code_limits, rate_limits
from identity_provider.services.code_limits import Door
from tests.builders import NOW, a_client, a_user
from tests.console.agents import Agent, totp
from tests.console.agents import newest_code as staff_code
from tests.journeys.test_codes import at_once
from tests.journeys.test_resume import attached, case_of, confirm, sessions_of
from tests.journeys.travel import EMAIL, Traveller, count_of, newest_code, wrong_code
from tests.kit.page import Browser


def counted(path: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("credentials_total", {"path": path, "outcome": outcome}) or 0


def test_28_a_known_and_an_unknown_address_are_the_same_work_and_the_mail_waits_for_the_worker(
    app: Flask, mailer: MemoryMailer
) -> None:
    """Case 28: the same statements in the same order, so the time tells nothing; no mail is sent while one waits."""
    a_user(email="known@example.com", trn="1234567")
    worked: list[list[str]] = []
    for number, address in enumerate(("known@example.com", "nobody@example.com")):
        person, statements = Traveller(app, secret=f"{number}" * 43), list[str]()
        person.set_out()

        def note(*execution: Any, into: list[str] = statements) -> None:
            into.append(execution[2])

        event.listen(db.engine, "before_cursor_execute", note)
        person.submit(email=address)
        event.remove(db.engine, "before_cursor_execute", note)
        worked.append(statements)
    assert worked[0] == worked[1]
    assert len(worked[0]) > 3
    assert mailer.sent == []
    assert count_of(OutboxMessage, OutboxMessage.kind == "sign_in_code") == 2


def test_29_five_wrong_codes_end_all_codes_of_the_sign_in(app: Flask) -> None:
    """Case 29: also the one that was sent first; the audit says so once, and no metric names anybody."""
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    right, wrong, before = newest_code(EMAIL), wrong_code(EMAIL), counted("code:sign_in", "refused")
    for _ in range(5):
        assert person.post(person.step("code"), code=wrong).status == 422
    assert person.post(person.step("code"), code=right).status == 422
    assert counted("code:sign_in", "refused") == before + 6
    assert count_of(BrowserSession) == 0
    assert count_of(AuditEvent, AuditEvent.action == "code_tries_used_up") == 1


def test_29_guesses_are_limited_by_address_and_visitor_and_a_stranger_shuts_nobody_out(app: Flask) -> None:
    """Case 29: 429 for who guesses; the person at another address of the network enters the right code."""
    for _ in range(rate_limits.GUESSES_PER_ADDRESS.count):
        with transaction():
            code_limits.count_guess(Door.PERSON, EMAIL, "203.0.113.9", now=NOW)
    with pytest.raises(RateLimited), transaction():
        code_limits.count_guess(Door.PERSON, EMAIL, "203.0.113.9", now=NOW)
    person = Traveller(app)
    person.set_out()
    assert person.prove().h1 == "What is your name?"


def test_29_a_wrong_an_old_and_a_used_code_look_alike(app: Flask, clock: ManualClock) -> None:
    """Case 29: the page says the same of a code that never was and of one that has run out."""
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    old = newest_code(EMAIL)
    clock.advance(timedelta(minutes=9))
    person.submit("Send another code")
    clock.advance(timedelta(minutes=2))
    answers = [person.post(person.step("code"), code=each) for each in (old, wrong_code(EMAIL))]
    assert [each.status for each in answers] == [422, 422]
    assert answers[0].errors == answers[1].errors != []


def test_30_a_code_of_the_authenticator_is_good_once_and_its_reuse_is_counted(app: Flask) -> None:
    """Case 30: RFC 6238 5.2; the same step opens no second session."""
    agent = Agent(app)
    before = counted("totp", "reused")
    assert agent.sign_in().h1 == "Cases"
    used, again = totp(), Agent.__new__(Agent)
    again.__dict__ |= {**agent.__dict__, "client": app.test_client(), "page": None, "visited": []}
    again.get("/support/sign-in")
    again.submit(email=agent.member.email)
    again.submit(code=staff_code(agent.member.email))
    assert again.submit(code=used).status == 422
    assert counted("totp", "reused") == before + 1
    assert count_of(BrowserSession, BrowserSession.staff_id == agent.member.id) == 1


def test_30_of_many_posts_of_one_code_at_once_one_succeeds(app: Flask) -> None:
    """Case 30: one atomic UPDATE decides, whatever the others read before it."""
    user = a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    person.submit(email=EMAIL)
    statuses = at_once(app, person, [newest_code(EMAIL)] * 16)
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 409, 422, 429}
    assert count_of(BrowserSession, BrowserSession.user_id == user.id) == 1


def test_31_codes_to_one_mailbox_are_limited_whoever_asks(app: Flask) -> None:
    """Case 31: a flood from many addresses of the network reaches the mailbox a fixed number of times."""
    for visitor in range(rate_limits.CODES_PER_ADDRESS_IN_ALL.count):
        with transaction():
            code_limits.count_sending(Door.PERSON, EMAIL, f"198.51.100.{visitor}", now=NOW)
    with pytest.raises(RateLimited), transaction():
        code_limits.count_sending(Door.PERSON, EMAIL, "203.0.113.1", now=NOW)
    with transaction():
        code_limits.count_sending(Door.PERSON, "somebody.else@example.com", "203.0.113.1", now=NOW)


def test_31_nothing_that_a_stranger_typed_stands_in_the_mail(app: Flask) -> None:
    """Case 31: the words of a code's mail come from us and from the registered name of the service."""
    person = Traveller(app)
    person.set_out(a_client(name="Register for an NPQ"), login_hint="call 0900 evil", state="http://evil.example")
    person.submit(email=EMAIL)
    [message] = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "sign_in_code"))
    assert set(message.payload) == {"challenge_id", "counter", "service_name", "locale"}
    assert message.payload["service_name"] == "Register for an NPQ"
    assert "evil" not in str(message.payload)


def test_32_a_link_that_a_scanner_opens_signs_nobody_in_and_is_not_used_up(app: Flask, clock: ManualClock) -> None:
    """Case 32: every GET may be made as often as anybody likes; only a form and a fresh code use it up."""
    user = a_user()
    address = attached(case_of(user, a_client(), clock), clock)
    before = counted("resume_link", "refused")
    for _ in range(3):
        scanner = app.test_client()
        for path in (address, f"{address}/code", f"{address}?elsewhere=1"):
            assert scanner.get(path).status_code in {200, 303}
        assert scanner.get_cookie("session") is None
    assert count_of(BrowserSession) == 0
    assert count_of(ResumeLink, ResumeLink.used_at.is_not(None)) == 0
    assert app.test_client().get(f"{address}x").status_code == 410
    assert counted("resume_link", "refused") == before + 1
    confirm(Browser(app), address, user)
    assert sessions_of(user) == 1
