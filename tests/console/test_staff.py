"""Staff are let in, given roles and shut out by an administrator, and never by themselves."""

from __future__ import annotations

from flask import Flask

from identity_provider.domain.access import StaffRole
from tests.console.agents import an_agent, audited, member


def test_somebody_is_let_in_with_roles(app: Flask) -> None:
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/staff")
    admin.click("Add somebody")
    page = admin.submit("Add", email="New.Agent@example.com", name="Nia New", roles=["Agent", "Merger"])
    assert page.h1 == "Enrolment code of Nia New"
    assert member("new.agent@example.com").roles == ["Agent", "Merger"]
    (added,) = audited("staff_added")
    assert added.actor_id == str(admin.member.id)


def test_what_is_missing_is_said_beside_its_box(app: Flask) -> None:
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    admin.get("/support/staff/new")
    page = admin.submit("Add", email="x", name="")
    assert (page.status, len(page.errors)) == (422, 3)
    page = admin.submit("Add", email="", name="")
    assert page.errors == ["Enter an email address", "Enter a name", "Select at least one role"]
    page = admin.submit("Add", email=admin.member.email, name="Me", roles=["Viewer"])
    assert page.errors == ["Somebody with this address is a member of staff already"]
    assert admin.post("/support/staff/new", email="a@example.com", name="A", roles="Emperor").status == 422


def test_other_roles_count_from_the_next_click(app: Flask) -> None:
    admin, agent = an_agent(app, StaffRole.ADMINISTRATOR), an_agent(app)
    admin.get(f"/support/staff/{agent.member.id}")
    page = admin.submit("Save roles", roles=["ServiceManager"])
    assert "Service manager" in page.text
    assert agent.get("/support/services").status == 200
    (changed,) = audited("staff_roles_changed")
    assert (changed.before, changed.after) == ({"roles": ["Agent"]}, {"roles": ["ServiceManager"]})


def test_somebody_who_is_shut_out_is_out_at_once_and_enrols_anew_when_let_in_again(app: Flask) -> None:
    admin, agent = an_agent(app, StaffRole.ADMINISTRATOR), an_agent(app)
    admin.get(f"/support/staff/{agent.member.id}")
    admin.submit("Shut this person out")
    assert agent.get("/support/cases").path == "/support/sign-in"
    admin.submit("Let this person in again")
    assert member(agent.member.email).totp_secret_encrypted is None
    admin.click("I have passed it on")
    assert "Set up at the next sign-in" in admin.here.text


def test_a_lost_device_is_replaced_at_the_next_sign_in(app: Flask) -> None:
    admin, agent = an_agent(app, StaffRole.ADMINISTRATOR), an_agent(app)
    admin.get(f"/support/staff/{agent.member.id}")
    admin.submit("Have them set up a new authenticator app")
    assert agent.get("/support/cases").path == "/support/sign-in"
    assert member(agent.member.email).totp_confirmed_at is None


def test_nobody_changes_their_own_standing(app: Flask) -> None:
    admin = an_agent(app, StaffRole.ADMINISTRATOR)
    page = admin.get(f"/support/staff/{admin.member.id}")
    assert "another administrator has to make changes" in page.text
    assert admin.post(f"/support/staff/{admin.member.id}/roles", roles="Viewer").status == 403
    assert admin.post(f"/support/staff/{admin.member.id}/disable").status == 403
    assert member(admin.member.email).roles == ["Administrator"]
