"""What has lived its time is deleted; what has not stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import func, select

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import Base, db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.models import AuthorizationRequest, CodeChallenge, Delivery, Journey, Lookup, OutboxMessage, User
from identity_provider.services import kept_lookups, lookups, rate_limits, retention
from identity_provider.services.register_search import Occasion
from matching.records import PersonDetails
from tests.builders import NOW, a_client, a_user

LONG_AGO = NOW - timedelta(days=8)


def how_many(table: type[Base]) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def a_journey(expired_at: datetime) -> None:
    request = AuthorizationRequest(
        client_id=a_client().id, redirect_uri="https://a", scope="openid", created_at=LONG_AGO, expires_at=expired_at
    )
    with transaction():
        db.session.add(request)
        db.session.flush()
        db.session.add(
            Journey(browser_hmac=b"x", authorization_request_id=request.id, created_at=LONG_AGO, expires_at=expired_at)
        )


def test_abandoned_journeys_go_after_a_week_with_their_requests(app: Flask) -> None:
    a_journey(LONG_AGO)
    a_journey(NOW)
    removed = retention.remove_expired(NOW)
    assert (removed["journeys"], removed["authorization_requests"]) == (1, 1)
    assert (how_many(Journey), how_many(AuthorizationRequest)) == (1, 1)


def a_search(user: User | None, journey_id: UUID | None) -> None:
    person = PersonDetails(first_name="Kate", last_name="Bush")
    found = lookups.look_up(person, MemoryRegister(), MatchPolicy.DEFAULT, occasion=Occasion.JOURNEY, now=LONG_AGO)
    with transaction():
        kept_lookups.keep(found, user_id=user.id if user else None, journey_id=journey_id)


def test_searches_for_nobody_go_with_their_journey_and_those_of_a_person_stay(app: Flask) -> None:
    a_journey(NOW - timedelta(days=9))
    a_journey(NOW)
    old, young = db.session.query(Journey).order_by(Journey.expires_at).all()
    known, young_id = a_user(), young.id
    for user, journey_id in ((None, old.id), (known, old.id), (None, young_id), (None, None)):
        a_search(user, journey_id)
    assert retention.remove_expired(NOW)["lookups"] == 2
    db.session.rollback()
    assert {(each.user_id, each.journey_id) for each in db.session.query(Lookup)} == {
        (known.id, None),
        (None, young.id),
    }


def test_codes_counters_and_delivered_messages_go_and_waiting_ones_stay(app: Flask) -> None:
    user = a_user()
    with transaction():
        db.session.add(CodeChallenge(purpose="p", address="a@example.com", subject_id=user.id, created_at=LONG_AGO))
        rate_limits.count(rate_limits.CODES_PER_IP, "127.0.0.1", now=LONG_AGO)
        for number, delivery in enumerate((Delivery.DELIVERED, Delivery.WAITING)):
            db.session.add(
                OutboxMessage(
                    kind="k",
                    idempotency_key=str(number),
                    delivery=delivery,
                    created_at=NOW - timedelta(days=40),
                    settled_at=NOW - timedelta(days=40) if delivery is Delivery.DELIVERED else None,
                )
            )
    removed = retention.remove_expired(NOW)
    assert (removed["code_challenges"], removed["rate_counters"], removed["outbox_messages"]) == (1, 1, 1)
    assert how_many(OutboxMessage) == 1


def test_many_rows_go_in_batches(app: Flask) -> None:
    with transaction():
        for number in range(retention.BATCH + 5):
            db.session.add(CodeChallenge(purpose=str(number), address="a", subject_id=uuid4(), created_at=LONG_AGO))
    assert retention.remove_expired(NOW)["code_challenges"] == retention.BATCH + 5


def test_what_older_lookups_said_in_words_is_taken_out_and_the_rest_stays(app: Flask) -> None:
    """Also of those that the version before writes while it is replaced: the round comes again."""
    compared: list[dict[str, Any]] = [
        {"field": "nino", "level": "same", "bits": 2.5},
        {"field": "trn", "level": "missing", "bits": 0},
    ]
    candidates: list[dict[str, Any]] = [
        {"trn": "1234567", "fields": compared},
        {"trn": "7654321", "fields": compared[:1]},
    ]
    said = [each | {"fields": [one | {"sentence": "Same (Kate)"} for one in each["fields"]]} for each in candidates]
    kept: list[dict[str, Any]] = [{"policy": "Default", "candidates": said}, {"candidates": []}, {}]
    for explanation in kept:
        an_older_lookup(explanation)
    assert retention.remove_everything_expired(NOW)["sentences_of_lookups"] == 1
    assert retention.remove_everything_expired(NOW)["sentences_of_lookups"] == 0
    an_older_lookup({"candidates": said})
    assert retention.remove_everything_expired(NOW)["sentences_of_lookups"] == 1
    rows = db.session.scalars(select(Lookup).execution_options(populate_existing=True)).all()
    assert sorted((each.explanation for each in rows), key=lambda each: len(str(each))) == [
        {},
        {"candidates": []},
        {"candidates": candidates},
        {"policy": "Default", "candidates": candidates},
    ]
    assert [kept_lookups.sentences_in(each) for each in rows] == [{}] * 4


def an_older_lookup(explanation: dict[str, Any]) -> None:
    user = a_user()
    with transaction():
        db.session.add(
            Lookup(
                user_id=user.id,
                occasion="journey",
                outcome="none",
                reason="no_record_weak",
                policy="Default",
                asked_encrypted=b"",
                explanation=explanation,
                duration_ms=1,
                at=NOW,
            )
        )
