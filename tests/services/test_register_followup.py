"""A new register is asked about everybody whose record was not found so far."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import AuthorizationRequest, SupportTicket, User
from identity_provider.services import journeys, kept_lookups, lookups
from identity_provider.services.register_followup import look_everybody_up_again
from identity_provider.services.register_search import Occasion
from tests.builders import NOW, a_client, a_record, a_user


def waiting() -> set[str]:
    rows = db.session.execute(text("SELECT args ->> 'user_id' FROM procrastinate_jobs WHERE status = 'todo'"))
    return {user_id for (user_id,) in rows}


def test_pending_and_none_are_asked_about_once_and_the_others_are_not(app: Flask) -> None:
    near = a_user(lookup_status=LookupStatus.PENDING, lookup_reason=LookupReason.NEAR_MATCH)
    none = a_user(lookup_status=LookupStatus.NONE, lookup_reason=LookupReason.NO_RECORD)
    a_user(lookup_status=LookupStatus.FAILED, lookup_reason=LookupReason.CONFIRMED_BY_SUPPORT)
    a_user(trn="1234567")
    a_user()  # not looked up yet
    a_user(lookup_status=LookupStatus.PENDING, lookup_reason=LookupReason.NEAR_MATCH, erased_at=NOW)
    assert look_everybody_up_again() == 2
    assert look_everybody_up_again() == 2
    assert waiting() == {str(near.id), str(none.id)}
    jobs = db.session.scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert jobs == 2


def a_journey_of(user: User) -> None:
    """The journey in which they asked for their record, for a service that raises tickets."""
    client, ends = a_client(raise_tickets=True), NOW + timedelta(hours=2)
    uri = client.redirect_uris[0]
    request = AuthorizationRequest(
        client_id=client.id, redirect_uri=uri, scope="openid trn", created_at=NOW, expires_at=ends
    )
    with transaction():
        db.session.add(request)
        db.session.flush()
        journeys.begin(request, "b" * 43, NOW).user_id = user.id


def searched_in_vain(register: MemoryRegister) -> User:
    """Somebody of whom the register knew nothing, and who was not yet asked to check what they said."""
    user = a_user()
    search = lookups.look_up(lookups.person_of(user), register, MatchPolicy.DEFAULT, occasion=Occasion.SIGN_IN, now=NOW)
    with transaction():
        kept_lookups.keep(search, user_id=user.id, journey_id=None)
    assert user.lookup_reason is LookupReason.NOT_LOOKED_UP
    return user


def test_who_got_an_empty_answer_is_asked_about_again(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("7654321", first_name="Aloysius", last_name="Quill", nino="")]
    user = searched_in_vain(register)
    assert look_everybody_up_again() == 1
    assert waiting() == {str(user.id)}


def test_another_empty_answer_leaves_them_as_they_are_and_opens_no_case(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record("7654321", first_name="Aloysius", last_name="Quill", nino="")]
    user = searched_in_vain(register)
    a_journey_of(user)
    lookups.look_up_again(user.id, register, NOW)
    db.session.refresh(user)
    assert (user.lookup_status, user.lookup_reason) == (LookupStatus.PENDING, LookupReason.NOT_LOOKED_UP)
    assert db.session.query(SupportTicket).count() == 0


def test_whom_no_search_was_for_is_left_alone(app: Flask) -> None:
    a_user()
    assert look_everybody_up_again() == 0
