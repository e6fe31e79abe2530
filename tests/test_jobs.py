"""The worker, as `flask worker` runs it: real jobs from PostgreSQL, and an outside world that fails and comes back."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from identity_provider.adapters.memory import ManualClock, MemoryDesk, MemoryMailer, MemoryRegister
from identity_provider.cli.worker import run
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import CodeChallenge, Delivery, OutboxMessage, SupportTicket, User
from identity_provider.queue import defer, queue
from identity_provider.services import journeys, lookups, outbox, register_followup, sign_in_codes, support_tickets
from tests.builders import NOW, a_client, a_record, a_user
from tests.journeys.travel import a_request
from tests.kit.patience import ROUNDS

ADDRESS = "kate@example.com"


def work() -> None:
    """Let the worker do what is due, however long the queue would have it wait."""
    db.session.remove()
    with transaction():
        db.session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'"))
    db.session.remove()
    run(until_idle=True)


def a_code(now_at: ManualClock) -> CodeChallenge:
    with transaction():
        challenge = sign_in_codes.challenge("sign_in", ADDRESS, uuid4(), now=now_at.now())
        sign_in_codes.send(challenge, now=now_at.now(), words={"service_name": "Register for an NPQ"})
    return challenge


def deliveries() -> list[Delivery]:
    db.session.remove()
    return list(db.session.scalars(select(OutboxMessage.delivery).order_by(OutboxMessage.created_at)))


def test_a_code_is_written_when_it_is_sent_and_opens_the_challenge(
    app: Flask, clock: ManualClock, mailer: MemoryMailer
) -> None:
    challenge = a_code(clock)
    work()
    [message] = mailer.to(ADDRESS)
    assert "Register for an NPQ" in message.text
    with transaction():
        sign_in_codes.check(challenge, message.subject[:6], now=clock.now())
    assert deliveries() == [Delivery.DELIVERED]


def test_no_code_stands_in_the_job_or_in_the_outbox(app: Flask, clock: ManualClock, mailer: MemoryMailer) -> None:
    a_code(clock)
    written = json.dumps(
        [
            *db.session.execute(text("SELECT args FROM procrastinate_jobs")).scalars(),
            *db.session.scalars(select(OutboxMessage.payload)),
        ]
    )
    work()
    assert mailer.to(ADDRESS)[0].subject[:6] not in written


def test_mail_that_could_not_be_sent_is_sent_once_when_the_provider_is_back(
    app: Flask, clock: ManualClock, mailer: MemoryMailer
) -> None:
    a_code(clock)
    mailer.down = True
    work()
    assert deliveries() == [Delivery.WAITING]
    mailer.down = False
    work()
    work()
    assert len(mailer.to(ADDRESS)) == 1
    assert deliveries() == [Delivery.DELIVERED]


def test_a_code_that_has_run_out_meanwhile_is_not_sent_at_all(
    app: Flask, clock: ManualClock, mailer: MemoryMailer
) -> None:
    a_code(clock)
    clock.advance(sign_in_codes.LIFETIME)
    work()
    assert mailer.sent == []
    assert deliveries() == [Delivery.GIVEN_UP]


def test_a_job_that_runs_again_because_its_worker_was_killed_sends_nothing_twice(
    app: Flask, clock: ManualClock, mailer: MemoryMailer
) -> None:
    a_code(clock)
    message_id = db.session.scalar(select(OutboxMessage.id))
    work()
    with transaction():
        defer(outbox.DELIVER, message_id=str(message_id))
    work()
    assert len(mailer.to(ADDRESS)) == 1


def test_a_ticket_whose_reply_was_lost_is_found_and_not_opened_again(
    app: Flask, clock: ManualClock, desk: MemoryDesk
) -> None:
    user = a_user(lookup_status=LookupStatus.PENDING, lookup_reason=LookupReason.AMBIGUOUS)
    with transaction():
        case = support_tickets.open_case(user, a_client(), None, LookupReason.AMBIGUOUS, NOW)
    desk.loses_replies = True
    work()
    work()
    db.session.remove()
    assert len(desk.opened) == 1
    assert db.session.get_one(SupportTicket, case.id).zendesk_ticket_id == 1


def test_somebody_for_whom_the_register_had_no_answer_is_linked_when_it_has_one(
    app: Flask, clock: ManualClock, register: MemoryRegister
) -> None:
    user = a_user(
        last_name="Bush",
        stated_trn="1234567",
        stated_has_trn=True,
        lookup_status=LookupStatus.PENDING,
        lookup_reason=LookupReason.REGISTER_UNAVAILABLE,
    )
    register.records = [a_record("1234567")]
    register.down = True
    with transaction():
        defer(lookups.LOOK_UP_AGAIN, user_id=str(user.id))
    work()
    assert db.session.get_one(User, user.id).lookup_reason is LookupReason.REGISTER_UNAVAILABLE
    register.down = False
    work()
    db.session.remove()
    found = db.session.get_one(User, user.id)
    assert (found.trn, found.lookup_status) == ("1234567", LookupStatus.FOUND)


def test_a_new_register_is_asked_about_whoever_was_not_found_in_those_before(
    app: Flask, register: MemoryRegister
) -> None:
    waiting, unasked = (
        a_user(last_name="Bush", stated_trn="1234567", stated_has_trn=True, lookup_status=status, lookup_reason=reason)
        for status, reason in (
            (LookupStatus.PENDING, LookupReason.NEAR_MATCH),
            (LookupStatus.PENDING, LookupReason.NOT_LOOKED_UP),
        )
    )
    register.records = [a_record("1234567")]
    with transaction():
        defer(register_followup.LOOK_EVERYBODY_UP_AGAIN)
    work()
    db.session.remove()
    assert db.session.get_one(User, waiting.id).trn == "1234567"
    assert db.session.get_one(User, unasked.id).lookup_reason is LookupReason.NOT_LOOKED_UP


def test_what_a_job_finds_out_leads_to_further_jobs(
    app: Flask, clock: ManualClock, register: MemoryRegister, desk: MemoryDesk
) -> None:
    """The answer comes late and is empty, though a TRN was stated: the worker opens the case and its ticket."""
    user = a_user(
        stated_trn="7654321",
        stated_has_trn=True,
        stated_has_qts=True,
        lookup_status=LookupStatus.PENDING,
        lookup_reason=LookupReason.REGISTER_UNAVAILABLE,
    )
    register.records = [a_record("1234567", first_name="Walter", last_name="Pidgeon", date_of_birth=date(1950, 1, 1))]
    asked = a_request()
    with transaction():
        journey = journeys.begin(asked, "b" * 43, clock.now())
        journey.user_id = user.id
        defer(lookups.LOOK_UP_AGAIN, user_id=str(user.id))
    work()
    work()
    assert db.session.get_one(User, user.id).lookup_reason is LookupReason.STATED_TRN_NOT_FOUND
    assert [ticket.requester_email for ticket in desk.opened] == [user.email]


def test_a_worker_is_idle_only_when_nothing_is_left_of_what_its_jobs_gave_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last job that waits adds another when the worker has already seen that none waits."""
    waiting = a_user(lookup_status=LookupStatus.PENDING, lookup_reason=LookupReason.NEAR_MATCH)
    asked: list[UUID] = []

    def only_then() -> int:
        time.sleep(0.3)  # longer than it takes to see that nothing else waits
        with transaction():
            defer(lookups.LOOK_UP_AGAIN, user_id=str(waiting.id))
        return 1

    monkeypatch.setattr(register_followup, "look_everybody_up_again", only_then)
    monkeypatch.setattr(lookups, "look_up_again", lambda user_id, *_: asked.append(user_id))
    with transaction():
        defer(register_followup.LOOK_EVERYBODY_UP_AGAIN)
        defer(lookups.LOOK_UP_AGAIN, at=datetime.now(UTC) + timedelta(days=1), key="k", user_id=str(uuid4()))
        defer(outbox.DELIVER, key="k", message_id=str(uuid4()))  # its turn comes after the one of tomorrow
    db.session.remove()
    run(until_idle=True)
    assert asked == [waiting.id]


def test_every_round_of_the_workers_clockwork_runs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "periodic_registry", ROUNDS)
    monkeypatch.setattr(queue, "periodic_defaults", {"max_delay": timedelta(days=2).total_seconds()})
    run(until_idle=True)
    rounds = {each.task.name for each in ROUNDS.periodic_tasks.values()}
    assert len(rounds) > 5
    assert set(db.session.scalars(text("SELECT task_name FROM procrastinate_periodic_defers"))) == rounds
    assert db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0  # one that fails would be left


def test_expired_rows_are_removed_by_the_workers_own_clockwork(app: Flask, clock: ManualClock) -> None:
    challenge = a_code(clock)
    work()
    clock.advance(sign_in_codes.LIFETIME * 6 * 24 * 8)
    with transaction():
        db.session.execute(update(OutboxMessage).values(payload={}))
        defer("remove_what_has_expired", timestamp="0")
    work()
    db.session.remove()
    assert db.session.get(type(challenge), challenge.id) is None
