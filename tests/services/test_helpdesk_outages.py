"""Fifty cases while Zendesk fails in every way it knows: fifty tickets in the end, each once, and nobody waits for it.

Over the real wire: zenpy against the sandbox's stand-in, each try as the worker makes it, with no wait between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock
from identity_provider.adapters.zendesk import ZendeskAccount, ZendeskDesk
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.jobs import deliver_outbox_message
from identity_provider.models import CaseStatus, Client, Delivery, OutboxMessage, SupportTicket, User
from identity_provider.ports import TicketDeskUnavailable
from identity_provider.services import case_work, support_tickets, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client, a_record, a_staff_user, a_user
from tests.kit import stand_ins
from tests.kit.stand_ins import StandIn
from tests.test_jobs import work

CASES = 50
OUTAGE = ("down", "html", "rate_limited", "slow", "down", "lost_reply", "lost_reply", "down")


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    with stand_ins.zendesk(tmp_path_factory.mktemp("zendesk")) as running:
        yield running


@pytest.fixture
def zendesk(app: Flask, stand_in: StandIn) -> Iterator[StandIn]:
    """The real adapter in the application's place for it."""
    before = app.extensions["ports"]
    wait_for_zendesk(app, stand_in, seconds=60)
    yield stand_in
    stand_in.fail("ok")
    app.extensions["ports"] = before


def wait_for_zendesk(app: Flask, stand_in: StandIn, *, seconds: float) -> None:
    account = ZendeskAccount(stand_in.url, stand_ins.AGENT, stand_ins.AGENT_TOKEN)
    app.extensions["ports"] = replace(app.extensions["ports"], desk=ZendeskDesk(account, timeout=seconds))


def try_everything(app: Flask, stand_in: StandIn, mode: str) -> None:
    """Four workers try every message that waits, once, while Zendesk fails in this way."""
    stand_in.fail(mode)
    wait_for_zendesk(app, stand_in, seconds=0.05 if mode == "slow" else 60)
    db.session.remove()
    waiting = select(OutboxMessage.id).where(OutboxMessage.delivery == Delivery.WAITING, OutboxMessage.recipient == "")

    def attempt(message_id: UUID) -> None:
        with app.app_context(), suppress(TicketDeskUnavailable):
            deliver_outbox_message(message_id=str(message_id))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(attempt, db.session.scalars(waiting).all()))
    wait_for_zendesk(app, stand_in, seconds=60)


def a_person() -> User:
    return a_user(lookup_status=LookupStatus.PENDING, lookup_reason=LookupReason.NEAR_MATCH)


def open_case(user: User, client: Client) -> UUID:
    with transaction():
        return support_tickets.open_case(user, client, None, LookupReason.NEAR_MATCH, user.created_at).id


def tickets(stand_in: StandIn, cases: list[UUID]) -> list[dict[str, object]]:
    ours = {str(each) for each in cases}
    every = requests.get(f"{stand_in.url}/tickets.json", timeout=60).json()
    return [each for each in every if each["external_id"] in ours]


def numbers(cases: list[UUID]) -> list[int | None]:
    db.session.remove()
    return list(db.session.scalars(select(SupportTicket.zendesk_ticket_id).where(SupportTicket.id.in_(cases))))


def test_fifty_cases_and_a_zendesk_that_is_down_for_ten_minutes_make_fifty_tickets(
    app: Flask, zendesk: StandIn, clock: ManualClock
) -> None:
    client = a_client()
    zendesk.fail("down")
    cases = [open_case(a_person(), client) for _ in range(CASES)]
    for mode in OUTAGE:
        try_everything(app, zendesk, mode)
        clock.advance(timedelta(minutes=10) / len(OUTAGE))
    zendesk.fail("ok")
    work()
    work()
    kept = tickets(zendesk, cases)
    assert Counter(str(each["external_id"]) for each in kept) == {str(each): 1 for each in cases}
    assert sorted(numbers(cases), key=str) == sorted((each["id"] for each in kept), key=str)
    attempts = db.session.scalars(select(OutboxMessage.attempts)).all()
    assert min(attempts) >= OUTAGE.index("lost_reply"), "every one of them met the outage"


def test_what_is_decided_during_an_outage_is_told_and_solved_once_afterwards(
    app: Flask, zendesk: StandIn, clock: ManualClock
) -> None:
    client, staff = a_client(), a_staff_user()
    people = [a_person() for _ in range(6)]
    cases = [open_case(each, client) for each in people]
    work()
    zendesk.fail("down")
    with transaction():
        for number, case in enumerate(cases[:3]):
            record = a_record(f"100000{number}")
            case_work.attach_trn(case, record=record, staff=staff, reason="seen", now=clock.now())
    for user in people[3:]:
        with transaction():
            person = db.session.get_one(User, user.id)
            evidence = trn_links.Evidence(LookupReason.MATCHED, VerificationLevel.LOW)
            trn_links.link(person, f"2{str(user.id.int)[-6:]}", evidence, actor=SYSTEM, now=clock.now())
            support_tickets.resolve_by_match(person, clock.now(), tell=True)
    for mode in OUTAGE:
        try_everything(app, zendesk, mode)
    zendesk.fail("ok")
    work()
    work()
    kept = tickets(zendesk, cases)
    assert {each["status"] for each in kept} == {"solved"}
    assert {len(each["comments"]) for each in kept} == {2}  # type: ignore[arg-type]  # a list, as of every ticket
    told = [each["comments"][1]["body"] for each in kept]  # type: ignore[index]  # likewise
    assert sum("A TRN was attached by" in each for each in told) == 3
    assert sum("The record was found automatically. Nothing is left to do." in each for each in told) == 3
    ended = select(SupportTicket.status).where(SupportTicket.id.in_(cases))
    assert set(db.session.scalars(ended)) == {CaseStatus.RESOLVED}
