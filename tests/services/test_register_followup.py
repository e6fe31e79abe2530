"""A new register is asked about everybody whose record was not found so far."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from identity_provider.db import db
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.services.register_followup import look_everybody_up_again
from tests.builders import NOW, a_user


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
