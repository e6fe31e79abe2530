"""Codes and tokens that are dead are deleted in small batches, and nothing that is alive."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from identity_provider import jobs
from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import AccessToken, Grant, RefreshToken
from identity_provider.services import grants
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty


def sign_in(app: Flask, service: RelyingParty) -> str:
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    return str(signed_in.token["refresh_token"])


def clean(clock: ManualClock, batch: int = 1_000) -> int:
    with transaction():
        return grants.remove_expired(now=clock.now(), batch=batch)


def counts() -> tuple[int, int, int]:
    return tuple(db.session.query(each).count() for each in (AccessToken, RefreshToken, Grant))  # type: ignore[return-value]  # three


def test_what_lives_stays_and_what_is_dead_goes(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scope="openid offline_access")
    refresh = sign_in(app, service)
    clock.advance(timedelta(minutes=16))
    assert clean(clock) == 1
    assert counts() == (0, 1, 1)
    clock.advance(timedelta(days=13))
    assert service.token({"grant_type": "refresh_token", "refresh_token": refresh}).status == 200
    clock.advance(timedelta(days=90))
    while clean(clock, batch=1):
        pass
    assert counts() == (0, 0, 0)


def test_a_batch_is_as_large_as_it_is_said_to_be(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, scope="openid")
    browser = a_browser_of(app, a_user(trn="1234567"))
    for _ in range(3):
        browser.get(service.ask().path)
    clock.advance(timedelta(days=2))
    assert [clean(clock, batch=2), clean(clock, batch=2), clean(clock, batch=2)] == [2, 1, 0]


def test_the_worker_s_cleaning_takes_the_dead_along(app: Flask, clock: ManualClock) -> None:
    sign_in(app, a_relying_party(app, scope="openid offline_access"))
    clock.advance(timedelta(days=91))
    jobs.remove_what_has_expired(0)
    assert counts() == (0, 0, 0)
