"""Attacks by way of clocks (design page oidc.md, case 58): a machine's clock jumps back, and revives nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, update

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.models import Grant
from identity_provider.services.grants import CODE_LIVES
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


@pytest.mark.parametrize(("ago", "status"), [(CODE_LIVES - timedelta(seconds=15), 200), (CODE_LIVES, 400)])
def test_58_a_code_that_expired_by_the_database_s_clock_stays_so(
    app: Flask, service: RelyingParty, ago: timedelta, status: int
) -> None:
    """Case 58: whatever the machine's clock says, here that no time has passed."""
    asked = service.ask()
    code = service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    with transaction():
        db.session.execute(update(Grant).values(issued_at=func.now() - ago))
    assert service.redeem(code, asked.verifier).status == status


def test_58_a_code_expires_by_the_machine_s_clock_too(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    """Case 37 and 58: sixty seconds."""
    asked = service.ask()
    code = service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    clock.advance(CODE_LIVES)
    assert service.redeem(code, asked.verifier).json["error"] == "invalid_grant"


@pytest.mark.parametrize("back", [timedelta(seconds=30), timedelta(days=400)])
def test_58_a_code_that_was_used_stays_used(
    app: Flask, service: RelyingParty, clock: ManualClock, back: timedelta
) -> None:
    """Case 58: used is used, at whatever time."""
    asked = service.ask()
    code = service.code_in(a_browser_of(app, a_user(trn="1234567")).get(asked.path).location, asked)
    assert service.redeem(code, asked.verifier).status == 200
    clock.advance(-back)
    assert service.redeem(code, asked.verifier).json["error"] == "invalid_grant"
