"""How messages arrive: signed, tried again as the schedule says, each try written down, and replayed."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryServices
from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.webhooks import LONGEST_REST, RETRY_AFTER
from identity_provider.kit.app import ports
from identity_provider.models import MessageState, WebhookEndpoint, WebhookMessage
from identity_provider.ports import ServiceReply
from identity_provider.services import retention, webhook_delivery, webhooks
from identity_provider.services.audit import SYSTEM
from identity_provider.services.webhooks import EndpointRefused
from identity_provider.vault import vault
from tests.builders import NOW, a_client, a_user
from tests.kit.outside import OutsideWorld
from tests.webhooks.listeners import SECRET, an_endpoint, let_the_worker_work, messages, read, signed_in_to, states


@pytest.fixture
def services(outside: OutsideWorld) -> MemoryServices:
    return outside.services


@pytest.fixture(autouse=True)
def _present(app: Flask, clock: ManualClock) -> None:
    """What is to be tried later must not be due by the worker's clock."""
    clock.moment = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)  # however long the test takes


def a_ping(endpoint: WebhookEndpoint | None = None) -> WebhookMessage:
    with transaction():
        return webhooks.ping(endpoint or an_endpoint(), actor=SYSTEM, now=ports().clock.now())


def test_a_ping_says_nothing(app: Flask, services: MemoryServices) -> None:
    a_ping()
    let_the_worker_work()
    envelope = read(services.messages[0])
    assert (envelope["messageType"], envelope["message"]) == ("Ping", {})
    assert states() == [MessageState.DELIVERED]


def test_both_signatures_are_right(app: Flask, services: MemoryServices) -> None:
    """The one that is known is bare upper-case hex; the other one covers the moment of sending."""
    message = a_ping()
    let_the_worker_work()
    _, headers, body = services.messages[0]
    known = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == known.upper()
    at = int(ports().clock.now().timestamp())
    signed = f"{at}.{message.notification_id}.".encode() + body
    timed = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Identity-Signature"] == f"t={at},v1={timed}"


def test_tries_follow_the_schedule_and_end_parked(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    a_ping()
    services.replies = [ServiceReply(500, excerpt="out of order")] * 8
    let_the_worker_work()
    for number, wait in enumerate(RETRY_AFTER, start=1):
        assert len(services.messages) == number
        clock.advance(wait - timedelta(seconds=1))
        let_the_worker_work()
        assert len(services.messages) == number, "not a second early"
        clock.advance(timedelta(seconds=1))
        let_the_worker_work()
    assert [each.total_seconds() for each in RETRY_AFTER] == [30, 120, 600, 3600, 7200, 14400, 28800]
    assert (len(services.messages), states()) == (8, [MessageState.PARKED])
    (message,) = messages()
    assert [(each.status, each.excerpt) for each in message.attempts] == [(500, "out of order")] * 8
    assert len({body for _, _, body in services.messages}) == 1, "the same message each time"


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429])
def test_whatever_is_not_a_2xx_is_tried_again(
    app: Flask, services: MemoryServices, clock: ManualClock, status: int
) -> None:
    a_ping()
    services.replies = [ServiceReply(status)]
    let_the_worker_work()
    assert states() == [MessageState.WAITING]
    clock.advance(RETRY_AFTER[0])
    let_the_worker_work()
    assert states() == [MessageState.DELIVERED]


