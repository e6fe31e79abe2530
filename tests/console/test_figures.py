"""Services, performance and audit: figures that agree with the rows, and an audit that can be read and not changed."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus
from identity_provider.services import case_work, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_client, a_record, a_staff_user, a_user
from tests.console.agents import a_case, an_agent

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
    assert [row["found_at_once"] for row in rows] == ["2", "2"]
    assert {row["name"] for row in rows} == {"2026-03-02", "Register for an NPQ"}


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
