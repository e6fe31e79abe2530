"""Staff and their ways in: a passkey in place of both factors, sessions that are listed and ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import OutboxMessage, Passkey
from identity_provider.services import passkeys, staff, staff_sessions
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_user
from tests.console.agents import Agent, an_agent, audited
from tests.console.test_step_up import challenge, with_passkey
from tests.journeys.test_passkeys import a_device_of
from tests.journeys.travel import count_of
from tests.kit.authenticator import Authenticator
from tests.kit.page import Browser, Page

HOME = "Sign in to the support console"
NEW = "/support/me/passkeys/new"


def enter(app: Flask, device: Authenticator, way_on: str = "", **lies: Any) -> Page:
    """Come to the console's door with a device."""
    browser = Browser(app)
    browser.get("/support/sign-in", next=way_on)
    token = browser._csrf_token("/support/sign-in")
    asked = browser.client.post("/support/sign-in/passkey/options", data={"csrf_token": token}).get_json()
    more: dict[str, Any] = {"next": way_on} if way_on else {}
    return browser.post("/support/sign-in/passkey", passkey=device.get(asked, **lies), **more)


def test_a_passkey_leads_in_without_a_code_and_without_the_app(app: Flask) -> None:
    agent = Agent(app)
    device = with_passkey(agent)
    assert enter(app, device).h1 == "Cases"
    assert enter(app, device, "/support/users").path == "/support/users"
    assert enter(app, device, "https://evil.example").path == "/support/cases"
    assert {each.reason for each in audited("staff_signed_in")} == {"passkey"}


def test_what_does_not_fit_looks_alike(app: Flask) -> None:
    agent, gone = Agent(app), Agent(app)
    device, theirs = with_passkey(agent), with_passkey(gone)
    with transaction():
        staff.disable(gone.member, actor=SYSTEM, now=NOW)
    answers = {
        (page.status, page.h1, *page.errors)
        for page in (
            enter(app, device, origin="http://evil.example"),
            enter(app, theirs),
            enter(app, a_device_of(a_user())),
        )
    }
    assert answers == {(422, HOME, "That passkey did not work. Try again, or use your email address")}


def test_a_passkey_is_added_and_removed_by_who_has_just_proved_it(app: Flask, clock: ManualClock) -> None:
    agent, device = an_agent(app), Authenticator()
    assert "You have none" in agent.get("/support/me").text
    agent.click("Create a passkey")
    page = agent.post(NEW, passkey=device.create(challenge(agent, f"{NEW}/options")), name="My key")
    assert "My key" in page.text
    assert count_of(OutboxMessage, OutboxMessage.kind == "passkey_added") == 1
    assert enter(app, device).h1 == "Cases"
    agent.submit("Remove the passkey My key")
    assert count_of(Passkey) == 0
    assert enter(app, device).status == 422


def test_nobody_removes_the_passkey_of_a_colleague(app: Flask) -> None:
    agent, colleague = an_agent(app), Agent(app)
    with_passkey(colleague)
    [theirs] = passkeys.of(colleague.member)
    assert agent.post(f"/support/me/passkeys/{theirs.id}/remove").status == 404
    assert count_of(Passkey) == 1


def test_one_s_own_sessions_are_listed_and_ended(app: Flask) -> None:
    agent = an_agent(app)
    device = with_passkey(agent)
    other = Browser(app)
    other.get("/support/sign-in")
    asked = other.client.post(
        "/support/sign-in/passkey/options", data={"csrf_token": other._csrf_token("/support/sign-in")}
    ).get_json()
    assert other.post("/support/sign-in/passkey", passkey=device.get(asked)).h1 == "Cases"
    page = agent.get("/support/me")
    assert "This browser" in page.text
    assert "code by email, second factor" in page.text
    assert page.text.count("the session of") == 1
    agent.submit("Sign out everywhere else")
    assert other.get("/support/cases").h1 == HOME
    assert agent.get("/support/cases").h1 == "Cases"
    assert [each.actor_id for each in audited("staff_session_ended")] == [str(agent.member.id)]


def test_nobody_ends_the_session_of_a_colleague_by_its_number(app: Flask) -> None:
    agent, colleague = an_agent(app), an_agent(app)
    session_id = _session_of(colleague)
    agent.post(f"/support/me/sessions/{session_id}/end")
    assert colleague.get("/support/cases").h1 == "Cases"
    assert agent.post(f"/support/staff/{colleague.member.id}/sessions/{session_id}/end").status == 403


def test_an_administrator_ends_one_or_all_sessions_of_somebody(app: Flask, clock: ManualClock) -> None:
    admin, agent = an_agent(app, StaffRole.ADMINISTRATOR), an_agent(app)
    admin.get(f"/support/staff/{agent.member.id}")
    admin.post(f"/support/staff/{agent.member.id}/sessions/{_session_of(agent)}/end")
    assert agent.get("/support/cases").h1 == HOME
    other = an_agent(app)
    admin.get(f"/support/staff/{other.member.id}")
    admin.submit("End all their sessions")
    assert other.get("/support/cases").h1 == HOME
    assert len(audited("staff_session_ended")) == 2


def test_sessions_that_are_over_are_not_listed(app: Flask, clock: ManualClock) -> None:
    admin, agent = an_agent(app, StaffRole.ADMINISTRATOR), an_agent(app)
    clock.advance(timedelta(minutes=20))
    admin.get("/support/cases")
    clock.advance(timedelta(minutes=11))
    assert "Not signed in at the moment" in admin.get(f"/support/staff/{agent.member.id}").text


def _session_of(agent: Agent) -> str:
    page = agent.get("/support/me")
    assert "This browser" in page.text
    return str(staff_sessions.live_of(agent.member, now=NOW)[0].id)
