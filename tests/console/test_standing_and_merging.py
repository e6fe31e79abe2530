"""Locking a user out, exporting and erasing, and making two users one."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.models import User
from identity_provider.services import browser_sessions
from tests.builders import NOW, a_user
from tests.console.agents import Agent, a_case, an_agent, audited, messages
from tests.kit.html import find_all, parse, words
from tests.kit.page import CSRF, Page


def anew(user: User) -> User:
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def test_a_user_is_locked_out_and_let_in_again(app: Flask) -> None:
    user, agent = a_user(), an_agent(app, StaffRole.MERGER)
    with transaction():
        _, secret = browser_sessions.begin(user, amr=["otp"], now=NOW)
    agent.get(f"/support/users/{user.id}")
    agent.click("Lock out")
    assert agent.submit("Lock this user", reason="").errors == ["Enter a reason"]
    assert "User locked" in agent.submit("Lock this user", reason="Mail account stolen").text
    assert anew(user).locked_at is not None
    assert browser_sessions.find(secret, now=NOW) is None
    agent.click("Unlock")
    assert "User unlocked" in agent.submit("Unlock this user", reason="Rang back, all well").text
    assert anew(user).is_live
    assert [each.reason for each in audited("user_locked") + audited("user_unlocked")] == [
        "Mail account stolen",
        "Rang back, all well",
    ]


def test_what_was_done_meanwhile_is_told_and_nothing_more_is_done(app: Flask) -> None:
    user, agent = a_user(), an_agent(app, StaffRole.ADMINISTRATOR)
    for deed in ("lock", "erase"):
        agent.post(f"/support/users/{user.id}/{deed}", reason="once")
        agent.get("/support/users")
        assert agent.post(f"/support/users/{user.id}/{deed}", reason="twice").status == 409
        agent.get("/support/users")
    assert agent.post(f"/support/users/{user.id}/unlock", reason="too late").status == 409 or anew(user).erased_at


def test_a_user_is_erased_and_the_tickets_to_delete_are_named(app: Flask) -> None:
    case = a_case()
    with transaction():
        case.zendesk_ticket_id = 4711
    agent = an_agent(app, StaffRole.ADMINISTRATOR)
    agent.get(f"/support/users/{case.user_id}")
    agent.click("Erase")
    page = agent.submit("Erase this user for good", reason="asked for it")
    assert page.h1 == "User erased"
    assert "4711" in page.text
    assert anew(case.user).email == ""
    assert agent.get(f"/support/users/{case.user_id}").status == 200


def test_an_export_is_a_file(app: Flask) -> None:
    user, agent = a_user(), an_agent(app, StaffRole.ADMINISTRATOR)
    agent.get(f"/support/users/{user.id}")
    answer = agent.client.post(f"/support/users/{user.id}/export", data={CSRF: agent._csrf_token("/support/users")})
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert json.loads(answer.text)["accounts"][0]["email"] == user.email
    assert [each.subject_id for each in audited("user_exported")] == [str(user.id)]


@pytest.mark.parametrize("deed", ["lock", "unlock", "erase", "merge"])
def test_nobody_does_it_to_themselves(app: Flask, deed: str) -> None:
    user, agent = a_user(email="kate@example.com"), an_agent(app, StaffRole.ADMINISTRATOR, email="kate@example.com")
    assert agent.get(f"/support/users/{user.id}/{deed}").status == 403
    other = a_user()
    assert agent.get(f"/support/users/{other.id}/merge/{user.id}").status == 403


@pytest.mark.parametrize("deed", ["lock", "unlock", "erase", "merge"])
def test_nobody_does_it_to_themselves_through_an_account_that_was_made_one_with_theirs(app: Flask, deed: str) -> None:
    agent = an_agent(app, StaffRole.ADMINISTRATOR, email="kate@example.com")
    user = a_user()
    a_user(email="kate@example.com", merged_into_id=user.id)
    assert agent.get(f"/support/users/{user.id}/{deed}").status == 403


def compared(app: Flask, user: User, other: User) -> tuple[Agent, Page]:
    agent = an_agent(app, StaffRole.MERGER)
    agent.get(f"/support/users/{user.id}")
    agent.click("Merge with another user")
    agent.submit("Search", q=other.email)
    return agent, agent.click(other.name.full)


def test_two_users_become_one_and_two_again(app: Flask) -> None:
    user, other = a_user("1111111"), a_user("2222222", first_name="Katherine")
    agent, page = compared(app, user, other)
    assert "Are these two one person?" in page.h1
    assert agent.submit("Continue", reason=" ").errors == [
        "Select which user ID stays",
        "Select which email address they sign in with",
        "Select which TRN is theirs",
        "Enter a reason",
    ]
    chosen = {"survivor": str(other.id), "email": user.email, "trn": "2222222", "reason": "same passport"}
    check = agent.submit("Continue", **chosen)
    assert check.h1 == "Merge these two users?"
    assert "same passport" in check.text
    done = agent.submit("Merge these users")
    assert "Users merged" in done.text
    assert (anew(user).merged_into_id, anew(other).trn, anew(other).email) == (other.id, "2222222", user.email)
    assert len(messages("accounts_merged")) == 2
    agent.get(f"/support/users/{user.id}")
    assert "Merged into" in agent.here.text
    agent.get(f"/support/users/{user.id}/merge/undo")
    assert "Merge undone" in agent.submit("Undo this merge", reason="two people").text
    assert (anew(user).trn, anew(other).trn, anew(user).is_live) == ("1111111", "2222222", True)


def test_a_trn_is_asked_for_only_where_there_is_a_choice(app: Flask) -> None:
    user, other = a_user("1111111"), a_user(first_name="Katherine")
    agent, page = compared(app, user, other)
    assert "Which TRN is theirs?" not in page.text
    chosen = {"survivor": str(user.id), "email": user.email, "reason": "same passport"}
    assert "1111111" in agent.submit("Continue", **chosen).text
    agent.submit("Merge these users")
    assert anew(user).trn == "1111111"


def test_one_who_changed_since_the_page_was_shown_is_not_merged(app: Flask) -> None:
    user, other = a_user(), a_user(first_name="Katherine")
    agent, _ = compared(app, user, other)
    chosen = {"survivor": str(user.id), "email": user.email, "reason": "same passport"}
    agent.submit("Continue", **chosen)
    with transaction():
        anew(other).locked_at = NOW
    assert agent.submit("Merge these users").status == 404


def test_a_conflict_leads_to_the_merge(app: Flask) -> None:
    case, holder = a_case(), a_user("1234567")
    agent = an_agent(app, StaffRole.MERGER)
    agent.get(f"/support/cases/{case.id}/conflict/{holder.id}")
    assert agent.click("merge them").h1 == "Are these two one person?"


def test_the_menu_says_where_one_is_on_every_page_of_an_area(app: Flask) -> None:
    user, agent = a_user(), an_agent(app, StaffRole.ADMINISTRATOR)
    pages = {
        "users": ("Users", "page"),
        f"users/{user.id}": ("Users", "true"),
        f"users/{user.id}/lock": ("Users", "true"),
        f"users/{user.id}/merge": ("Users", "true"),
        "trn-tokens/new": ("TRN tokens", "true"),
    }
    for path, (area, current) in pages.items():
        links = find_all(parse(agent.get(f"/support/{path}").response.text), "a")
        assert [(words(a), a.get("aria-current")) for a in links if a.get("aria-current")] == [(area, current)], path
