"""What is told, to whom, and when: with the change, or not at all."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock, MemoryRegister, MemoryServices
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.errors import TrnAlreadyLinked
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, VerificationLevel
from identity_provider.models import Client, MessageState, ServiceUse, User, WebhookMessage
from identity_provider.services import accounts, erasure, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_client, a_record, a_user
from tests.journeys.travel import EMAIL, Traveller, user_at
from tests.kit.outside import OutsideWorld
from tests.kit.provider import a_browser_of, a_relying_party
from tests.webhooks.listeners import an_endpoint, let_the_worker_work, messages, read, signed_in_to

USER_KEYS = [
    "userId",
    "emailAddress",
    "firstName",
    "middleName",
    "lastName",
    "preferredName",
    "dateOfBirth",
    "trn",
    "mobileNumber",
    "trnLookupStatus",
]


@pytest.fixture
def services(outside: OutsideWorld) -> MemoryServices:
    return outside.services


def test_a_change_is_told_as_the_existing_service_tells_it(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    clock.advance(timedelta(minutes=5))
    with transaction():
        user.preferred_name = "Kate the Great"
        user.mobile_number = "+447700900000"
    clock.advance(timedelta(hours=1))
    let_the_worker_work()
    (sent,) = services.messages
    assert sent[0] == endpoint.url
    envelope = read(sent)
    assert (envelope["messageType"], envelope["timeUtc"]) == ("UserUpdated", "2026-03-02T09:05:00.000Z")
    told = envelope["message"]["user"]
    assert list(told) == USER_KEYS
    assert told == {
        "userId": str(user.id),
        "emailAddress": user.email,
        "firstName": "Kate",
        "middleName": None,
        "lastName": user.last_name,
        "preferredName": "Kate the Great",
        "dateOfBirth": "1985-03-04",
        "trn": None,
        "mobileNumber": "+447700900000",
        "trnLookupStatus": "Pending",
    }
    assert envelope["message"]["changes"] == {"preferredName": "Kate the Great", "mobileNumber": "+447700900000"}


def test_somebody_new_is_told_with_what_the_lookup_found(
    app: Flask, services: MemoryServices, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    endpoint = an_endpoint()
    person = Traveller(app)
    person.set_out(db.session.get_one(Client, endpoint.client_id))
    person.prove()
    person.say_who()
    person.say_more(trn="1234567")
    person.check()
    let_the_worker_work()
    (sent,) = services.messages
    envelope = read(sent)
    assert envelope["messageType"] == "UserCreated"
    assert list(envelope["message"]) == ["user"]
    told = envelope["message"]["user"]
    assert (told["userId"], told["trn"], told["trnLookupStatus"]) == (str(user_at(EMAIL).id), "1234567", "Found")


def test_an_erasure_is_told_with_nothing_left_and_the_message_outlives_it(app: Flask, services: MemoryServices) -> None:
    mine, _nobodys = an_endpoint(), an_endpoint()
    user = signed_in_to(a_user(trn="1234567"), mine)
    let_the_worker_work()
    services.messages.clear()
    with transaction():
        erasure.erase(accounts.held(user.id), actor=SYSTEM, reason="asked for it", now=NOW)
    let_the_worker_work()
    (sent,) = services.messages
    envelope = read(sent)
    told = dict(envelope["message"]["user"])
    assert (envelope["messageType"], told.pop("userId")) == ("UserUpdated", str(user.id))
    assert told == envelope["message"]["changes"]
    assert {"emailAddress", "firstName", "lastName", "trn", "trnLookupStatus"} <= set(told)
    assert set(told.values()) == {None}


def test_a_merge_is_told_to_the_services_of_both(app: Flask, services: MemoryServices) -> None:
    mine, theirs, nobodys = an_endpoint(), an_endpoint(), an_endpoint()
    survivor, gone = signed_in_to(a_user(trn="1234567"), mine), signed_in_to(a_user(), theirs)
    with transaction():
        accounts.make_one(survivor, gone, email=survivor.email, now=NOW)
    assert (len(messages(mine)), len(messages(theirs)), len(messages(nobodys))) == (1, 1, 0)
    expected = {"masterUserId": str(survivor.id), "mergedUserId": str(gone.id)}
    with transaction():
        survivor.preferred_name = "K"
    assert len(messages(theirs)) == 2, "the services of the account that went hear of the one that remains"
    let_the_worker_work()
    merges = [each for each in map(read, services.messages) if each["messageType"] == "UserMerged"]
    assert [each["message"] for each in merges] == [expected] * 2


def test_a_service_hears_only_of_people_who_signed_in_to_it(app: Flask) -> None:
    service = a_relying_party(app, number=1)
    other = a_relying_party(app, number=2)
    mine = an_endpoint(db.session.get_one(Client, service.client_id))
    an_endpoint(db.session.get_one(Client, other.client_id))
    user = a_user(trn="1234567")
    asked = service.ask()
    service.finish(a_browser_of(app, user).get(asked.path).location, asked)
    with transaction():
        user.middle_name = "Anne"
    (told,) = messages()
    assert told.endpoint_id == mine.id
    assert db.session.scalars(select(ServiceUse.client_id)).all() == [service.client_id]


def test_only_what_was_asked_for_is_told(app: Flask) -> None:
    endpoint = an_endpoint(types=["UserCreated"])
    user = signed_in_to(a_user(), endpoint)
    with transaction():
        user.middle_name = "Anne"
    assert messages() == []


def test_what_is_no_change_is_not_told(app: Flask) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(trn="1234567"), endpoint)
    with transaction():
        user.last_signed_in_at = NOW
        user.first_name = "Kate"
    with transaction():
        user.first_name = "Catherine"
        db.session.flush()
        user.first_name = "Kate"
    assert messages() == []


def test_a_change_that_failed_is_not_told(app: Flask) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    a_user(trn="1234567")
    evidence = trn_links.Evidence(LookupReason.SUPPORT, VerificationLevel.MEDIUM)
    with pytest.raises(TrnAlreadyLinked), transaction():
        trn_links.link(user, "1234567", evidence, actor=SYSTEM, now=NOW)
    user = db.session.get_one(User, user.id)
    with pytest.raises(RuntimeError):
        change_and_fail(user)
    with transaction():
        db.session.add(a_client_row())
    assert messages() == []


def change_and_fail(user: User) -> None:
    with transaction():
        user.first_name = "Catherine"
        db.session.flush()
        raise RuntimeError


def a_client_row() -> Client:
    return Client(id=f"c-{uuid4()}", name="N", created_at=NOW, updated_at=NOW)


def test_the_change_and_its_message_are_kept_together(app: Flask) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    with transaction():
        trn_links.stand_at(
            user, LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT), actor=SYSTEM, now=NOW
        )
        db.session.flush()
        assert db.session.scalars(select(WebhookMessage)).all() == []
    (told,) = messages()
    assert told.state is MessageState.WAITING


def test_a_strict_service_is_told_of_a_trn_once_it_is_proved(
    app: Flask, services: MemoryServices, clock: ManualClock
) -> None:
    strict = an_endpoint(a_client(match_policy=MatchPolicy.STRICT))
    user = signed_in_to(a_user(), strict)
    with transaction():
        low = trn_links.Evidence(LookupReason.MATCHED, VerificationLevel.LOW)
        trn_links.link(user, "1234567", low, actor=SYSTEM, now=NOW)
    clock.advance(timedelta(seconds=1))
    with transaction():
        high = trn_links.Evidence(LookupReason.SUPPORT, VerificationLevel.MEDIUM)
        trn_links.link(user, "1234567", high, actor=SYSTEM, now=NOW)
    let_the_worker_work()
    first, second = (read(sent)["message"] for sent in services.messages)
    assert first["changes"] == {"trnLookupStatus": "Found"}
    assert first["user"]["trn"] is None
    assert second["changes"] == {"trn": "1234567"}


def test_nothing_personal_stands_in_a_job_or_unsealed(app: Flask) -> None:
    endpoint = an_endpoint()
    user = signed_in_to(a_user(), endpoint)
    with transaction():
        user.first_name = "Unmistakable"
    (told,) = messages()
    assert b"Unmistakable" not in told.body_sealed
    jobs = db.session.execute(db.text("SELECT args::text FROM procrastinate_jobs")).scalars()
    assert all("Unmistakable" not in each for each in jobs)
