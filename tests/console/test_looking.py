"""What is shown before a decision is written down, and never says more than is known."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from tests.builders import a_record, a_user
from tests.console.agents import a_case, an_agent, audited


def test_every_record_that_an_agent_looks_at_is_written_down(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("1234567"), a_record("7654321")]
    case, agent = a_case(), an_agent(app)
    agent.see(case)
    agent.submit("Check this TRN", trn="1234567")
    assert agent.post(f"/support/cases/{case.id}/trn", trn="7654321", reason="").status == 422
    seen = audited("record_viewed")
    assert {(each.subject_type, each.subject_id) for each in seen} == {("record", "1234567"), ("record", "7654321")}
    assert {each.actor_id for each in seen} == {str(agent.member.id)}
    assert [each.after for each in seen] == [{"case": case.reference}] * 2


def test_pages_of_a_decision_show_a_person_and_are_written_down(app: Flask) -> None:
    case, agent = a_case(), an_agent(app)
    agent.get(f"/support/cases/{case.id}/no-trn")
    agent.submit("Confirm that there is no TRN", reason="Never trained")
    before = len(audited("case_viewed"))
    agent.get(f"/support/cases/{case.id}/undo")
    assert len(audited("case_viewed")) == before + 1


@pytest.mark.parametrize(
    ("alert", "said"), [(None, "Alerts not known"), (True, "Open alert"), (False, "Nothing to note")]
)
def test_an_alert_that_is_not_known_is_never_shown_as_none(
    app: Flask, register: MemoryRegister, alert: bool | None, said: str
) -> None:
    register.records = [a_record(has_open_alert=alert)]
    agent = an_agent(app)
    page = agent.see(a_case(a_user(last_name="Bush")))
    for words in ("Alerts not known", "Open alert", "Nothing to note"):
        assert (words in page.text) == (words == said)
    page = agent.submit("Check record 1234567")
    assert ("Alerts not known" in page.text) == (alert is None)
    assert ("This record has an open alert" in page.text) == (alert is True)


def test_alerts_are_said_in_words(app: Flask, register: MemoryRegister) -> None:
    prohibition = {"has_open_alert": True, "has_prohibition": True, "open_alerts": ("Prohibition from teaching",)}
    failed = {"has_open_alert": True, "has_prohibition": False, "open_alerts": ("Failed induction",)}
    for alerts, tag, words in (
        (prohibition, "Prohibition Prohibition from teaching", "an open prohibition. Prohibition from teaching"),
        (failed, "Open alert Failed induction", "an open alert. Failed induction"),
        ({"has_open_alert": True}, "Open alert The register does not say", "an open alert. The register does not say"),
    ):
        register.records = [a_record(**alerts)]
        agent = an_agent(app)
        assert tag in agent.see(a_case(a_user(last_name="Bush"))).text
        assert words in agent.submit("Check record 1234567").text
