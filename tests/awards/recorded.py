"""Awards for tests, and people who are signed in to their own account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.awards import Qualification
from identity_provider.models import Award, AwardCode, Client, User
from identity_provider.services import award_codes, awards, browser_sessions, service_uses
from identity_provider.services.awards import Awarded
from tests.builders import NOW, a_client, a_user
from tests.kit.page import Browser

MONTH = timedelta(days=30)
BORN = date(1985, 3, 4)
_numbers = count(1)


def an_award(user: User | None = None, client: Client | None = None, **said: Any) -> Award:
    """An award of somebody who signed in to the service that records it."""
    user, client = user or a_user(), client or a_client()
    usual = Awarded(Qualification.NPQSL, "Example College", date(2026, 1, 15))
    told = replace(usual, **said)
    with transaction():
        service_uses.note(user.id, client.id, now=NOW)
        award, _new = awards.record(user, f"2026-{next(_numbers)}", told, client=client, now=NOW)
        # Read while they can be: a test looks at them after the job that closed the session.
        assert (award.user.id, award.client.id) == (user.id, client.id)
    return award


def a_code(award: Award, given_to: str = "Example College", lifetime: timedelta = MONTH) -> tuple[AwardCode, str]:
    """A code of this award, and its text."""
    with transaction():
        return award_codes.make(award, given_to, lifetime, now=NOW)


def at_home(app: Flask, user: User) -> Browser:
    """The person's browser, signed in."""
    with transaction():
        _, secret = browser_sessions.begin(user, amr=["otp"], now=app.extensions["ports"].clock.now())
    person = Browser(app)
    person.client.set_cookie("session", secret)
    return person


def anew(row: Any) -> Any:
    """The row as it is now."""
    db.session.rollback()
    return db.session.get_one(type(row), row.id, populate_existing=True)
