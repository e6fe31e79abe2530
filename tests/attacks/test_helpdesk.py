"""Attacks from the inside (design page oidc.md, case 33): the helpdesk's own people and what they may not do."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db
from identity_provider.domain.access import StaffRole
from identity_provider.models import AuditEvent, User
from tests.builders import a_record, a_user
from tests.console.agents import a_case, an_agent


def events() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.at)))


def trn_of(user: User) -> str | None:
    db.session.rollback()
    return db.session.scalar(select(User.trn).where(User.id == user.id))


def test_33_nobody_decides_about_themselves(app: Flask, register: MemoryRegister) -> None:
    """Case 33: 403, and written down."""
    register.records = [a_record()]
    user = a_user(email="kate@example.com")
    agent = an_agent(app, email="kate@example.com")
    page = agent.post(f"/support/cases/{a_case(user).id}/trn", trn="1234567", reason="mine")
    assert (page.status, trn_of(user)) == (403, None)
    assert "own_case_refused" in events()


def test_33_no_trn_without_a_reason(app: Flask, register: MemoryRegister) -> None:
    """Case 33."""
    register.records = [a_record()]
    user = a_user()
    case, agent = a_case(user), an_agent(app)
    for reason in ("", "  ", "\u200b"):
        assert agent.post(f"/support/cases/{case.id}/trn", trn="1234567", reason=reason).status == 422, repr(reason)
    assert trn_of(user) is None
    assert "trn_linked" not in events()


def test_33_a_form_that_went_stale_overwrites_nothing(app: Flask, register: MemoryRegister) -> None:
    """Case 33: 409 for the second of two agents, who is told; the first decision stands."""
    register.records = [a_record("1234567"), a_record("7654321")]
    user = a_user()
    case, first, second = a_case(user), an_agent(app), an_agent(app)
    second.see(case)
    second.submit("Check this TRN", trn="7654321")
    assert first.post(f"/support/cases/{case.id}/trn", trn="1234567", reason="seen").status == 200
    assert second.submit("Attach this TRN", reason="me too").status == 409
    assert trn_of(user) == "1234567"


def test_33_a_viewer_changes_nothing(app: Flask, register: MemoryRegister) -> None:
    """Case 33: 403 for whoever may look only."""
    register.records = [a_record()]
    user = a_user()
    viewer = an_agent(app, StaffRole.VIEWER)
    assert viewer.post(f"/support/cases/{a_case(user).id}/trn", trn="1234567", reason="seen").status == 403
    assert trn_of(user) is None
