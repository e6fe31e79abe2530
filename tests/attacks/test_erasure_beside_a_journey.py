"""Somebody's account is erased while the same person clicks through a journey: neither fails for the other."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import delete, select

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.kit.app import ports
from identity_provider.models import AuthorizationRequest, Grant, Journey, Lookup, User
from identity_provider.services import accounts, erasure, lookups, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client, a_record, a_user
from tests.journeys.travel import EMAIL, Traveller, count_of
from tests.kit.page import Page
from tests.kit.second_party import SecondParty, just_before

Ready = tuple[Traveller, UUID]


@pytest.fixture
def asked(app: Flask) -> Ready:
    """Somebody signed in whose National Insurance number is asked for, and who they are."""
    user = a_user(email=EMAIL)
    person = Traveller(app)
    person.set_out()
    assert person.prove().path == person.step("national-insurance-number")
    return person, user.id


@pytest.fixture
def finished(app: Flask) -> Ready:
    """Somebody signed in of whom nothing more is asked, and who they are."""
    user = a_user(email=EMAIL, trn="1234567")
    person = Traveller(app)
    person.set_out()
    assert person.prove().path == person.answer_path
    with transaction():
        # As if the browser had not been there yet.
        person.journey.authorization_request.answered_at = None
        db.session.execute(delete(Grant))
    return person, user.id


def erasing(user_id: UUID) -> Callable[[], None]:
    def erase() -> None:
        with transaction():
            user = db.session.get_one(User, user_id)
            erasure.erase(user, actor=SYSTEM, reason="They asked", now=ports().clock.now())

    return erase


def clicking(seen: list[Page], click: Callable[[], Page]) -> Callable[[], None]:
    return lambda: seen.append(click())


def assert_forgotten(user_id: UUID) -> None:
    db.session.rollback()
    user = db.session.get_one(User, user_id, populate_existing=True)
    assert (user.email, user.erased_at is not None) == ("", True)
    for model in (Journey, AuthorizationRequest, Lookup):
        assert count_of(model) == 0
    assert all(each.revoked_at is not None for each in db.session.scalars(select(Grant)))


def test_an_erasure_that_comes_during_a_click_waits_for_it(app: Flask, asked: Ready) -> None:
    person, user_id = asked
    eraser = SecondParty(app, erasing(user_id))
    with just_before("FOR UPDATE OF users", eraser.go_ahead):
        page = person.submit(has="no")
    eraser.join()
    assert eraser.failed is None
    assert page.status < 500
    assert_forgotten(user_id)


@pytest.mark.parametrize("held", ["FOR NO KEY UPDATE OF authorization_requests", "DELETE FROM journeys"])
def test_a_click_that_comes_during_an_erasure_finds_the_journey_gone(app: Flask, asked: Ready, held: str) -> None:
    person, user_id = asked
    seen: list[Page] = []
    clicker = SecondParty(app, clicking(seen, lambda: person.submit(has="no")))
    with just_before(held, clicker.go_ahead):
        erasing(user_id)()
    clicker.join()
    assert clicker.failed is None
    assert [(each.status, each.response.request.path) for each in seen] == [
        (400, person.step("national-insurance-number"))
    ]
    assert_forgotten(user_id)


@pytest.mark.parametrize("held", ["FOR UPDATE OF users", "DELETE FROM authorization_requests"])
def test_no_code_is_given_for_somebody_who_is_being_erased(app: Flask, finished: Ready, held: str) -> None:
    person, user_id = finished
    seen: list[Page] = []
    clicker = SecondParty(app, clicking(seen, lambda: person.get(person_answer)))
    person_answer = person.answer_path
    with just_before(held, clicker.go_ahead):
        erasing(user_id)()
    clicker.join()
    assert clicker.failed is None
    assert [(each.status < 500, "code=" in (each.location or "")) for each in seen] == [(True, False)]
    assert count_of(Grant, Grant.user_id == user_id) == 0
    assert_forgotten(user_id)


def test_a_journey_that_becomes_theirs_at_the_last_moment_is_held_too(app: Flask, asked: Ready) -> None:
    _, user_id = asked
    late, seen = Traveller(app, "2" * 43), list[Page]()
    late.set_out()
    late.submit(email="another@example.com")

    def sign_in() -> None:
        with transaction():
            db.session.get_one(Journey, late.journey_id).user_id = user_id

    clicker = SecondParty(app, clicking(seen, lambda: late.submit(code="000000")))
    with (
        just_before("FOR UPDATE OF users", SecondParty(app, sign_in).go_ahead),
        just_before("DELETE FROM journeys", clicker.go_ahead),
    ):
        erasing(user_id)()
    clicker.join()
    assert clicker.failed is None
    assert [each.status for each in seen] == [400]
    assert_forgotten(user_id)


@pytest.mark.parametrize("held", ["FOR UPDATE OF users", "DELETE FROM journeys"])
def test_an_erasure_and_a_search_in_the_background_do_not_wait_in_a_circle(
    app: Flask, asked: Ready, register: MemoryRegister, held: str
) -> None:
    person, user_id = asked
    register.records = [a_record()]
    client, now = a_client(raise_tickets=True), ports().clock.now()
    with transaction():
        db.session.get_one(Journey, person.journey_id).authorization_request.client_id = client.id
        unanswered = pending(LookupReason.REGISTER_UNAVAILABLE)
        trn_links.stand_at(accounts.held(user_id), unanswered, actor=SYSTEM, now=now)
    worker = SecondParty(app, lambda: lookups.look_up_again(user_id, register, now))
    with just_before(held, worker.go_ahead):
        erasing(user_id)()
    worker.join()
    assert worker.failed is None
    assert_forgotten(user_id)
