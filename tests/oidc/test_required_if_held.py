"""A service with `RequiredIfHeld`: without a TRN exactly `None` and `Failed` pass, at each moment of issue."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.domain.lookup import REASONS, LookupReason, LookupState, LookupStatus, pending
from identity_provider.models import User
from identity_provider.services import trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import Asked, RelyingParty
from tests.oidc.test_prompts import end_of_journey

NONE = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)
FAILED = LookupState(LookupStatus.FAILED, LookupReason.CONFIRMED_BY_SUPPORT)
UNSURE = [pending(reason) for reason in sorted(REASONS[LookupStatus.PENDING])]


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    scope = "openid profile email trn offline_access"
    return a_relying_party(app, scope=scope, trn_requirement=TrnRequirement.REQUIRED_IF_HELD)


def stand(user: User, state: LookupState) -> None:
    """What an agent or the worker decides, in a transaction of its own."""
    db.session.rollback()
    with transaction():
        trn_links.stand_open(db.session.get_one(User, user.id), state, actor=SYSTEM, now=NOW, reason="looked at again")


def in_state(state: LookupState) -> User:
    user = a_user()
    with transaction():
        trn_links.stand_at(user, state, actor=SYSTEM, now=NOW)
    return user


def at_the_end(app: Flask, service: RelyingParty, user: User, clock: ManualClock) -> tuple[str, Asked]:
    """The redirect that ends a journey of this person, whatever its pages believed."""
    asked, browser = service.ask(), app.test_client()
    answer = browser.get(asked.path)
    return end_of_journey(app, answer.location, user, clock, browser).location, asked


@pytest.mark.parametrize("state", [NONE, FAILED], ids=lambda state: state.status)
def test_somebody_of_whom_it_is_known_that_there_is_none_passes(
    app: Flask, service: RelyingParty, clock: ManualClock, state: LookupState
) -> None:
    location, asked = at_the_end(app, service, in_state(state), clock)
    signed_in = service.finish(location, asked)
    for told in (signed_in.claims, signed_in.userinfo):
        assert (told["trn_lookup_status"], told["trn_lookup_reason"]) == (state.status, state.reason)
        assert "trn" not in told
    refreshed = service.token({"grant_type": "refresh_token", "refresh_token": signed_in.token["refresh_token"]})
    assert refreshed.status == 200


def test_somebody_with_a_trn_passes(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    location, asked = at_the_end(app, service, a_user(trn="1234567"), clock)
    assert service.finish(location, asked).claims["trn"] == "1234567"


@pytest.mark.parametrize("state", UNSURE, ids=lambda state: state.reason)
def test_nobody_pending_gets_a_code_whatever_the_reason(
    app: Flask, service: RelyingParty, clock: ManualClock, state: LookupState
) -> None:
    user = in_state(state)
    location, _ = at_the_end(app, service, user, clock)
    assert service.answer_in(location)["error"] == "access_denied"
    silent = a_browser_of(app, user).get(service.ask(prompt="none").path).location
    assert service.answer_in(silent)["error"] == "interaction_required"


@pytest.mark.parametrize("state", [NONE, FAILED], ids=lambda state: state.status)
def test_who_turns_pending_between_code_and_token_gets_no_token(
    app: Flask, service: RelyingParty, clock: ManualClock, state: LookupState
) -> None:
    user = in_state(state)
    location, asked = at_the_end(app, service, user, clock)
    stand(user, pending(LookupReason.WITH_HELPDESK))
    reply = service.redeem(service.code_in(location, asked), asked.verifier)
    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("fast", [True, False], ids=["fast lane", "long way"])
def test_who_turns_pending_afterwards_is_not_refreshed_and_is_again_once_settled(
    app: Flask, service: RelyingParty, clock: ManualClock, fast: bool
) -> None:
    user = in_state(NONE)
    location, asked = at_the_end(app, service, user, clock)
    token = service.finish(location, asked).token["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token} | ({} if fast else {"scope": service.scope})
    stand(user, pending(LookupReason.AMBIGUOUS))
    refused = service.token(form)
    assert (refused.status, refused.json["error"]) == (400, "invalid_grant")
    with transaction():
        trn_links.stand_at(db.session.get_one(User, user.id), FAILED, actor=SYSTEM, now=NOW)
    assert service.token(form).status == 200
