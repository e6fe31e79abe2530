"""Services, performance and audit: figures that agree with the rows, and an audit that can be read and not changed."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from itertools import pairwise
from typing import Any

from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus
from identity_provider.services import case_work, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_client, a_record, a_staff_user, a_user
from tests.console.agents import a_case, an_agent
from tests.journeys.travel import Traveller

NO_RECORD = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)


def test_services_are_shown_without_their_secrets(app: Flask) -> None:
    a_client(id="npq", name="Register for an NPQ", initiate_login_uri="https://npq.example.org/begin")
    manager = an_agent(app, StaffRole.SERVICE_MANAGER)
    manager.get("/support/services")
    page = manager.click("Register for an NPQ")
    assert "https://npq.example.org/begin" in page.text
    assert "authorization_code, refresh_token" in page.text


def test_people_are_counted_by_service_and_week(app: Flask, clock: ManualClock) -> None:
    service = a_client(name="Register for an NPQ")
    came: dict[str, Any] = {"registered_with_client_id": service.id}
    a_user(trn="1234567", **came)
    a_user(trn="2234567", **came)
    nobody = a_user(**came)
    with transaction():
        trn_links.stand_at(nobody, NO_RECORD, actor=SYSTEM, now=NOW)
    helped, denied = a_case(a_user(**came)), a_case(a_user(**came))
    clock.advance(timedelta(hours=3))
    with transaction():
        agent = a_staff_user()
        case_work.attach_trn(helped.id, record=a_record("7654321"), staff=agent, reason="seen", now=clock.now())
        case_work.confirm_no_trn(denied.id, staff=agent, reason="seen", now=clock.now())
    a_case(a_user(**came))
    viewer = an_agent(app, StaffRole.VIEWER)
    page = viewer.get("/support/performance")
    assert "Register for an NPQ 6 2 1 1 1 1" in page.text
    assert "3.0 hours" in page.text
    assert "Open cases 1" in page.text
    rows = list(csv.DictReader(io.StringIO(viewer.get("/support/performance/figures.csv").response.text)))
    people = [row for row in rows if row["group"] in {"week", "service"}]
    assert [row["found_at_once"] for row in people] == ["2", "2"]
    assert {row["name"] for row in people} == {"2026-03-02", "Register for an NPQ"}
    [cases] = [row for row in rows if row["group"] == "cases_by_service"]
    figures = [cases[name] for name in ("cases_open", "cases_decided", "median_hours", "ninetieth_hours")]
    assert figures == ["1", "2", "3.00", "3.00"]


def test_people_and_cases_are_counted_by_reason(app: Flask, clock: ManualClock) -> None:
    service = a_client()
    for reason, hours in ((LookupReason.AMBIGUOUS, 2), (LookupReason.AMBIGUOUS, 4), (LookupReason.NEAR_MATCH, 9)):
        case = a_case(a_user(lookup_reason=reason), reason)
        began = clock.now()
        clock.advance(timedelta(hours=hours))
        with transaction():
            case_work.confirm_no_trn(case.id, staff=a_staff_user(), reason="seen", now=clock.now())
        clock.moment = began
    a_case(a_user(lookup_reason=LookupReason.AMBIGUOUS, registered_with_client_id=service.id), LookupReason.AMBIGUOUS)
    viewer = an_agent(app, StaffRole.VIEWER)
    page = viewer.get("/support/performance")
    assert "Two or more records fit 1 2 0 3.0 hours 3.8 hours" in page.text
    assert "There may be a record, but none could be linked automatically 0 1 0 9.0 hours 9.0 hours" in page.text
    rows = list(csv.DictReader(io.StringIO(viewer.get("/support/performance/figures.csv").response.text)))
    by_reason = {row["name"]: row["pending"] for row in rows if row["group"] == "reason"}
    assert by_reason == {"confirmed_by_support": "0", "ambiguous": "1"}


def test_when_the_record_was_found_is_told_by_question(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record("1234567")]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(trn="1234567")
    clock.advance(timedelta(seconds=20))
    person.check()
    viewer = an_agent(app, StaffRole.VIEWER)
    text = viewer.get("/support/performance/figures.csv").response.text
    [row] = [each for each in csv.DictReader(io.StringIO(text)) if each["group"] == "question"]
    assert (row["name"], row["matched"]) == ("journey:teacher-reference-number", "1")
    assert "After the TRN 1" in viewer.get("/support/performance").text


def test_no_heading_is_skipped_and_no_chart_stands_above_its_heading(app: Flask) -> None:
    service = a_client(name="Register for an NPQ")
    a_user(trn="1234567", registered_with_client_id=service.id)
    html = an_agent(app, StaffRole.VIEWER).get("/support/performance").response.text
    parts = re.findall(r"<(h[1-6]|svg role|caption)\b", html[html.index("<main") :])
    levels = [int(each[1]) for each in parts if each.startswith("h")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    charts = [at for at, part in enumerate(parts) if part == "svg role"]
    assert charts
    assert all(parts[at - 1].startswith("h") and parts[at + 1] == "caption" for at in charts)


def test_an_empty_service_has_figures_too(app: Flask) -> None:
    page = an_agent(app, StaffRole.VIEWER).get("/support/performance")
    assert "No case yet" in page.text


def test_a_name_in_a_spreadsheet_is_no_formula(app: Flask) -> None:
    service = a_client(name="=HYPERLINK(1)")
    a_user(registered_with_client_id=service.id)
    text = an_agent(app, StaffRole.VIEWER).get("/support/performance/figures.csv").response.text
    assert "'=HYPERLINK(1)" in text


def test_the_audit_is_searched_by_what_who_and_whom(app: Flask) -> None:
    user = a_user(trn="1234567")
    a_user(trn="7654321")
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get(f"/support/users/{user.id}")
    page = admin.get("/support/audit")
    assert "user viewed" in page.text
    page = admin.submit("Search", action="trn_linked", subject=str(user.id))
    assert "1 event" in page.text
    assert "trn: – → 1234567" in page.text
    assert "7654321" not in page.text
    assert "user viewed" in admin.get("/support/audit", actor=str(admin.member.id)).text


def test_the_audit_has_pages(app: Flask) -> None:
    for _ in range(55):
        a_case()
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/audit", action="case_opened")
    assert admin.click("Next").query == {"action": "case_opened", "page": "2"}
