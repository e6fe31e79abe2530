"""Users: found, seen whole, and detached with a reason and a case of their own."""

from __future__ import annotations

from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy, StaffRole
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.services import browser_sessions, kept_lookups, lookups
from identity_provider.services.register_search import Occasion
from matching.matcher import Reason
from support_console import labels, people
from tests.builders import NOW, a_client, a_record, a_user
from tests.console.agents import a_case, an_agent, audited, messages, user_of


def test_a_user_is_found_and_shown_whole(app: Flask) -> None:
    user = a_user(trn="1234567", first_name="Siobhán", last_name="O’Brien")
    with transaction():
        browser_sessions.begin(user, amr=["otp"], now=NOW)
    agent = an_agent(app, StaffRole.VIEWER)
    agent.get("/support/users")
    agent.submit("Search", q="siobhan obrien")
    page = agent.click("Siobhán O’Brien")
    for said in (user.email, "1234567", "matched", str(user.id), "2 March 2026 at 9:00am", "In use"):
        assert said in page.text, said


def test_nobody_is_found_by_a_name_that_nobody_has(app: Flask) -> None:
    a_user()
    agent = an_agent(app)
    agent.get("/support/users")
    assert "Nobody found." in agent.submit("Search", q="Xavier Quinlan").text


def test_names_of_any_alphabet_are_found(app: Flask) -> None:
    for first, last in (("李", "小龙"), ("Łukasz", "Żółć"), ("Ngozi", "Okonkwo-Smith"), ("D'Arcy", "de la Cruz")):
        user = a_user(first_name=first, last_name=last)
        assert [each.id for each in people.find(f"{first} {last}")] == [user.id], last
        assert [each.id for each in people.find(last)] == [user.id], last


def test_of_many_alike_the_first_fifty_are_shown(app: Flask) -> None:
    for _ in range(60):
        a_user(first_name="Sarah", last_name="Smith")
    agent = an_agent(app)
    agent.get("/support/users")
    assert "These are the first 50" in agent.submit("Search", q="Smith").text


def test_a_link_is_ended_with_a_reason_and_the_person_is_not_forgotten(app: Flask) -> None:
    user, agent = a_user(trn="1234567"), an_agent(app)
    agent.get(f"/support/users/{user.id}")
    agent.click("Detach TRN 1234567")
    assert agent.submit("Detach this TRN", reason="").errors == ["Enter a reason"]
    page = agent.submit("Detach this TRN", reason="Linked to the wrong Kate")
    assert page.path.startswith("/support/cases/")
    assert "TRN detached, and a case opened. We will email the user." in page.text
    assert [each.recipient for each in messages("looking_again")] == [user.email]
    (ended,) = audited("trn_unlinked")
    assert (ended.reason, ended.before["trn"], ended.after["trn"]) == ("Linked to the wrong Kate", "1234567", None)
    assert agent.get(f"/support/users/{user.id}/detach").status == 404


def test_nobody_ends_their_own_link(app: Flask) -> None:
    user, agent = a_user(trn="1234567", email="kate@example.com"), an_agent(app, email="kate@example.com")
    page = agent.post(f"/support/users/{user.id}/detach", reason="mine")
    assert page.status == 403
    assert [each.subject_id for each in audited("own_link_refused")] == [str(user.id)]


def test_a_person_who_was_detached_waits_with_the_helpdesk(app: Flask) -> None:
    case = a_case(a_user(trn="1234567"))
    agent = an_agent(app)
    agent.post(f"/support/users/{case.user_id}/detach", reason="Linked to the wrong Kate")
    assert agent.here.path == f"/support/cases/{case.id}", "an open case is used again"
    assert user_of(case).lookup_state == pending(LookupReason.WITH_HELPDESK)
    assert messages("zendesk_open")[0].payload == {"case_id": str(case.id)}


def test_a_users_history_is_told_in_words(app: Flask) -> None:
    case = a_case(a_user(last_name="Bush"))
    found = MemoryRegister([a_record("1234567"), a_record("7654321")])
    search = lookups.look_up(
        lookups.person_of(case.user), found, MatchPolicy.DEFAULT, occasion=Occasion.CHECK_ANSWERS, now=NOW
    )
    with transaction():
        kept_lookups.keep(search, user_id=case.user_id, journey_id=None)
    page = an_agent(app).get(f"/support/users/{case.user_id}")
    assert "Ambiguous Two or more records fit" in page.text
    assert f"{case.reference}, 2 March 2026 at 9:00am, Open" in page.text


def test_who_is_detached_has_a_case_and_a_ticket_of_the_service_they_came_from(app: Flask) -> None:
    agent = an_agent(app)
    for wants, tickets in ((True, 1), (False, 1)):
        client = a_client(raise_tickets=wants)
        user = a_user(trn="1234567" if wants else "7654321", registered_with_client_id=client.id)
        page = agent.post(f"/support/users/{user.id}/detach", reason="Linked to the wrong Kate")
        assert "They came from Register for an NPQ" in page.text
        assert len(messages("zendesk_open")) == tickets


def test_a_record_that_no_policy_releases_is_called_unproved_and_no_service_is_blamed(app: Flask) -> None:
    with app.test_request_context():
        assert labels.why_ended("not_determinable", Reason.NOT_RELEASED_BY_POLICY) == (
            "The record fits, but not enough was proved to link it"
        )
