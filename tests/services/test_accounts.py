"""Accounts: one per address, recognised by name and birthday, two of one person made one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import func, select

from identity_provider.db import db, transaction
from identity_provider.domain.errors import EmailInUse, IllegalMove
from identity_provider.models import AuthorizationRequest, Journey, User
from identity_provider.services import accounts, journeys
from identity_provider.services.statements import NINO_CONTEXT
from identity_provider.vault import vault
from tests.builders import NOW, a_client, a_user


def a_journey(**answers: object) -> Journey:
    """The journey of somebody who proved an address and answered who they are."""
    client = a_client()
    request = AuthorizationRequest(
        client_id=client.id,
        redirect_uri=client.redirect_uris[0],
        scope="openid trn",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=2),
    )
    with transaction():
        db.session.add(request)
        db.session.flush()
        journey = journeys.begin(request, "b" * 43, NOW)
        stated = {
            "email": "kate@example.com",
            "email_proved_at": NOW,
            "first_name": "Kate",
            "middle_name": "",
            "last_name": "Bush",
            "preferred_name": "Kate Bush",
            "date_of_birth": date(1985, 3, 4),
        }
        for name, value in (stated | answers).items():
            setattr(journey, name, value)
    return journey


def test_an_account_keeps_what_was_stated(app: Flask) -> None:
    sealed = vault.seal("AB123456C", NINO_CONTEXT)
    journey = a_journey(
        has_previous_names=True,
        previous_names=[{"first_name": "", "last_name": "Quigley"}],
        has_nino=True,
        nino_encrypted=sealed,
        has_trn=True,
        stated_trn="1234567",
        has_qts=True,
        training_provider="Example College",
    )
    with transaction():
        user, made = accounts.create(journey, now=NOW)
    assert made
    assert (user.email, user.email_verified_at, user.name.full) == ("kate@example.com", NOW, "Kate Bush")
    assert (user.stated_trn, user.stated_has_qts, user.stated_training_provider) == ("1234567", True, "Example College")
    assert user.stated_nino_encrypted == sealed
    assert user.registered_with_client_id == journey.client.id
    assert user.trn is None


def test_there_is_no_account_without_a_proved_address(app: Flask) -> None:
    with pytest.raises(IllegalMove):
        accounts.create(a_journey(email_proved_at=None), now=NOW)


def test_of_eight_tabs_that_make_an_account_at_once_one_does(app: Flask) -> None:
    ids = [a_journey().id for _ in range(8)]
    made: list[bool] = []
    start = Barrier(len(ids))

    def attempt(journey_id: object) -> None:
        with app.app_context():
            start.wait()
            with transaction():
                made.append(accounts.create(db.session.get_one(Journey, journey_id), now=NOW)[1])

    threads = [Thread(target=attempt, args=[each]) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [False] * 7 + [True]
    assert db.session.scalar(select(func.count()).select_from(User)) == 1


def test_what_was_not_asked_this_time_stays_as_it_was(app: Flask) -> None:
    sealed = vault.seal("AB123456C", NINO_CONTEXT)
    user = a_user(stated_has_nino=True, stated_nino_encrypted=sealed, stated_has_qts=True)
    with transaction():
        accounts.keep_statements(user, a_journey(has_nino=False, has_trn=False), now=NOW)
    assert user.stated_nino_encrypted == sealed
    assert (user.stated_has_trn, user.stated_has_qts) == (False, True)


def test_a_namesake_is_found_however_the_name_is_written(app: Flask) -> None:
    earlier = datetime(2025, 1, 1, tzinfo=UTC)
    a_user(first_name="Zoë", last_name="O’Hara", last_signed_in_at=earlier)
    latest = a_user(first_name="ZOE", last_name="O'HARA", last_signed_in_at=NOW)
    a_user(first_name="Zoe", last_name="O'Hara", date_of_birth=date(1985, 4, 3))
    a_user(first_name="Zoe", last_name="O'Hara", locked_at=NOW)
    assert accounts.namesake(a_journey(first_name="Zoe", last_name="Ohara")) == latest
    assert accounts.namesake(a_journey(first_name="Zoe", last_name="Other")) is None
    assert accounts.namesake(a_journey(date_of_birth=None)) is None


def test_names_without_a_letter_that_matching_knows_are_compared_as_they_stand(app: Flask) -> None:
    a_user(first_name="١٢", last_name="٣٤")
    assert accounts.namesake(a_journey(first_name="-", last_name="-")) is None


def test_an_account_with_a_record_of_its_own_is_merged_by_the_helpdesk_only(app: Flask) -> None:
    survivor, other = a_user(trn="1234567"), a_user(trn="7654321")
    with pytest.raises(IllegalMove), transaction():
        accounts.make_one(survivor, other, email=survivor.email, now=NOW)


def test_an_address_of_somebody_else_is_not_taken(app: Flask) -> None:
    survivor, somebody = a_user(trn="1234567"), a_user()
    with pytest.raises(EmailInUse), transaction():
        accounts.make_one(survivor, None, email=somebody.email, now=NOW)
