"""The record beside the statement: the list of candidates and the page that attaches one say the same of it."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.errors import RegisterUnavailable
from matching.records import CandidateAnswer, CandidateQuestion
from tests.builders import a_record, a_user
from tests.console.agents import Agent, a_case, an_agent
from tests.kit.page import Page

ADDRESS = "kate.bush@example.com"
SHARED = "Same email address, but several records share it."
ITS_OWN = "Same email address, which no other record that was found has."
NOT_KNOWN = "Same email address. Whether other records have it is not known."
OTHER_NAME = {"first_name": "Walter", "last_name": "Smith", "nino": ""}


def pages(agent: Agent, trn: str = "1234567") -> list[Page]:
    """The case of somebody of the address, and the page that would attach the record."""
    case = a_case(a_user(last_name="Bush", email=ADDRESS))
    return [agent.see(case), agent.submit("Check this TRN", trn=trn)]


def test_an_address_that_two_records_have_is_called_shared_on_both_pages(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(email=ADDRESS), a_record("7654321", email=ADDRESS, **OTHER_NAME)]
    for page in pages(an_agent(app)):
        assert SHARED in page.text
        assert f"{ADDRESS} Same, but shared" in page.text
        assert "no other record" not in page.text


def test_an_address_of_one_record_is_called_its_own_on_both_pages(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(email=ADDRESS)]
    for page in pages(an_agent(app)):
        assert ITS_OWN in page.text
        assert f"{ADDRESS} Same" in page.text
        assert "Same, but shared" not in page.text


def test_of_a_record_that_nobody_thought_of_the_register_says_whether_its_address_is_shared(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record(trn, email=ADDRESS, **OTHER_NAME) for trn in ("1234567", "7654321")]
    case = a_case(a_user(last_name="Bush", email=ADDRESS, date_of_birth=None))
    agent = an_agent(app)
    assert "No record resembles what they said" in agent.see(case).text
    assert SHARED in agent.submit("Check this TRN", trn="1234567").text


class Halting(MemoryRegister):
    """Answers by numbers, and of candidates says what it is told to."""

    answer: CandidateAnswer | None = None

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        if self.answer is None:
            raise RegisterUnavailable("silent")
        return self.answer


@pytest.mark.parametrize("answer", [None, CandidateAnswer((), complete=False)])
def test_where_nobody_knows_who_else_has_the_address_nothing_is_claimed(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch, answer: CandidateAnswer | None
) -> None:
    register.records = [a_record(email=ADDRESS)]
    monkeypatch.setattr(Halting, "answer", answer)
    monkeypatch.setattr(register, "find_candidates", Halting([a_record()]).find_candidates)
    confirm = pages(an_agent(app))[1]
    assert NOT_KNOWN in confirm.text
    assert f"{ADDRESS} Same" in confirm.text
    assert ITS_OWN not in confirm.text