def test_a_service_that_is_down_is_left_alone_and_then_told_everything(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    endpoint = an_endpoint()
    services.down = True
    for _ in range(5):
        a_ping(endpoint)
        clock.advance(timedelta(seconds=1))
    let_the_worker_work()
    assert sum(len(each.attempts) for each in messages()) == 1, "not every message waits for it in vain"
    services.down = False
    clock.advance(timedelta(minutes=1))
    let_the_worker_work()
    assert states() == [MessageState.DELIVERED] * 5


def test_who_asks_for_time_is_given_it_within_reason(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    endpoint = an_endpoint()
    a_ping(endpoint)
    a_ping(endpoint)
    services.replies = [ServiceReply(429, retry_after_seconds=120), ServiceReply(429, retry_after_seconds=10**6)]
    let_the_worker_work()
    clock.advance(timedelta(seconds=119))
    let_the_worker_work()
    assert len(services.messages) == 1
    clock.advance(timedelta(seconds=1))
    let_the_worker_work()
    assert len(services.messages) == 2
    clock.advance(LONGEST_REST)
    let_the_worker_work()
    assert states() == [MessageState.DELIVERED] * 2


def test_a_slow_service_keeps_no_other_one_waiting(app: Flask, services: MemoryServices) -> None:
    silent, well = an_endpoint(url="https://slow.example.org/"), an_endpoint()
    with transaction():
        slow = db.session.get_one(WebhookEndpoint, silent.id)
        slow.resting_until = ports().clock.now() + timedelta(minutes=1)
    user = signed_in_to(a_user(), silent, well)
    with transaction():
        user.first_name = "Catherine"
    let_the_worker_work()
    assert (states(silent), states(well)) == ([MessageState.WAITING], [MessageState.DELIVERED])


def test_the_oldest_change_is_sent_first(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    for name in ("Ann", "Bea", "Cleo"):
        clock.advance(timedelta(seconds=1))
        with transaction():
            user.first_name = name
    let_the_worker_work()
    assert [read(each)["message"]["changes"]["firstName"] for each in services.messages] == ["Ann", "Bea", "Cleo"]


def test_a_message_that_cannot_be_opened_any_more_is_parked_and_holds_nothing_up(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    unreadable = a_ping()
    with transaction():
        unreadable.body_sealed = b"sealed with a key that is gone"
    clock.advance(timedelta(seconds=1))
    a_ping(unreadable.endpoint)
    let_the_worker_work()
    assert sorted(states()) == [MessageState.DELIVERED, MessageState.PARKED]
    assert len(services.messages) == 1


def test_a_new_secret_is_used_once_the_service_knows_it(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    """The service changes over when it likes; no message is lost and nobody has to press a button then."""
    endpoint = an_endpoint()
    a_ping(endpoint)
    let_the_worker_work()
    with transaction():
        new = webhooks.rotate_secret(endpoint, actor=SYSTEM, now=clock.now())
    a_ping(endpoint)
    let_the_worker_work()
    read(services.messages[1], SECRET)
    # Now the service has changed over: what is signed with the old one it refuses.
    clock.advance(timedelta(minutes=1))
    services.replies = [ServiceReply(401)]
    a_ping(endpoint)
    let_the_worker_work()
    read(services.messages[2], SECRET)
    read(services.messages[3], new)
    a_ping(endpoint)
    let_the_worker_work()
    read(services.messages[4], new)
    assert states() == [MessageState.DELIVERED] * 4


def test_however_often_a_secret_is_made_anew_one_stays_that_the_service_knows(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    endpoint = an_endpoint()
    a_ping(endpoint)
    let_the_worker_work()
    new = ""
    with transaction():
        endpoint = db.session.get_one(WebhookEndpoint, endpoint.id)
        db.session.expire_all()
        for _ in range(3):
            new = webhooks.rotate_secret(endpoint, actor=SYSTEM, now=clock.now())
            clock.advance(timedelta(minutes=1))
    a_ping(endpoint)
    let_the_worker_work()
    read(services.messages[1], SECRET)
    assert len(endpoint.secrets) == 2
    services.replies = [ServiceReply(401)]
    a_ping(endpoint)
    let_the_worker_work()
    read(services.messages[3], new)


def test_a_service_that_others_run_has_no_endpoint(app: Flask) -> None:
    theirs = a_client(first_party=False)
    with pytest.raises(EndpointRefused, match="only services of our own"), transaction():
        webhooks.add(theirs, "https://other.example.org/hook", ["UserUpdated"], actor=SYSTEM, now=NOW)


def test_an_old_secret_is_not_used_after_its_time(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    endpoint = an_endpoint()
    with transaction():
        webhooks.rotate_secret(endpoint, actor=SYSTEM, now=clock.now())
        new = webhooks.rotate_secret(endpoint, actor=SYSTEM, now=clock.now())
    assert len(endpoint.secrets) == 2
    clock.advance(webhooks.OLD_SECRET_LIVES)
    a_ping(endpoint)
    let_the_worker_work()
    read(services.messages[0], new)


def test_a_clock_that_went_back_does_not_cost_the_newest_secret(app: Flask, clock: ManualClock) -> None:
    endpoint = an_endpoint()
    made = []
    for _ in range(3):
        clock.advance(timedelta(hours=-1))
        with transaction():
            endpoint = db.session.get_one(WebhookEndpoint, endpoint.id)
            made.append(webhooks.rotate_secret(endpoint, actor=SYSTEM, now=clock.now()))
    db.session.expire_all()
    assert [vault.unseal(each.sealed, webhooks.SECRET) for each in endpoint.secrets][1:] == made[-1:]
    assert [each.expires_at is None for each in endpoint.secrets] == [False, True]


def test_a_parked_message_is_replayed_as_it_was(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    message = a_ping()
    with pytest.raises(IllegalMove), transaction():
        webhooks.replay(db.session.get_one(WebhookMessage, message.id), actor=SYSTEM, now=clock.now())
    let_the_worker_work()
    clock.advance(timedelta(hours=1))
    with transaction():
        webhooks.replay(db.session.get_one(WebhookMessage, message.id), actor=SYSTEM, now=clock.now())
    let_the_worker_work()
    first, second = services.messages
    assert first[2] == second[2]
    (replayed,) = messages()
    assert (replayed.state, len(replayed.attempts)) == (MessageState.DELIVERED, 2)


def test_an_endpoint_that_is_switched_off_hears_nothing_until_it_is_on_again(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    with transaction():
        user.first_name = "Before"
    turn(endpoint, on=False)
    with transaction():
        user.first_name = "Meanwhile"
    let_the_worker_work()
    assert services.messages == []
    with pytest.raises(IllegalMove):
        a_ping(db.session.get_one(WebhookEndpoint, endpoint.id))
    turn(endpoint, on=True)
    let_the_worker_work()
    assert [read(each)["message"]["user"]["firstName"] for each in services.messages] == ["Before"]


def turn(endpoint: WebhookEndpoint, *, on: bool) -> None:
    with transaction():
        there = db.session.get_one(WebhookEndpoint, endpoint.id)
        types = there.message_types
        webhooks.change(there, url=there.url, types=types, enabled=on, actor=SYSTEM, now=ports().clock.now())


def test_what_a_killed_worker_left_behind_is_sent(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    message = a_ping()
    with transaction():
        db.session.execute(db.text("DELETE FROM procrastinate_jobs"))
    assert list(webhook_delivery.endpoints_left_behind(clock.now())) == []
    clock.advance(timedelta(minutes=2))
    assert list(webhook_delivery.endpoints_left_behind(clock.now())) == [message.endpoint_id]


@pytest.mark.parametrize(
    ("url", "types"),
    [
        ("http://npq.example.org/", ["UserCreated"]),
        ("https://user@npq.example.org/", ["UserCreated"]),
        ("npq.example.org", ["UserCreated"]),
        ("https://npq.example.org/", []),
        ("https://npq.example.org/", ["Ping"]),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused(app: Flask, url: str, types: list[str]) -> None:
    with pytest.raises(webhooks.EndpointRefused):
        an_endpoint(url=url, types=types)


def test_old_messages_go(app: Flask, services: MemoryServices, clock: ManualClock) -> None:
    a_ping()
    let_the_worker_work()
    clock.advance(timedelta(days=29))
    retention.remove_expired(clock.now())
    assert len(messages()) == 1
    clock.advance(timedelta(days=2))
    retention.remove_expired(clock.now())
    assert messages() == []
