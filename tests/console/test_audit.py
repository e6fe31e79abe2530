"""The audit: searched, taken away as a file, and complete: no view of a person is left out of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from werkzeug.routing import Rule

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import AuditEvent, User
from identity_provider.services import audit, audit_search
from identity_provider.services.audit import SYSTEM, Subject
from identity_provider.services.audit_search import Search
from tests.builders import NOW, a_record, a_user
from tests.console.agents import Agent, a_case, an_agent, audited
from tests.console.test_roles import addresses, method_of, permission_of, rules
from tests.kit.page import Page


def written(action: str, *, days_ago: int = 0, reason: str = "", subject: str = "1") -> None:
    with transaction():
        at = NOW - timedelta(days=days_ago)
        audit.record(action, Subject("user", subject), actor=SYSTEM, now=at, reason=reason)


def rows_of(text_: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_)))


def test_a_stretch_of_days_is_searched_with_both_its_ends(app: Flask) -> None:
    for days in range(5):
        written("looked", days_ago=days, reason=f"{days} days ago")
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    page = admin.get("/support/audit", action="looked", since="2026-02-27", until="2026-03-01")
    assert [each in page.text for each in ("0 days", "1 days", "2 days", "3 days", "4 days")] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert "3 events" in page.text


@pytest.mark.parametrize("wrong", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "26-2-2"])
def test_what_is_no_day_is_said_beside_its_box(app: Flask, wrong: str) -> None:
    page = an_agent(app, StaffRole.ADMINISTRATOR).get("/support/audit", since=wrong)
    assert (page.status, page.errors) == (422, ["Enter a day like 2026-03-31"])


def found(page: Page) -> dict[str, str]:
    """What the address of a search holds."""
    assert page.status == 200
    return dict(page.query)


def test_whoever_is_meant_is_found_by_what_an_auditor_knows(app: Flask) -> None:
    """And nothing of that stands in an address: the search goes on with the ID."""
    user = a_user(email="kate@example.com", trn="1234567", stated_trn="7654321")
    case = a_case(user)
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    for said, whom in (
        ("kate@example.com", user.id),
        (" KATE@example.com", user.id),
        ("1234567", user.id),
        ("RP12/34567", user.id),
        (case.reference, case.id),
        (case.reference.lower().replace("-", ""), case.id),
        (admin.member.email, admin.member.id),
        (str(user.id), user.id),
        ("email-templates", "email-templates"),
    ):
        admin.get("/support/audit")
        assert found(admin.submit("Search", subject=said)) == {"subject": str(whom)}, said
    admin.get("/support/audit")
    page = admin.submit("Search", actor=admin.member.email, action="audit_searched")
    assert found(page) == {"actor": str(admin.member.id), "action": "audit_searched"}


def test_events_about_a_leaked_trn_are_found_by_the_number(app: Flask) -> None:
    a_user(trn="1234567")
    with transaction():
        audit.record("leaked_trn_added", Subject("leaked_trn", "1234567"), actor=SYSTEM, now=NOW)
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/audit")
    page = admin.submit("Search", subject="RP 12/34567")
    assert found(page) == {"subject": "1234567"}
    assert "leaked trn added" in page.text


@pytest.mark.parametrize(
    ("box", "said", "error"),
    [
        ("actor", "nobody@example.com", "Nobody here has this email address"),
        ("subject", "nobody@example.com", "Nobody here has this email address"),
        ("subject", "7654321", "Nobody has this TRN"),
        ("subject", "GAI-AAAAAA", "There is no case and no request with this reference"),
        ("subject", "twice@example.com", "This leads to more than one. Use the ID that stands on the page of"),
    ],
)
def test_what_leads_to_no_one_is_said_beside_its_box(app: Flask, box: str, said: str, error: str) -> None:
    """A TRN that somebody merely stated says nothing of whose it is."""
    survivor = a_user(stated_trn="7654321")
    for _ in range(2):
        a_user(email="twice@example.com", merged_into_id=survivor.id)
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/audit")
    page = admin.submit("Search", **{box: said})
    assert (page.status, page.query) == (422, {})
    assert [each.startswith(error) for each in page.errors] == [True]
    assert page.form("Search").values[box] == [said], "it can be mended"


def test_a_search_is_written_down_with_what_it_asked(app: Flask) -> None:
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    written("looked")
    admin.get("/support/audit", action="looked", subject="1", since="2026-03-01")
    assert audited("audit_searched")[-1].after == {
        "action": "looked",
        "subject": "1",
        "since": "2026-03-01T00:00:00+00:00",
    }


def test_what_was_found_is_taken_away_as_a_file_in_which_nothing_is_a_formula(app: Flask) -> None:
    written("looked", reason='=HYPERLINK("http://evil.example")')
    written("looked", reason="second", subject="2")
    written("forgotten")
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/audit", action="looked")
    page = admin.submit("Download all of it (CSV)")
    assert page.response.mimetype == "text/csv"
    assert page.response.is_streamed
    found = rows_of(page.response.text)
    assert [each["reason"] for each in found] == ['\'=HYPERLINK("http://evil.example")', "second"]
    [event] = audited("audit_exported")
    assert (event.actor_id, event.after) == (str(admin.member.id), {"action": "looked"})


def test_a_file_has_every_event_in_order_however_many(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_search, "_BATCH", 3)
    with transaction():
        for number in range(10):
            audit.record("looked", Subject("user", "1"), actor=SYSTEM, now=NOW, reason=str(number))
            db.session.flush()
    found = [each.reason for each in audit_search.every(Search(action="looked"))]
    assert found == [str(number) for number in range(10)]


def test_only_who_may_takes_the_audit_away(app: Flask) -> None:
    for role in StaffRole:
        agent = an_agent(app, role)
        page = agent.post("/support/audit/export")
        assert (page.status == 403) is (role is not StaffRole.ADMINISTRATOR), role


def test_the_command_line_takes_it_away_as_csv_too(app: Flask) -> None:
    written("looked", reason="+1")
    written("looked", days_ago=400)
    run = app.test_cli_runner().invoke
    printed = run(args=["audit", "export", "--csv", "--action", "looked", "--since", "2026-01-01"]).output
    assert [(each["reason"], each["before"]) for each in rows_of(printed)] == [("'+1", "{}")]
    lines = run(args=["audit", "export", "--subject", "1"]).output.splitlines()
    assert {json.loads(each)["action"] for each in lines} >= {"looked"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET reason = 'x'",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "UPDATE audit_seals SET events = 0",
        "DELETE FROM audit_seals",
    ],
)
def test_the_role_of_the_application_may_add_and_read_and_nothing_else(app: Flask, statement: str) -> None:
    """By a role that owns nothing and was granted what the application has: the grant refuses before any trigger."""
    written("looked")
    with transaction():
        db.session.execute(text("CREATE ROLE audited_app"))
        db.session.execute(text("GRANT SELECT, INSERT ON audit_events, audit_seals TO audited_app"))
    try:
        with pytest.raises(DBAPIError, match="permission denied"):
            _execute("SET LOCAL ROLE audited_app", statement)
        with pytest.raises(DBAPIError):
            _execute(statement)
        assert [each.reason for each in audited("looked")] == [""]
    finally:
        with transaction():
            db.session.execute(text("DROP OWNED BY audited_app"))
            db.session.execute(text("DROP ROLE audited_app"))


def _execute(*statements: str) -> None:
    with transaction():
        for each in statements:
            db.session.execute(text(each))


PLANTED: dict[str, Any] = {
    "first_name": "Zebedeela",
    "last_name": "Quillfeather",
    "preferred_name": "Zebbiquill",
    "email": "zebedeela.quillfeather@example.com",
    "date_of_birth": date(1971, 11, 23),
    "mobile_number": "+447700900111",
}
SHOWN = ("Zebedeela", "Quillfeather", "Zebbiquill", "zebedeela.quillfeather", "23 November 1971", "7700900111")


def person() -> User:
    """Somebody whose every detail can be recognised on a page."""
    return a_user(trn="7654321", **PLANTED)


def shows_a_person(html: str) -> bool:
    return any(each in html for each in SHOWN)


def events() -> int:
    db.session.rollback()
    return db.session.query(AuditEvent).filter(AuditEvent.actor_type == "staff").count()


TYPED: dict[str, dict[str, Any]] = {
    "support.users.search_for": {"q": "Quillfeather"},
    "support.cases.search": {"q": "Quillfeather"},
    "support.cases.search_for": {"q": "Quillfeather"},
    "support.merging.search": {"q": "Quillfeather"},
}


def ask(agent: Agent, rule: Rule, address: str) -> str:
    """The page as it is shown to somebody who comes to it, with nothing or little typed."""
    sent = TYPED.get(rule.endpoint, {})
    page = agent.get(address) if method_of(rule) == "GET" else agent.post(address, **sent)
    return page.response.get_data().decode("utf-8", "replace")


def test_no_page_of_the_console_shows_a_person_without_an_audit_event(app: Flask, register: MemoryRegister) -> None:
    """A new view that shows somebody's details, and writes down nothing, fails here without being listed anywhere."""
    register.records = [a_record("7654321", first_name="Zebedeela", last_name="Quillfeather")]
    admin, there = an_agent(app, StaffRole.ADMINISTRATOR), addresses(app, person())
    silent, seen = [], 0
    # What only shows something comes first: what changes or forgets people would leave nothing to be shown.
    for rule in sorted(rules(app), key=lambda each: method_of(each) != "GET"):
        if permission_of(app, rule) is None:
            continue
        before = events()
        if not shows_a_person(ask(admin, rule, there[f"{rule.endpoint} {method_of(rule)}"])):
            continue
        seen += 1
        if events() == before:
            silent.append(f"{method_of(rule)} {rule.rule}")
    assert not silent, "\n".join(silent)
    assert seen >= 8, "the person is on too few pages for this to mean anything"


def test_the_clock_of_an_export_is_the_day_here(app: Flask, clock: ManualClock) -> None:
    written("looked")
    page = an_agent(app, StaffRole.ADMINISTRATOR).get("/support/audit", since="2026-07-01", action="looked")
    assert "0 events" in page.text
    searched = audited("audit_searched")[-1].after
    assert searched["since"] == "2026-06-30T23:00:00+00:00"
