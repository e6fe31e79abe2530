"""A TRN token whose person comes by a connected One Login: it links as after a code, and by a proved address only."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.domain.lookup import LookupReason, VerificationLevel
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import code_limits, rate_limits
from identity_provider.services.code_limits import Door
from tests.builders import a_client, a_record, a_user
from tests.journeys.test_trn_tokens import a_token, the_token
from tests.journeys.travel import Traveller, codes_sent_to, newest_code, user_at
from tests.kit.one_login import OneLoginNearby
from tests.one_login.people import PHILIPPA, connected, philippa, set_out


@pytest.fixture(autouse=True)
def known(app: Flask, one_login: OneLoginNearby, register: MemoryRegister) -> None:
    """Philippa has no record yet, and her One Login opens her account."""
    register.records = [a_record(first_name="Entirely", last_name="Different")]
    philippa(trn=None)
    connected(app, one_login)


def come_with(app: Flask, token: str) -> Traveller:
    return set_out(app, "t" * 43, client=a_client(), parameters={"trn_token": token}, scope="openid email trn")


def nobody_has_proved_the_address() -> None:
    with transaction():
        db.session.execute(update(User).values(email_verified_at=None))


def test_it_links_the_record_and_nothing_is_asked(app: Flask, one_login: OneLoginNearby) -> None:
    person = come_with(app, a_token(email=PHILIPPA))
    assert one_login.go_through(person, "philippa").path == person.answer_path
    user = user_at(PHILIPPA)
    assert (user.trn, user.lookup_reason) == ("1234567", LookupReason.TRN_TOKEN)
    assert user.verification_level is VerificationLevel.MEDIUM
    assert the_token().used_by_id == user.id


def test_an_address_that_nobody_proved_is_proved_by_a_code_first(app: Flask, one_login: OneLoginNearby) -> None:
    nobody_has_proved_the_address()
    person = come_with(app, a_token(email=PHILIPPA))
    assert one_login.go_through(person, "philippa").path == person.step("code")
    assert (user_at(PHILIPPA).trn, the_token().used_at) == (None, None)
    assert person.submit(code=newest_code(PHILIPPA)).path == person.answer_path
    assert user_at(PHILIPPA).trn == "1234567"


def test_where_no_more_codes_may_be_sent_the_token_is_left_aside(app: Flask, one_login: OneLoginNearby) -> None:
    nobody_has_proved_the_address()
    sent = codes_sent_to(PHILIPPA)
    for _ in range(rate_limits.CODES_PER_ADDRESS.count):
        try:
            with transaction():
                code_limits.count_sending(Door.PERSON, PHILIPPA, "127.0.0.1", now=ports().clock.now())
        except RateLimited:
            break
    person = come_with(app, a_token(email=PHILIPPA))
    assert one_login.go_through(person, "philippa").path != person.step("code")
    assert (user_at(PHILIPPA).trn, the_token().used_at, codes_sent_to(PHILIPPA)) == (None, None, sent)


def test_a_record_that_another_account_holds_is_left_to_the_questions(app: Flask, one_login: OneLoginNearby) -> None:
    a_user(trn="1234567")
    person = come_with(app, a_token(email=PHILIPPA))
    one_login.go_through(person, "philippa")
    assert (user_at(PHILIPPA).trn, the_token().used_at) == (None, None)


def test_a_silent_register_keeps_nobody_from_signing_in(
    app: Flask, one_login: OneLoginNearby, register: MemoryRegister
) -> None:
    register.down = True
    person = come_with(app, a_token(email=PHILIPPA))
    one_login.go_through(person, "philippa")
    assert person.journey.user_id == user_at(PHILIPPA).id
    assert the_token().used_at is None
