"""What agents see of Zendesk: tickets that were closed there, and the TRNs that their colleagues suggest there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryDesk, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.lookup import LookupStatus
from identity_provider.models import SupportTicket
from identity_provider.services import case_work, desk_news, support_tickets
from matching.records import RecordStatus, TeachingRecord
from tests.builders import NOW, a_record, a_staff_user, a_user
from tests.console.agents import a_case, an_agent, anew, audited, user_of
from tests.kit.page import Page

SUGGESTION = "It is **7654321**, I have seen the certificate."


def a_case_with_ticket(desk: MemoryDesk) -> SupportTicket:
    case = a_case()
    with transaction():
        case = anew(case)
        case.zendesk_ticket_id = desk.open(support_tickets.ticket_for(case, "https://identity.example.org")).id
    return case


def suggested(desk: MemoryDesk, text: str = SUGGESTION, **by: Any) -> SupportTicket:
    case = a_case_with_ticket(desk)
    desk.write(case.zendesk_ticket_id or 0, text, **by)
    desk_news.read_ticket(case.zendesk_ticket_id or 0, desk, NOW)
    return case


def may_press(page: Page, button: str) -> bool:
    return any(each[0].startswith(button) for form in page.forms for each in form.buttons)


def test_a_suggestion_is_offered_with_who_made_it_and_attached_by_hand_only(
    app: Flask, desk: MemoryDesk, register: MemoryRegister
) -> None:
    register.records = [a_record("7654321", first_name="Walter", last_name="Pidgeon")]
    case, agent = suggested(desk), an_agent(app)
    page = agent.see(case)
    assert "Suggested in Zendesk" in page.text
    assert "By Sam Agent on 2 March 2026" in page.text
    assert "The record of Walter Pidgeon." in page.text
    assert "I have seen the certificate." in page.text
    assert user_of(case).trn is None
    page = agent.submit("Check this suggestion record 7654321")
    assert "Attach TRN 7654321" in page.text
    assert user_of(case).trn is None
    agent.submit("Attach this TRN", reason="Sam saw the certificate")
    assert user_of(case).trn == "7654321"
    assert "Suggested in Zendesk" not in agent.see(case).text
    assert {each.subject_id for each in audited("record_viewed")} == {"7654321"}


def test_what_the_register_says_is_asked_when_the_page_is_opened(
    app: Flask, desk: MemoryDesk, register: MemoryRegister
) -> None:
    case, agent = suggested(desk), an_agent(app)
    assert "The register of teachers has no record with this TRN." in agent.see(case).text
    assert not may_press(agent.here, "Check this suggestion")
    register.down = True
    assert "did not answer, so nothing is known of this TRN" in agent.see(case).text
    register.down = False
    register.records = [a_record("7654321", status=RecordStatus.DEACTIVATED)]
    assert "That record is closed in the register" in agent.see(case).text
    assert not may_press(agent.here, "Check this suggestion")
    merged = a_record("7654321", status=RecordStatus.MERGED, merged_into="1234567")
    register.records = [merged, a_record("1234567", first_name="Walter")]
    assert "merged into record 1234567, of Walter Bush." in agent.see(case).text
    assert "Attach TRN 1234567" in agent.submit("Check this suggestion record 7654321").text
    register.records = [merged, a_record("1234567", status=RecordStatus.DEACTIVATED)]
    assert "That record is closed in the register" in agent.see(case).text


def test_the_register_is_asked_about_suggestions_with_no_transaction_open(
    app: Flask, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_when_asked: list[bool] = []

    class Watched(MemoryRegister):
        def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
            open_when_asked.append(db.session().in_transaction())
            return super().find_by_identifiers(trn, nino)

    watched = replace(app.extensions["ports"], register=Watched([a_record("7654321")]))
    monkeypatch.setitem(app.extensions, "ports", watched)
    an_agent(app).see(suggested(desk))
    assert open_when_asked
    assert set(open_when_asked) == {False}


def test_a_suggestion_that_another_user_holds_names_the_holder(
    app: Flask, desk: MemoryDesk, register: MemoryRegister
) -> None:
    register.records = [a_record("7654321")]
    holder = a_user(trn="7654321", first_name="Greta")
    agent = an_agent(app)
    page = agent.see(suggested(desk))
    assert "Another user holds it, so it cannot be attached." in page.text
    assert not may_press(page, "Check this suggestion")
    assert agent.click("Who holds it record 7654321").path == f"/support/users/{holder.id}"


@pytest.mark.parametrize("text", [SUGGESTION, "**1234567**"])
def test_what_the_person_writes_is_shown_and_never_offered(
    app: Flask, desk: MemoryDesk, register: MemoryRegister, text: str
) -> None:
    register.records = [a_record("7654321"), a_record("1234567")]
    page = an_agent(app).see(suggested(desk, text, author="Kate Bush", from_agent=False))
    assert "Suggested in Zendesk" not in page.text
    assert "Kate Bush (not of the helpdesk, internal)" in page.text
    assert text in page.text


def test_who_may_only_look_is_offered_nothing_to_press(app: Flask, desk: MemoryDesk, register: MemoryRegister) -> None:
    register.records = [a_record("7654321")]
    page = an_agent(app, StaffRole.VIEWER).see(suggested(desk))
    assert "Suggested in Zendesk" in page.text
    assert not may_press(page, "Check this suggestion")


def test_a_case_closed_in_zendesk_is_marked_and_still_to_be_decided(app: Flask, desk: MemoryDesk) -> None:
    case, other = a_case_with_ticket(desk), a_case_with_ticket(desk)
    desk.set_status(case.zendesk_ticket_id or 0, "closed")
    desk_news.read_open_tickets(desk, NOW)
    agent = an_agent(app)
    page = agent.see(case)
    assert "The ticket was closed in Zendesk" in page.text
    assert "The person still waits." in page.text
    assert may_press(page, "Check this TRN")
    assert user_of(case).lookup_status is LookupStatus.PENDING
    page = agent.get("/support/cases", desk="closed")
    assert case.reference in page.text
    assert other.reference not in page.text
    assert "Closed in Zendesk" in page.text
    with transaction():
        case_work.confirm_no_trn(case.id, staff=a_staff_user(), reason="seen", now=NOW)
    assert case.reference not in agent.get("/support/cases", desk="closed").text


def test_a_ticket_that_was_deleted_there_is_said_to_be(app: Flask, desk: MemoryDesk, clock: ManualClock) -> None:
    case = a_case_with_ticket(desk)
    desk.forget(case.zendesk_ticket_id or 0)
    desk_news.read_open_tickets(desk, clock.now())
    assert "The ticket was deleted in Zendesk" in an_agent(app).see(case).text


def test_the_queue_is_narrowed_to_cases_with_a_suggestion(app: Flask, desk: MemoryDesk) -> None:
    with_one, without = suggested(desk), suggested(desk, "Nothing found yet.")
    agent = an_agent(app)
    agent.get("/support/cases")
    page = agent.click("1 with a TRN suggested in Zendesk")
    assert with_one.reference in page.text
    assert without.reference not in page.text
    assert page.query == {"desk": "suggested"}
