"""TRN tokens in the console: found, made by hand after a look at the record, and ended."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import Feature
from identity_provider.domain.values import Trn
from identity_provider.kit.app import ports
from identity_provider.models import TrnToken
from identity_provider.services import features, leaked_trns, trn_tokens
from identity_provider.services.audit import SYSTEM, Actor
from matching.records import RecordStatus
from tests.builders import a_client, a_record, a_user
from tests.console.agents import Agent, an_agent, audited
from tests.journeys.test_trn_tokens import come_with
from tests.journeys.travel import EMAIL, count_of, user_at

TOKENS = "/support/trn-tokens"
SERVICE = "Access your teaching qualifications"


@pytest.fixture
def manager(app: Flask, register: MemoryRegister) -> Agent:
    register.records = [a_record(has_open_alert=False)]
    return an_agent(app, StaffRole.SERVICE_MANAGER)


def a_token(email: str = EMAIL, trn: str = "1234567") -> TrnToken:
    client = a_client(name=SERVICE)
    with transaction():
        now = ports().clock.now()
        return trn_tokens.make(Trn(trn), email, actor=Actor.of(client), now=now)[0]


def test_a_token_is_made_by_hand_and_links_the_person_who_proves_the_address(app: Flask, manager: Agent) -> None:
    manager.get(TOKENS)
    manager.click("Make a token")
    page = manager.submit("Check", email=EMAIL.upper(), trn="12/34567", reason="Their passport was seen")
    assert page.h1 == "Make this token?"
    assert "Kate Bush" in page.text
    assert count_of(TrnToken) == 0
    page = manager.submit("Make the token")
    found = re.search(r"gtt_\S+", page.text)
    assert found is not None
    manager.click("I have copied it")
    assert found[0] not in manager.here.text
    (made,) = audited("trn_token_made")
    assert (made.reason, made.actor_type) == ("Their passport was seen", "staff")
    person = come_with(app, found[0])
    assert person.prove().path == person.answer_path
    assert user_at(EMAIL).trn == "1234567"
    page = manager.get(TOKENS, state="used")
    assert EMAIL in page.text


def test_what_makes_no_sense_is_not_made(app: Flask, manager: Agent, register: MemoryRegister) -> None:
    manager.get(f"{TOKENS}/new")
    page = manager.submit("Check", email="kate", trn="12", reason="")
    assert (page.status, len(page.errors)) == (422, 3)
    register.records = [a_record("2222222", status=RecordStatus.DEACTIVATED)]
    holder = a_user(trn="1234567")
    other = a_user(trn="7654321")
    for email, trn, why in (
        (EMAIL, "9999999", "The register has no open record with this TRN"),
        (EMAIL, "2222222", "The register has no open record with this TRN"),
        (EMAIL, "1234567", "Another user is linked to this TRN"),
        (holder.email, "1234567", "The user with this email address is linked to this TRN already"),
        (other.email, "9999999", "The user with this email address is linked to another TRN"),
    ):
        page = manager.post(f"{TOKENS}/new", email=email, trn=trn, reason="x")
        assert page.errors == [why]
    register.down = True
    assert "did not answer" in manager.post(f"{TOKENS}/new", email=EMAIL, trn="3333333", reason="x").errors[0]
    assert count_of(TrnToken) == 0


def test_no_token_is_made_by_hand_while_they_are_switched_off(app: Flask, manager: Agent) -> None:
    with transaction():
        features.switch(Feature.TRN_TOKENS, on=False, reason="x", actor=SYSTEM, now=ports().clock.now())
    manager.get(f"{TOKENS}/new")
    assert manager.submit("Check", email=EMAIL, trn="1234567", reason="x").errors == ["TRN tokens are switched off."]


def test_a_leaked_trn_is_warned_of_before_a_token_is_made(app: Flask, manager: Agent) -> None:
    with transaction():
        leaked_trns.add(["1234567"], source="x", reason="x", actor=SYSTEM, now=ports().clock.now())
    manager.get(f"{TOKENS}/new")
    assert "knowing it proves nothing" in manager.submit("Check", email=EMAIL, trn="1234567", reason="x").text


def test_that_a_number_leaked_since_stands_on_the_page_of_its_token(
    app: Flask, manager: Agent, clock: ManualClock
) -> None:
    row = a_token()
    assert "the token links nobody" not in manager.get(f"{TOKENS}/{row.id}").text
    clock.advance(timedelta(minutes=1))
    with transaction():
        leaked_trns.add(["1234567"], source="x", reason="x", actor=SYSTEM, now=clock.now())
    assert "the token links nobody" in manager.get(f"{TOKENS}/{row.id}").text
    with transaction():
        trn_tokens.revoke(row, reason="leaked", actor=SYSTEM, now=clock.now())
    assert "the token links nobody" not in manager.get(f"{TOKENS}/{row.id}").text


def test_tokens_are_found_by_address_by_trn_and_by_where_they_stand(
    app: Flask, manager: Agent, clock: ManualClock
) -> None:
    a_token("old@example.com", "7654321")
    clock.advance(trn_tokens.LIFETIME + timedelta(days=1))
    a_token()
    page = an_agent(app, StaffRole.SERVICE_MANAGER).get(TOKENS)
    assert SERVICE in page.text
    manager = an_agent(app, StaffRole.SERVICE_MANAGER)
    assert "old@example.com" in manager.get(TOKENS, state="expired").text
    assert EMAIL not in manager.here.text
    assert "old@example.com" not in manager.get(TOKENS, state="unused").text
    for text in ("OLD@example.com", "7654321"):
        page = manager.submit("Search", q=text)
        assert "old@example.com" in page.text
        assert page.path == TOKENS
    assert "There are none." in manager.submit("Search", q="nobody@example.com").text


def test_a_token_is_revoked_once_and_does_nothing_then(app: Flask, manager: Agent) -> None:
    row = a_token()
    manager.get(f"{TOKENS}/{row.id}")
    assert manager.submit("Revoke this token", reason="").errors == ["Enter a reason"]
    page = manager.submit("Revoke this token", reason="Sent to the wrong address")
    assert "Token revoked." in page.text
    assert [each.reason for each in audited("trn_token_revoked")] == ["Sent to the wrong address"]
    page = manager.post(f"{TOKENS}/{row.id}/revoke", reason="again")
    assert "has been used or ended" in page.text
    there = db.session.get_one(TrnToken, row.id, populate_existing=True)
    assert not there.is_good(ports().clock.now())
    with pytest.raises(IllegalMove), transaction():
        trn_tokens.revoke(a_token("b@example.com"), reason=" ", actor=SYSTEM, now=ports().clock.now())


def test_a_revoked_token_is_left_aside_in_a_sign_in(app: Flask, manager: Agent) -> None:
    with transaction():
        row, token = trn_tokens.make(Trn("1234567"), EMAIL, actor=SYSTEM, now=ports().clock.now())
        trn_tokens.revoke(row, reason="wrong", actor=SYSTEM, now=ports().clock.now())
    person = come_with(app, token)
    assert person.prove().path != person.answer_path


def test_agents_look_and_do_not_touch(app: Flask) -> None:
    row, agent = a_token(), an_agent(app)
    page = agent.get(f"{TOKENS}/{row.id}")
    assert "Revoke" not in page.text
    assert audited("trn_token_viewed")
    assert "Make a token" not in agent.get(TOKENS).links
