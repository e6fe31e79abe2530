"""From the queue to a TRN: the whole path, and everything that may stand in its way."""

from __future__ import annotations

from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.models import Resolution
from tests.builders import a_record, a_user
from tests.console.agents import Agent, a_case, anew, audited, messages, user_of


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
    assert "TRN attached" in page.text
    user = user_of(case)
    assert (user.trn, user.lookup_status, user.lookup_reason) == ("1234567", LookupStatus.FOUND, LookupReason.SUPPORT)
    assert user.verification_level is VerificationLevel.MEDIUM
    assert anew(case).resolution is Resolution.TRN_ATTACHED
    assert [each.recipient for each in messages("trn_attached")] == [user.email]
    assert [each.payload for each in messages("zendesk_solve")] == [{"case_id": str(case.id)}]
    (linked,) = audited("trn_linked")
    assert (linked.actor_id, linked.reason) == (str(agent.member.id), "Called the school")
