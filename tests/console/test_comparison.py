"""The record beside the statement: the list of candidates and the page that attaches one say the same of it."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.services import kept_lookups, lookups, statements
from identity_provider.services.register_search import Occasion
from identity_provider.vault import vault
from matching.records import CandidateAnswer, CandidateQuestion
from tests.builders import NOW, a_record, a_user
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

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:  # noqa: ARG002 -- as the port
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


OF_ANOTHER = "The National Insurance number given is that of another record."


def test_what_keeps_the_first_record_from_a_link_is_said_above_the_list_and_of_every_search(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record(nino=""), a_record("7654321", **(OTHER_NAME | {"nino": "AB123456C"}))]
    user = a_user(
        last_name="Bush",
        lookup_reason=LookupReason.NEAR_MATCH,
        lookup_status=LookupStatus.PENDING,
        stated_nino_encrypted=vault.seal("AB123456C", statements.NINO_CONTEXT),
    )
    search = lookups.look_up(
        lookups.person_of(user), register, MatchPolicy.DEFAULT, occasion=Occasion.CHECK_ANSWERS, now=NOW
    )
    with transaction():
        kept_lookups.keep(search, user_id=user.id, journey_id=None)
    agent = an_agent(app)
    page = agent.see(a_case(user))
    assert f"Why the first record is not linked automatically: {OF_ANOTHER}" in page.text
    assert f"A record is close, but could not be linked. {OF_ANOTHER} They came from" in page.text
    history = f"Not determinable A record is close, but could not be linked. {OF_ANOTHER}"
    assert history in page.text
    page = agent.get(f"/support/users/{user.id}")
    assert history in page.text
    assert f"Pending (A record is close, but could not be linked. {OF_ANOTHER})" in page.text


def test_nothing_is_said_against_a_record_that_would_be_linked(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    page = an_agent(app).see(a_case(a_user(last_name="Bush", stated_trn="1234567")))
    assert "is not linked automatically" not in page.text
