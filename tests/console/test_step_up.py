"""Before what is dangerous staff prove once more who they are, and nothing that they entered is lost by it."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import passkeys, staff
from identity_provider.services.passkeys import Place
from tests.builders import a_client, a_user
from tests.console.agents import Agent, an_agent, audited, member, totp
from tests.journeys.travel import count_of
from tests.kit.authenticator import Authenticator

CONFIRM = "Confirm that it is you"
PLACE = Place("http://localhost", "localhost", "Get an identity", "t" * 43)

DANGEROUS = {
    "support.audit.export",
    "support.clients.act",
    "support.clients.add",
    "support.clients.rotate_secret",
    "support.clients.save",
    "support.features.switch",
    "support.imports.decide",
    "support.me.add_passkey",
    "support.me.new_passkey",
    "support.me.options_to_add",
    "support.me.remove_passkey",
    "support.merging.merge",
    "support.merging.undo",
    "support.retention.run",
    "support.staff.act",
    "support.staff.add",
    "support.staff.change_roles",
    "support.standing.erase",
    "support.standing.export",
    "support.standing.unlock",
    "support.trn_tokens_made.make",
    "support.webhooks.add",
    "support.webhooks.rotate_secret",
    "support.webhooks.save",
}


def late(app: Flask, clock: ManualClock) -> Agent:
    """An administrator who signed in some time ago."""
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    clock.advance(timedelta(minutes=16))
    return admin


def with_passkey(agent: Agent) -> Authenticator:
    device = Authenticator()
    with transaction():
        options = json.loads(passkeys.options_to_add(agent.member, PLACE, now=ports().clock.now()))
        assert passkeys.add(agent.member, device.create(options), PLACE, name="Key", now=ports().clock.now())
    return device


def challenge(agent: Agent, address: str) -> dict[str, str]:
    """What the page's script is given for the device."""
    token = agent._csrf_token(agent.here.path)
    answer = agent.client.post(address, data={"csrf_token": token})
    assert answer.status_code == 200
    asked: dict[str, str] = answer.get_json()
    return asked


@pytest.mark.parametrize("endpoint", sorted(DANGEROUS))
def test_what_is_dangerous_takes_a_recent_proof(app: Flask, endpoint: str) -> None:
    assert getattr(app.view_functions[endpoint], "fresh", False) is True


def test_the_list_of_what_is_dangerous_names_all_that_takes_one(app: Flask) -> None:
    assert {name for name, view in app.view_functions.items() if getattr(view, "fresh", False)} == DANGEROUS


def test_a_form_sent_too_late_is_answered_as_soon_as_the_proof_is_right(app: Flask, clock: ManualClock) -> None:
    admin, user = an_agent(app, StaffRole.ADMINISTRATOR), a_user()
    admin.get(f"/support/users/{user.id}/erase")
    clock.advance(timedelta(minutes=16))
    page = admin.submit(reason="They asked: “please”, by letter")
    assert (page.status, page.h1) == (422, CONFIRM)
    assert count_of(User, User.erased_at.is_not(None)) == 0
    wrong = admin.submit(step_up_code="000000" if totp() != "000000" else "111111")
    assert (wrong.status, wrong.errors) == (
        422,
        ["The code is wrong. Wait for the next one if you have used it already"],
    )
    admin.submit(step_up_code=totp())
    assert count_of(User, User.erased_at.is_not(None)) == 1
    assert [each.reason for each in audited("user_erased")] == ["They asked: “please”, by letter"]
    assert [each.reason for each in audited("staff_stepped_up")] == ["support.standing.erase"]


