"""Every role on every endpoint of the console: the matrix is generated from the routes, so none is forgotten."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.access import PERMISSIONS, Permission, StaffRole
from identity_provider.domain.values import Trn
from identity_provider.kit.access import Audience
from identity_provider.kit.app import ports
from identity_provider.models import TrnToken, User
from identity_provider.services import browser_sessions, trn_tokens, webhooks
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client, a_staff_user, a_user
from tests.console.agents import a_case, an_agent, audited
from tests.console.test_step_up import CONFIRM
from tests.kit.changes import a_change, asked_for
from tests.kit.importing import a_line, checked
from tests.kit.page import Browser
from tests.webhooks.listeners import an_endpoint

OPEN = {
    "support.sign_in.start",
    "support.sign_in.send_code",
    "support.sign_in.code",
    "support.sign_in.check_code",
    "support.sign_in.send_again",
    "support.sign_in.authenticator",
    "support.sign_in.check_authenticator",
    "support.sign_in.enrolment",
    "support.sign_in.check_enrolment",
    "support.sign_in.passkey_options",
    "support.sign_in.sign_in_with_passkey",
    "support.sign_in.sign_out",
}
"""What can be reached without being signed in; everything else demands a permission."""


def rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/support")]


def permission_of(app: Flask, rule: Rule) -> Permission | None:
    return getattr(app.view_functions[rule.endpoint], "permission", None)


def is_fresh(app: Flask, rule: Rule) -> bool:
    return getattr(app.view_functions[rule.endpoint], "fresh", False)


def test_everything_but_signing_in_demands_a_permission(app: Flask) -> None:
    without = {rule.endpoint for rule in rules(app) if permission_of(app, rule) is None}
    assert without == OPEN
    for rule in rules(app):
        if rule.endpoint not in OPEN:
            assert getattr(app.view_functions[rule.endpoint], "audience", None) is Audience.STAFF, rule


def addresses(app: Flask, person: User | None = None) -> dict[str, str]:
    """An address for each endpoint that leads to something that is there, and is about this person if one is given."""
    user, client, colleague = person or a_user(trn="1234567"), a_client(), a_staff_user()
    case, change = a_case(person), a_change(asked_for("Kate", "Hall"), user=person)
    endpoint = an_endpoint(client)
    with transaction():
        message = webhooks.ping(endpoint, actor=SYSTEM, now=ports().clock.now())
    values = {
        "case_id": case.id,
        "user_id": user.id,
        "holder_id": user.id,
        "other_id": a_user().id,
        "client_id": client.id,
        "staff_id": colleague.id,
        "session_id": uuid4(),
        "passkey_id": uuid4(),
        "action": "reset-authenticator",
        "switch": "disable",
        "endpoint_id": message.endpoint_id,
        "message_id": message.id,
        "change_id": change.id,
        "evidence_id": change.files[0].evidence_id,
        "feature": "trn_tokens",
        "import_id": checked(a_line()).id,
        "token_id": a_token().id,
        "move": "reject",
    }
    return {f"{rule.endpoint} {method_of(rule)}": filled(rule, values) for rule in rules(app)}


def a_token() -> TrnToken:
    with transaction():
        now = ports().clock.now()
        return trn_tokens.make(Trn("7654321"), "kate@example.com", actor=SYSTEM, now=now)[0]


def method_of(rule: Rule) -> str:
    return "POST" if "POST" in (rule.methods or set()) else "GET"


def filled(rule: Rule, values: dict[str, object]) -> str:
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda found: str(values[found[1]]), rule.rule)


@pytest.mark.parametrize("role", list(StaffRole))
def test_a_role_reaches_what_it_permits_and_nothing_else(app: Flask, role: StaffRole) -> None:
    agent, there = an_agent(app, role), addresses(app)
    start, wrong = agent.get("/support/users"), []
    for rule in rules(app):
        permission = permission_of(app, rule)
        if permission is None:
            continue
        method = method_of(rule)
        address = there[f"{rule.endpoint} {method}"]
        agent.page = start  # which has a form token; to fetch it anew each time would take as long as all the rest
        page = agent.get(address) if method == "GET" else agent.post(address)
        if (page.status == 403) != (permission not in PERMISSIONS[role]):
            wrong.append(f"{role} {method} {address}: {page.status}")
        if page.status >= 500:
            wrong.append(f"{role} {method} {address}: {page.status}")
    assert wrong == []


def test_the_matrix_leaves_no_endpoint_out(app: Flask) -> None:
    """Two rules of one name would hide one another in it, and so would one that takes GET and POST."""
    named = [f"{rule.endpoint} {method_of(rule)}" for rule in rules(app)]
    assert len(named) == len(set(named))
    for rule in rules(app):
        assert (rule.methods or set()) - {"HEAD", "OPTIONS"} == {method_of(rule)}, rule


@pytest.mark.parametrize("role", list(StaffRole))
def test_what_is_dangerous_asks_whom_it_permits_for_another_proof_and_refuses_everybody_else(
    app: Flask, clock: ManualClock, role: StaffRole
) -> None:
    agent, there = an_agent(app, role), addresses(app)
    start, wrong = agent.get("/support/users"), []
    clock.advance(browser_sessions.RECENT + timedelta(minutes=1))
    for rule in rules(app):
        permission, fresh = permission_of(app, rule), is_fresh(app, rule)
        if permission is None or not (method_of(rule) == "POST" or fresh) or rule.rule == "/support/step-up":
            continue  # the last one is where the proof itself is asked for
        agent.page, address = start, there[f"{rule.endpoint} {method_of(rule)}"]
        page = agent.get(address) if method_of(rule) == "GET" else agent.post(address)
        permitted = permission in PERMISSIONS[role]
        if (page.status == 403, page.h1 == CONFIRM) != (not permitted, permitted and fresh):
            wrong.append(f"{role} {rule}: {page!r}")
    assert wrong == []
    assert audited("staff_stepped_up") == []


def test_nobody_gets_anywhere_without_signing_in(app: Flask) -> None:
    there = addresses(app)
    for rule in rules(app):
        if permission_of(app, rule) is None:
            continue
        browser = Browser(app)
        method = method_of(rule)
        address = there[f"{rule.endpoint} {method}"]
        browser.get("/support/sign-in")
        page = browser.get(address) if method == "GET" else browser.post(address)
        assert page.h1 == "Sign in to the support console", rule
        assert page.path == "/support/sign-in"


def test_no_form_of_another_site_is_accepted(app: Flask) -> None:
    agent, there = an_agent(app, StaffRole.ADMINISTRATOR), addresses(app)
    for rule in rules(app):
        if method_of(rule) == "POST":
            page = agent.post(there[f"{rule.endpoint} POST"], token=False)
            assert page.status == 400, rule


def test_a_page_that_is_not_there_is_said_to_be_missing(app: Flask) -> None:
    agent = an_agent(app, StaffRole.ADMINISTRATOR)
    for address in (f"/support/cases/{uuid4()}", f"/support/users/{uuid4()}", "/support/services/none", "/support/x"):
        assert agent.get(address).status == 404, address
