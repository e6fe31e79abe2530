"""The first authenticator app takes the mailbox and a code that an administrator hands over."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pyotp
import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import StaffUser
from identity_provider.services import staff, staff_enrolment
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_staff_user
from tests.console.agents import Agent, an_agent, audited, member, newest_code
from tests.console.test_step_up import with_passkey
from tests.kit.page import Browser, Page

ASKED = "Enter your enrolment code"
SET_UP = "Set up your authenticator app"


def given(newcomer: StaffUser) -> str:
    """A code for somebody, as an administrator reads it out."""
    with transaction():
        return staff_enrolment.give_code(newcomer, actor=SYSTEM, now=ports().clock.now())


def half_way(app: Flask, newcomer: StaffUser) -> Browser:
    """Somebody who reads the newcomer's mail."""
    browser = Browser(app)
    browser.get("/support/sign-in")
    browser.submit(email=newcomer.email)
    browser.submit(code=newest_code(newcomer.email))
    return browser


def key_on(page: Page) -> pyotp.TOTP:
    """What the app is set up with."""
    found = re.search(r"<code[^>]*>([A-Z2-7 ]+)</code>", page.response.text)
    assert found is not None
    return pyotp.TOTP(found[1].replace(" ", ""))


def now() -> int:
    return int(ports().clock.now().timestamp())


def test_the_mailbox_alone_shows_no_key(app: Flask) -> None:
    newcomer = a_staff_user()
    thief = half_way(app, newcomer)
    assert thief.page is not None
    assert thief.page.h1 == ASKED
    for typed in ("", "ABCD-EFGH-JKMN"):
        page = thief.submit(code=typed)
        assert (page.status, page.h1) == (422, ASKED)
    assert thief.get("/support/sign-in/authenticator").h1 == ASKED
    assert thief.post("/support/sign-in/authenticator", code="123456").h1 != "Cases"
    assert member(newcomer.email).totp_secret_encrypted is None


@pytest.mark.parametrize("spell", [str, str.lower, lambda code: code.replace("-", " "), lambda code: f" {code}\t"])
def test_with_the_code_the_app_is_set_up_once(app: Flask, spell: object) -> None:
    newcomer = a_staff_user()
    code = given(newcomer)
    browser = half_way(app, newcomer)
    assert callable(spell)
    page = browser.submit(code=spell(code))
    assert page.h1 == SET_UP
    assert browser.submit(code=key_on(page).at(now())).h1 == "Cases"
    kept = member(newcomer.email)
    assert kept.totp_confirmed_at is not None
    assert kept.enrolment_code_hmac is None
    with transaction():
        staff.reset_totp(kept, actor=SYSTEM, now=NOW)
    late = half_way(app, newcomer)
    assert late.submit(code=code).status == 422, "the code was good for one enrolment"


def test_what_sounds_alike_is_taken_for_what_was_meant(app: Flask) -> None:
    newcomer = a_staff_user()
    code = given(newcomer)
    with transaction():
        staff_enrolment.show_code(newcomer, code.replace("1", "I").replace("0", "o"), "b", now=NOW)


def test_a_code_runs_out_after_a_week(app: Flask, clock: ManualClock) -> None:
    newcomer = a_staff_user()
    code = given(newcomer)
    clock.advance(timedelta(days=7))
    assert half_way(app, newcomer).submit(code=code).status == 422


def test_the_key_is_shown_in_the_browser_that_showed_the_code_and_in_no_other(app: Flask) -> None:
    newcomer = a_staff_user()
    code = given(newcomer)
    theirs, thief = half_way(app, newcomer), Browser(app)
    first = key_on(theirs.submit(code=code))
    thief = half_way(app, newcomer)
    assert thief.get("/support/sign-in/authenticator").h1 == ASKED
    second = key_on(thief.submit(code=code))
    assert second.secret != first.secret, "whoever shows it later begins with a key of their own"
    assert theirs.get("/support/sign-in/authenticator").h1 == ASKED


def test_guesses_are_limited(app: Flask) -> None:
    newcomer = a_staff_user()
    code = given(newcomer)
    browser = half_way(app, newcomer)
    for _ in range(staff_enrolment.TRIES.count):
        browser.submit(code="ABCD-EFGH-JKMN")
    assert browser.submit(code=code).status == 429


def test_the_code_is_kept_as_a_hash_and_written_nowhere(app: Flask) -> None:
    newcomer = a_staff_user()
    code = given(newcomer)
    kept = member(newcomer.email)
    assert code.replace("-", "").encode() not in (kept.enrolment_code_hmac or b"")
    assert [each.after for each in audited("staff_enrolment_code_given")] == [{}]


def test_an_administrator_is_shown_it_once_and_may_give_another(app: Flask) -> None:
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/staff/new")
    page = admin.submit("Add", email="nia@example.com", name="Nia New", roles=["Agent"])
    assert page.h1 == "Enrolment code of Nia New"
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page.text)
    assert found is not None
    newcomer = member("nia@example.com")
    assert found[0] not in admin.get(f"/support/staff/{newcomer.id}").response.text
    again = admin.submit("Give a new enrolment code")
    assert found[0] not in again.text
    assert half_way(app, newcomer).submit(code=found[0]).status == 422, "the newer one took its place"


def test_a_lost_device_is_replaced_with_a_new_code_and_its_passkeys_are_gone(app: Flask) -> None:
    admin, agent = an_agent(app, StaffRole.ADMINISTRATOR), an_agent(app)
    with_passkey(agent)
    admin.get(f"/support/staff/{agent.member.id}")
    page = admin.submit("Have them set up a new authenticator app")
    assert page.h1.startswith("Enrolment code of")
    assert agent.get("/support/cases").path == "/support/sign-in"
    kept = member(agent.member.email)
    assert (kept.totp_confirmed_at, kept.totp_secret_encrypted) == (None, None)
    assert "Passkeys 0" in admin.get(f"/support/staff/{agent.member.id}").text


def test_nobody_with_a_second_factor_is_given_a_code(app: Flask) -> None:
    agent = Agent(app)
    with pytest.raises(IllegalMove), transaction():
        staff_enrolment.give_code(agent.member, actor=SYSTEM, now=NOW)


def test_the_command_line_prints_it_once(app: Flask) -> None:
    run = app.test_cli_runner()
    added = json.loads(run.invoke(args=["staff", "add", "ada@example.com", "--role", "Administrator"]).output)
    assert "totp_secret" not in added
    assert half_way(app, member("ada@example.com")).submit(code=added["enrolment_code"]).h1 == SET_UP
    reset = json.loads(run.invoke(args=["staff", "reset-totp", "ada@example.com"]).output)
    assert reset["enrolment_code"] != added["enrolment_code"]