def test_a_passkey_is_a_proof_too(app: Flask, clock: ManualClock) -> None:
    admin, user = an_agent(app, StaffRole.ADMINISTRATOR), a_user()
    device, stranger = with_passkey(admin), with_passkey(Agent(app))
    admin.get(f"/support/users/{user.id}/erase")
    clock.advance(timedelta(minutes=16))
    admin.submit(reason="asked")
    address = f"/support/users/{user.id}/erase"
    asked = challenge(admin, "/support/step-up/options")
    page = admin.post(address, reason="asked", step_up="1", passkey=stranger.get(asked))
    assert page.errors == ["That passkey did not work. Try again, or use your authenticator app"]
    asked = challenge(admin, "/support/step-up/options")
    admin.post(address, reason="asked", step_up="1", passkey=device.get(asked))
    assert count_of(User, User.erased_at.is_not(None)) == 1


def test_a_page_is_shown_after_the_proof(app: Flask, clock: ManualClock) -> None:
    admin = late(app, clock)
    assert admin.get("/support/me/passkeys/new").h1 == CONFIRM
    assert admin.submit(step_up_code=totp()).path == "/support/me/passkeys/new"
    assert admin.get("/support/me/passkeys/new").h1 == "Create a passkey"


def test_a_proof_lasts_a_quarter_of_an_hour(app: Flask, clock: ManualClock) -> None:
    admin = late(app, clock)
    client = a_client(id="npq")
    admin.get(f"/support/services/{client.id}")
    assert admin.post("/support/services/npq/rotate-secret").h1 == CONFIRM
    assert admin.submit(step_up_code=totp()).h1.startswith("Secret of")
    clock.advance(timedelta(minutes=14))
    assert admin.post("/support/services/npq/rotate-secret").h1.startswith("Secret of")
    clock.advance(timedelta(minutes=2))
    assert admin.post("/support/services/npq/rotate-secret").h1 == CONFIRM


def test_the_session_goes_on_under_a_new_secret(app: Flask, clock: ManualClock) -> None:
    admin = late(app, clock)
    before = admin.client.get_cookie("staff_session")
    admin.get("/support/me/passkeys/new")
    admin.submit(step_up_code=totp())
    after = admin.client.get_cookie("staff_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value


def test_a_code_is_good_for_one_proof_and_tries_are_limited(app: Flask, clock: ManualClock) -> None:
    admin = late(app, clock)
    admin.get("/support/me/passkeys/new")
    admin.submit(step_up_code=totp())
    clock.advance(timedelta(minutes=16))
    used = totp()
    with transaction():
        staff.verify_totp(member(admin.member.email), used, now=clock.now())
    admin.get("/support/me/passkeys/new")
    assert admin.submit(step_up_code=used).status == 422
    for _ in range(4):
        admin.submit(step_up_code="12")
    assert admin.submit(step_up_code=totp(1)).status == 429


def test_whoever_brings_no_proof_gets_nowhere_whatever_they_send(app: Flask, clock: ManualClock) -> None:
    admin, user = late(app, clock), a_user()
    address = f"/support/users/{user.id}/erase"
    every: list[dict[str, Any]] = [{}, {"step_up": "1"}, {"step_up": "1", "step_up_code": ""}]
    for sent in [*every, {"step_up": "1", "passkey": "{}"}]:
        assert admin.post(address, reason="x", **sent).h1 == CONFIRM
    assert count_of(User, User.erased_at.is_not(None)) == 0


def test_what_was_typed_is_carried_as_text_and_never_as_markup(app: Flask, clock: ManualClock) -> None:
    admin, user = late(app, clock), a_user()
    page = admin.post(f"/support/users/{user.id}/erase", reason='"><script>alert(1)</script>')
    assert "<script>alert" not in page.response.text


def test_a_form_with_a_file_comes_back_to_its_page(app: Flask, clock: ManualClock) -> None:
    admin = late(app, clock)
    admin.get("/support/services/new")
    token = admin._csrf_token("/support/services/new")
    answer = admin.client.post(
        "/support/services/new", data={"csrf_token": token, "file": (io.BytesIO(b"x"), "people.csv")}
    )
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/support/step-up?next=/support/services/new"
