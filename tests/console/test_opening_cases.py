"""A case for somebody who is taken to have no record: an agent opens it, and people look again."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole, TrnRequirement
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, pending
from identity_provider.kit import emails
from identity_provider.models import CaseNote, SupportTicket, User
from identity_provider.services import case_work, lookups, support_tickets, trn_links
from identity_provider.services.audit import Actor
from tests.builders import NOW, a_client, a_staff_user, a_user
from tests.console.agents import an_agent, audited, messages
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, Traveller, count_of, user_at
from tests.kit.owners import Owner
from tests.kit.page import Page

WAITING = pending(LookupReason.WITH_HELPDESK)
NOBODY = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)
UNANSWERED = pending(LookupReason.REGISTER_UNAVAILABLE)


def somebody(state: LookupState = NOBODY, **values: Any) -> User:
    """A person without a TRN, who came from a service that wants tickets."""
    user = a_user(**({"registered_with_client_id": a_client().id} | values))
    with transaction():
        trn_links.stand_at(user, state, actor=Actor.of(a_staff_user()), now=NOW)
    return user


def anew(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


@pytest.mark.parametrize("state", [NOBODY, case_work.NO_TRN, UNANSWERED])
def test_an_agent_opens_a_case_and_the_person_is_pending(app: Flask, state: LookupState) -> None:
    user, agent = somebody(state), an_agent(app)
    agent.get(f"/support/users/{user.id}")
    page = agent.click("Open a case to look for their record")
    assert page.h1 == f"Open a case for {user.name.full}?"
    assert agent.submit("Open a case", reason=" ").errors == ["Enter a reason"]
    assert anew(user).lookup_state == state
    page = agent.submit("Open a case", reason="She sent her certificate")
    assert page.path.startswith("/support/cases/")
    assert "Case opened. We will email the user." in page.text
    assert "She sent her certificate" in page.text
    assert "They came from Register for an NPQ" in page.text
    assert anew(user).lookup_state == WAITING
    case = support_tickets.open_case_of(user)
    assert case is not None
    assert [each.payload for each in messages("zendesk_open")] == [{"case_id": str(case.id)}]
    assert [(each.actor_id, each.subject_id) for each in audited("case_opened")] == [
        (str(agent.member.id), str(case.id))
    ]
    changed = audited("lookup_state_changed")[-1]
    assert (changed.actor_id, changed.reason) == (str(agent.member.id), "She sent her certificate")
    assert (changed.before["lookup_status"], changed.after["lookup_status"]) == (state.status, "Pending")
    assert "Open a case" not in agent.get(f"/support/users/{user.id}").text


def test_the_person_is_told_that_we_look_and_not_that_we_were_wrong(app: Flask) -> None:
    user = somebody()
    an_agent(app).post(f"/support/users/{user.id}/case", reason="She wrote to us")
    [message] = messages("looking_again")
    written = emails.write(message, now=NOW)
    assert written is not None
    assert message.recipient == user.email
    assert "our support team is looking for it" in written[1]
    assert "was not right" not in written[1]
    case = support_tickets.open_case_of(user)
    assert case is not None
    assert case.reference in written[1]


def test_no_search_takes_them_for_nobody_while_people_look(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    user = somebody(email=EMAIL, stated_has_nino=False, stated_has_trn=False, stated_has_qts=False)
    with transaction():
        case_work.open_case(anew(user), staff=a_staff_user(), reason="She wrote to us", now=NOW)
        lookups.settle_nothing(user, now=NOW)
    lookups.look_up_again(user.id, register, NOW)
    assert anew(user).lookup_state == WAITING


def test_a_page_that_was_open_when_the_case_began_ends_with_the_case(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out(a_client(trn_requirement=TrnRequirement.REQUIRED_IF_HELD))
    person.prove()
    person.say_who()
    person.say_more()
    assert person.check().h1 == "We could not find your teaching record"
    with transaction():
        case = case_work.open_case(user_at(EMAIL), staff=a_staff_user(), reason="She wrote to us", now=NOW)
    page = person.submit("Continue without changing anything")
    assert case.reference in page.text
    assert user_at(EMAIL).lookup_state == WAITING


def test_what_was_confirmed_before_is_not_undone_beside_it(app: Flask, clock: ManualClock) -> None:
    user = somebody()
    with transaction():
        first = support_tickets.open_case(user, None, None, LookupReason.NEAR_MATCH, NOW)
        case_work.confirm_no_trn(first.id, staff=a_staff_user(), reason="Never trained", now=NOW)
    clock.advance(timedelta(minutes=1))
    agent = an_agent(app)
    agent.post(f"/support/users/{user.id}/case", reason="She sent her certificate")
    assert anew(user).lookup_state == WAITING
    assert count_of(SupportTicket) == 2
    assert "Undo this decision" not in agent.see(first).links


def test_who_has_an_open_case_gets_no_other(app: Flask) -> None:
    user, agent = somebody(pending(LookupReason.NEAR_MATCH)), an_agent(app)
    with transaction():
        case = support_tickets.open_case(user, None, None, LookupReason.NEAR_MATCH, NOW)
    for page in (
        agent.get(f"/support/users/{user.id}/case"),
        agent.post(f"/support/users/{user.id}/case", reason="again"),
    ):
        assert page.path == f"/support/cases/{case.id}"
        assert "has an open case already" in page.text
    assert anew(user).lookup_reason is LookupReason.NEAR_MATCH
    assert count_of(SupportTicket) == 1


@pytest.mark.parametrize("gone", ["linked", "merged", "erased", "locked"])
def test_nobody_looks_for_who_is_linked_or_not_in_use(app: Flask, gone: str) -> None:
    values: dict[str, dict[str, Any]] = {
        "linked": {"trn": "1234567"},
        "merged": {"merged_into_id": a_user().id},
        "erased": {"erased_at": NOW},
        "locked": {"locked_at": NOW},
    }
    user, agent = a_user(**values[gone]), an_agent(app)
    assert "Open a case" not in agent.get(f"/support/users/{user.id}").text
    assert agent.get(f"/support/users/{user.id}/case").status == 409
    agent.get("/support/cases")
    page = agent.post(f"/support/users/{user.id}/case", reason="She wrote to us")
    assert (page.status, page.h1) == (409, "This is no longer possible")
    assert (count_of(SupportTicket), count_of(CaseNote)) == (0, 0)
    assert not messages("looking_again")


def test_nobody_opens_a_case_of_their_own(app: Flask) -> None:
    user, agent = somebody(email=EMAIL), an_agent(app, email=EMAIL)
    assert "Open a case" not in agent.get(f"/support/users/{user.id}").text
    agent.get("/support/cases")
    assert agent.post(f"/support/users/{user.id}/case", reason="mine").status == 403
    with pytest.raises(case_work.OwnCase), transaction():
        case_work.open_case(anew(user), staff=agent.member, reason="mine", now=NOW)
    with pytest.raises(case_work.ReasonMissing), transaction():
        case_work.open_case(anew(user), staff=a_staff_user(), reason=" ", now=NOW)
    assert count_of(SupportTicket) == 0


def test_who_only_looks_on_opens_no_case(app: Flask) -> None:
    user, viewer = somebody(), an_agent(app, StaffRole.VIEWER)
    assert "Open a case" not in viewer.get(f"/support/users/{user.id}").text


def test_two_agents_at_the_same_moment_open_one_case(app: Flask) -> None:
    user, agents = somebody(), [an_agent(app), an_agent(app)]
    pages: list[Page] = []
    start = Barrier(2)

    def attempt(number: int) -> None:
        start.wait()
        pages.append(agents[number].post(f"/support/users/{user.id}/case", reason=f"at once, {number}"))

    threads = [Thread(target=attempt, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({page.path for page in pages}) == 1
    assert sorted("has an open case already" in page.text for page in pages) == [False, True]
    assert (count_of(SupportTicket), count_of(CaseNote), len(messages("looking_again"))) == (1, 1, 1)


@pytest.mark.parametrize("state", [NOBODY, case_work.NO_TRN])
def test_who_has_none_reads_in_their_account_whom_to_write_to(app: Flask, state: LookupState) -> None:
    user = somebody(state)
    said = "If you think that you have a teaching record, email identity.help@example.org"
    assert said in Owner(app, user).get("/account").text


def test_who_has_a_case_reads_of_that_instead(app: Flask) -> None:
    user = somebody()
    with transaction():
        case = support_tickets.open_case(user, None, None, LookupReason.NEAR_MATCH, NOW)
    page = Owner(app, user).get("/account")
    assert f"Our helpdesk is looking, with the reference {case.reference}" in page.text
    assert "found no teaching record" not in page.text
    assert "email identity.help@example.org" not in page.text
