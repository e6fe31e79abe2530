"""Attacks from inside (design page oidc.md, case 33): staff who decide what is not theirs to decide."""

from __future__ import annotations

from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.access import StaffRole
from identity_provider.models import AuditEvent, TrnLink
from tests.builders import a_record, a_user
from tests.console.agents import a_case, an_agent, audited, user_of
from tests.journeys.travel import count_of


def test_33_an_agent_does_nothing_to_their_own_record(app: Flask, register: MemoryRegister) -> None:
    """Case 33: 403, nothing changes, and the audit says who tried what."""
    register.records = [a_record()]
    agent = an_agent(app, email="kate@example.com")
    case = a_case(a_user(email="kate@example.com"))
    agent.see(case)
    assert agent.post(f"/support/cases/{case.id}/trn", trn="1234567", reason="It is mine").status == 403
    assert user_of(case).trn is None
    [refusal] = audited("own_case_refused")
    assert (refusal.actor_type, refusal.actor_id) == ("staff", str(agent.member.id))


def test_33_no_trn_is_attached_without_a_reason(app: Flask, register: MemoryRegister) -> None:
    """Case 33: whatever the form holds, a decision that nobody explains is none."""
    register.records = [a_record()]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    for reason in ("", "   ", "\u200b"):
        assert agent.post(f"/support/cases/{case.id}/trn", trn="1234567", reason=reason).status == 422
    assert user_of(case).trn is None
    assert count_of(TrnLink) == 0


def test_33_a_form_that_is_out_of_date_overwrites_nothing(app: Flask, register: MemoryRegister) -> None:
    """Case 33: 409 for the second of two agents, and one decision in the audit."""
    register.records = [a_record("1234567"), a_record("7654321")]
    case, first, second = a_case(), an_agent(app), an_agent(app)
    for agent in (first, second):
        agent.see(case)
    path = f"/support/cases/{case.id}/trn"
    assert first.post(path, trn="1234567", reason="Seen the certificate").status == 200
    assert second.post(path, trn="7654321", reason="Seen another").status == 409
    assert user_of(case).trn == "1234567"
    assert count_of(AuditEvent, AuditEvent.action == "case_resolved") <= 1
    assert count_of(TrnLink) == 1


def test_33_who_may_look_only_decides_nothing(app: Flask, register: MemoryRegister) -> None:
    """Case 33: a Viewer gets 403 wherever an agent would decide."""
    register.records = [a_record()]
    case, viewer = a_case(), an_agent(app, StaffRole.VIEWER)
    viewer.see(case)
    for path in ("trn", "trn/check", "no-trn", "undo", "notes", "assignment"):
        assert (
            viewer.post(f"/support/cases/{case.id}/{path}", trn="1234567", reason="x", text="x", to="me").status == 403
        )
    assert user_of(case).trn is None
