"""From the queue to a TRN: the whole path, and everything that may stand in its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import inf
from threading import Barrier, Thread
from time import monotonic
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryDesk, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel, pending
from identity_provider.domain.patience import no_later_than
from identity_provider.models import CaseStatus, Resolution, SupportTicket
from identity_provider.services import lookups, support_tickets
from matching.records import RecordStatus, TeachingRecord
from tests.builders import NOW, a_record, a_user
from tests.console.agents import Agent, a_case, an_agent, anew, audited, messages, user_of
from tests.kit.page import Page

WAITING = pending(LookupReason.NOT_LOOKED_UP)


def attach(agent: Agent, case: SupportTicket, trn: str = "1234567", reason: str = "Called the school") -> Page:
    """What the form on the confirm page sends."""
    agent.get("/support/cases")
    return agent.post(f"/support/cases/{case.id}/trn", trn=trn, reason=reason)


def nothing_happened(case: SupportTicket) -> bool:
    """Whether the case is open, its person without a TRN, and nobody was told anything."""
    untouched = user_of(case).trn is None and anew(case).status is CaseStatus.OPEN
    return untouched and not messages("trn_attached") and not messages("zendesk_solve")


def test_the_whole_path_from_signing_in_to_the_email(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567", last_name="Busch"), a_record("7654321", first_name="Walter")]
    case = a_case(a_user(last_name="Bush", stated_trn="1234567"))
    agent = Agent(app)
    assert agent.sign_in("/support").h1 == "Cases"
    page = agent.click(case.reference)
    assert page.h1 == f"Kate Bush – {case.reference}"
    assert "Busch" in page.text
    page = agent.submit("Check record 1234567")
    assert page.h1 == "Attach TRN 1234567 to Kate Bush?"
    page = agent.submit("Attach this TRN", reason="Called the school")
    assert page.path == f"/support/cases/{case.id}"
    assert "TRN attached. We will email the user." in page.text
    assert "We will email the user" not in agent.see(case).text, "said once"
    user = user_of(case)
    assert (user.trn, user.lookup_state) == ("1234567", LookupState(LookupStatus.FOUND, LookupReason.SUPPORT))
    assert user.verification_level is VerificationLevel.MEDIUM
    assert anew(case).resolution is Resolution.TRN_ATTACHED
    assert [each.recipient for each in messages("trn_attached")] == [user.email]
    assert [each.payload for each in messages("zendesk_solve")] == [{"case_id": str(case.id)}]
    (linked,) = audited("trn_linked")
    assert (linked.actor_id, linked.reason) == (str(agent.member.id), "Called the school")
    assert (linked.before["trn"], linked.after["trn"]) == (None, "1234567")


def test_the_register_is_never_asked_with_a_transaction_open_nor_without_end(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_when_asked: list[bool] = []
    patience: list[float] = []

    class Watched(MemoryRegister):
        def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
            open_when_asked.append(db.session().in_transaction())
            patience.append(no_later_than(inf) - monotonic())
            return super().find_by_identifiers(trn, nino)

    watched = replace(app.extensions["ports"], register=Watched([a_record()]))
    monkeypatch.setitem(app.extensions, "ports", watched)
    case, agent = a_case(a_user(last_name="Bush", stated_trn="1234567")), an_agent(app)
    agent.see(case)
    agent.submit("Check record 1234567")
    agent.submit("Attach this TRN", reason="Called the school")
    assert user_of(case).trn == "1234567"
    assert set(open_when_asked) == {False}
    assert 0 < patience[0] <= lookups.PATIENCE_SECONDS


def test_the_ticket_is_told_and_solved(app: Flask, register: MemoryRegister, desk: MemoryDesk) -> None:
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app, name="Ada Agent")
    attach(agent, case)
    support_tickets.deliver_open(messages("zendesk_open")[0], desk, NOW, issuer="http://localhost")
    support_tickets.deliver_solve(messages("zendesk_solve")[0], desk, NOW)
    assert desk.kept[str(case.id)].status == "solved"
    assert desk.told == [(1, f"A TRN was attached by Ada Agent. Case {case.reference}.")]


@pytest.mark.parametrize("typed", ["1234567", "RP 12/34567", "１２３４５６７", " 12-345-67 "])
def test_a_trn_may_be_typed_as_people_write_it(app: Flask, register: MemoryRegister, typed: str) -> None:
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    page = agent.submit("Check this TRN", trn=typed)
    assert page.h1.startswith("Attach TRN 1234567 to ")
    assert agent.submit("Attach this TRN", reason="seen").path == f"/support/cases/{case.id}"
    assert user_of(case).trn == "1234567"


@pytest.mark.parametrize("typed", ["", "123456", "12345678", "0000000", "abcdefg", "<script>", "'; --"])
def test_what_is_no_trn_is_refused_beside_its_box(app: Flask, typed: str) -> None:
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    page = agent.submit("Check this TRN", trn=typed)
    assert (page.status, len(page.errors)) == (422, 1)
    assert nothing_happened(case)


def test_no_trn_is_attached_without_a_reason(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    agent.submit("Check this TRN", trn="1234567")
    page = agent.submit("Attach this TRN", reason="   ")
    assert (page.status, page.errors) == (422, ["Enter a reason"])
    assert nothing_happened(case)


def test_a_trn_held_by_someone_else_is_refused_and_nothing_changes(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    holder, case, agent = a_user(trn="1234567", last_name="Holder"), a_case(), an_agent(app)
    page = attach(agent, case)
    assert page.h1 == "TRN 1234567 is held by another user"
    assert page.path == f"/support/cases/{case.id}/conflict/{holder.id}"
    assert "Kate Holder" in page.text
    assert agent.click("open the user who holds it").path == f"/support/users/{holder.id}"
    assert nothing_happened(case)
    assert {each.subject_id for each in audited("conflict_viewed")} == {str(holder.id), str(case.user_id)}


def test_the_holder_is_named_before_anything_can_be_attached(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    a_user(trn="1234567", last_name="Holder")
    case, agent = a_case(a_user(last_name="Bush")), an_agent(app)
    assert "Held by another user Kate Holder" in agent.see(case).text
    page = agent.submit("Check record 1234567")
    assert "Another user holds this TRN" in page.text
    assert "reason" not in {name for form in page.forms for name in form.names}


def test_a_merged_record_is_followed_to_its_survivor_with_words(app: Flask, register: MemoryRegister) -> None:
    register.records = [
        a_record("1234567", status=RecordStatus.MERGED, merged_into="7654321"),
        a_record("7654321"),
    ]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    page = agent.submit("Check this TRN", trn="1234567")
    assert "Record 1234567 was merged into record 7654321" in page.text
    agent.submit("Attach this TRN", reason="seen")
    assert user_of(case).trn == "7654321"


def test_a_record_that_was_merged_meanwhile_is_refused_and_the_survivor_offered(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record("1234567")]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    agent.submit("Check this TRN", trn="1234567")
    register.records = [a_record("1234567", status=RecordStatus.MERGED, merged_into="7654321"), a_record("7654321")]
    page = agent.submit("Attach this TRN", reason="seen")
    assert (page.status, page.h1) == (409, "This record cannot be attached")
    assert nothing_happened(case)
    assert agent.submit("Check record 7654321").h1.startswith("Attach TRN 7654321")


def test_a_closed_record_is_refused_with_words(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(status=RecordStatus.DEACTIVATED)]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    page = agent.submit("Check this TRN", trn="1234567")
    assert (page.status, "The record is closed" in page.text) == (409, True)
    assert attach(agent, case).status == 409
    assert nothing_happened(case)


def test_a_trn_that_the_register_does_not_know_is_refused_with_words(app: Flask) -> None:
    case, agent = a_case(), an_agent(app)
    page = attach(agent, case, trn="7777777")
    assert (page.status, "has no record with this TRN" in page.text) == (409, True)
    assert nothing_happened(case)


def test_a_silent_register_means_that_nothing_is_done(app: Flask, register: MemoryRegister) -> None:
    case, agent = a_case(), an_agent(app)
    register.down = True
    page = agent.see(case)
    assert (page.status, "did not answer" in page.text) == (200, True)
    page = attach(agent, case)
    assert (page.status, page.h1) == (503, "The register of teachers does not answer")
    assert page.response.headers["Retry-After"] == "30"
    assert nothing_happened(case)


def test_nobody_works_on_a_case_of_their_own_address(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    agent = an_agent(app, email="kate@example.com")
    case = a_case(a_user(email="kate@example.com"))
    assert "A colleague has to work on it" in agent.see(case).text
    attempts: tuple[tuple[str, dict[str, Any]], ...] = (
        ("trn", {"trn": "1234567", "reason": "mine"}),
        ("trn/check", {"trn": "1234567"}),
        ("no-trn", {"reason": "mine"}),
        ("notes", {"text": "mine"}),
        ("assignment", {"to": "me", "seen": ""}),
    )
    for path, fields in attempts:
        page = agent.post(f"/support/cases/{case.id}/{path}", **fields)
        assert (page.status, page.h1) == (403, "This case is about yourself"), path
    assert nothing_happened(case)
    assert len(audited("own_case_refused")) == 5


def test_the_second_of_two_agents_is_told_by_whom_and_when(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567"), a_record("7654321")]
    case = a_case()
    first, second = an_agent(app, name="Ada First"), an_agent(app, name="Bob Second")
    second.see(case)
    second.submit("Check this TRN", trn="7654321")
    attach(first, case)
    page = second.submit("Attach this TRN", reason="me too")
    assert (page.status, page.h1) == (409, "A colleague has decided this case")
    assert "Ada First resolved it on 2 March 2026 at 9:00am: TRN attached" in page.text
    assert user_of(case).trn == "1234567"


def test_of_two_agents_at_the_same_moment_one_succeeds(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567"), a_record("7654321")]
    case = a_case()
    agents = [an_agent(app, name="Ada First"), an_agent(app, name="Bob Second")]
    pages: list[Page] = []
    start = Barrier(2)

    def attempt(agent: Agent, trn: str) -> None:
        start.wait()
        pages.append(agent.post(f"/support/cases/{case.id}/trn", trn=trn, reason="at once"))

    threads = [Thread(target=attempt, args=each) for each in zip(agents, ("1234567", "7654321"), strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(page.status for page in pages) == [200, 409]
    assert len(audited("trn_linked")) == len(audited("case_resolved")) == 1
    assert len(messages("trn_attached")) == len(messages("zendesk_solve")) == 1


def test_one_trn_for_two_cases_at_the_same_moment_goes_to_one(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    cases, agents = [a_case(), a_case()], [an_agent(app), an_agent(app)]
    pages: list[Page] = []
    start = Barrier(2)

    def attempt(agent: Agent, case: SupportTicket) -> None:
        start.wait()
        pages.append(agent.post(f"/support/cases/{case.id}/trn", trn="1234567", reason="at once"))

    threads = [Thread(target=attempt, args=each) for each in zip(agents, cases, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(page.path.split("/")[-2] for page in pages) == ["cases", "conflict"]
    assert len(audited("trn_linked")) == 1


def test_a_person_found_meanwhile_is_not_linked_twice(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567"), a_record("7654321")]
    user = a_user(trn="1234567")
    case, agent = a_case(user), an_agent(app)
    page = attach(agent, case, trn="7654321")
    assert (page.status, page.h1) == (409, "This person has a TRN already")
    assert user_of(case).trn == "1234567"


def test_no_trn_is_confirmed_with_a_reason_and_the_person_is_told(app: Flask) -> None:
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    page = agent.click("There is no TRN")
    assert page.h1.startswith("Does Kate Bush")
    assert agent.submit("Confirm that there is no TRN", reason="").errors == ["Enter a reason"]
    page = agent.submit("Confirm that there is no TRN", reason="Never trained")
    assert "Confirmed that there is no TRN. We will email the user." in page.text
    assert user_of(case).lookup_state == LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)
    assert [each.recipient for each in messages("no_trn_confirmed")] == [case.user.email]
    (changed,) = audited("lookup_state_changed")
    assert (changed.before["lookup_status"], changed.after["lookup_status"]) == ("Pending", "Failed")


def test_no_trn_is_never_confirmed_for_somebody_who_has_one(app: Flask) -> None:
    case, agent = a_case(a_user(trn="1234567")), an_agent(app)
    agent.get(f"/support/cases/{case.id}/no-trn")
    page = agent.submit("Confirm that there is no TRN", reason="Never trained")
    assert (page.status, page.h1) == (409, "This person has a TRN already")
    assert anew(case).status is CaseStatus.OPEN


def test_a_decision_is_taken_back_with_a_reason(app: Flask, register: MemoryRegister, clock: ManualClock) -> None:
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app)
    attach(agent, case)
    agent.click("Undo this decision")
    assert agent.submit("Undo and open the case", reason="").errors == ["Enter a reason"]
    page = agent.submit("Undo and open the case", reason="Wrong Kate")
    assert "Decision taken back. The case is open again." in page.text
    assert f"1234567 The helpdesk attached a TRN {agent.member.display_name} Called the school" in page.text
    assert (user_of(case).trn, user_of(case).lookup_state) == (None, pending(LookupReason.WITH_HELPDESK))
    assert anew(case).status is CaseStatus.OPEN
    assert [each.end_reason for each in user_of(case).links] == ["Wrong Kate"]
    assert [each.payload["case_id"] for each in messages("zendesk_comment")] == [str(case.id)]
    assert [each.recipient for each in messages("looking_again")] == [case.user.email]
    clock.advance(timedelta(minutes=5))
    assert attach(agent, case).path == f"/support/cases/{case.id}"
    assert len(messages("zendesk_solve")) == len(messages("trn_attached")) == 2


def test_an_undo_that_comes_too_late_changes_nothing(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app)
    attach(agent, case)
    agent.click("Undo this decision")
    page = agent.submit("Undo and open the case", reason="Wrong Kate")
    agent.get(f"/support/cases/{case.id}/undo")
    page = agent.submit("Undo and open the case", reason="Again")
    assert (page.status, page.h1) == (409, "This is no longer possible")


def test_an_undo_waits_while_the_person_has_another_open_case(app: Flask) -> None:
    user = a_user()
    case, agent = a_case(user), an_agent(app)
    agent.get(f"/support/cases/{case.id}/no-trn")
    agent.submit("Confirm that there is no TRN", reason="Never trained")
    other = a_case(user)
    assert other.id != case.id
    agent.get(f"/support/cases/{case.id}/undo")
    assert agent.submit("Undo and open the case", reason="Oh").status == 409


def test_a_later_match_closes_the_case_before_the_agent_does(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app)
    with transaction():
        support_tickets.resolve_by_match(case.user, NOW)
    page = attach(agent, case)
    assert (page.status, "Automatic resolved it" in page.text) == (409, True)


def test_an_undo_never_ends_the_link_of_another_case(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567"), a_record("7654321")]
    first, agent = a_case(), an_agent(app)
    attach(agent, first, "1234567")
    assert "Undo this decision" in agent.here.links
    agent.get(f"/support/users/{first.user_id}/detach")
    agent.submit("Detach this TRN", reason="Wrong Kate")
    second = agent.here.path.rsplit("/", 1)[1]
    agent.get(f"/support/cases/{second}")
    agent.submit("Check this TRN", trn="7654321")
    agent.submit("Attach this TRN", reason="The right Kate")
    assert "Undo this decision" in agent.here.links
    assert "Undo this decision" not in agent.see(first).links
    agent.get(f"/support/cases/{first.id}/undo")
    page = agent.submit("Undo and open the case", reason="Oh")
    assert (page.status, page.h1) == (409, "This is no longer possible")
    assert (user_of(first).trn, anew(first).status) == ("7654321", CaseStatus.RESOLVED)


def test_an_undo_leaves_a_link_that_the_case_did_not_make(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567")]
    case, agent = a_case(a_user(trn="1234567")), an_agent(app)
    attach(agent, case)
    assert "Undo this decision" not in agent.here.links
    agent.get(f"/support/cases/{case.id}/undo")
    assert agent.submit("Undo and open the case", reason="Oh").status == 409
    assert user_of(case).trn == "1234567"
