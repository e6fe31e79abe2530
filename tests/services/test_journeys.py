"""Journeys: one per request and browser, two hours long, and what they may enter on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.errors import IllegalMove
from identity_provider.models import AuthorizationRequest, Client, Journey
from identity_provider.services import browser_sessions, journey_standing, journeys, submissions
from tests.builders import NOW, a_client, a_user

BROWSER = "b" * 43


def a_request(client: Client | None = None, **values: Any) -> AuthorizationRequest:
    client = client or a_client()
    known: dict[str, Any] = {
        "client_id": client.id,
        "redirect_uri": client.redirect_uris[0],
        "scope": "openid trn",
        "created_at": NOW,
        "expires_at": NOW + timedelta(hours=2),
    }
    request = AuthorizationRequest(**(known | values))
    with transaction():
        db.session.add(request)
    return request


def begin(request: AuthorizationRequest) -> Journey:
    with transaction():
        return journeys.begin(request, BROWSER, NOW)


def test_a_request_has_one_journey_however_often_its_page_is_loaded(app: Flask) -> None:
    request = a_request()
    assert begin(request).id == begin(request).id
    with pytest.raises(journeys.JourneyOutOfReach), transaction():
        journeys.begin(request, "c" * 43, NOW)


def test_a_journey_is_found_by_its_own_browser_within_two_hours(app: Flask) -> None:
    journey = begin(a_request())
    assert journeys.find(journey.id, BROWSER, NOW + timedelta(minutes=119)) is journey
    with pytest.raises(journeys.JourneyOutOfReach) as foreign:
        journeys.find(journey.id, "c" * 43, NOW)
    assert (foreign.value.client, foreign.value.expired) == (journey.client, False)
    with pytest.raises(journeys.JourneyOutOfReach) as late:
        journeys.find(journey.id, BROWSER, NOW + timedelta(hours=2))
    assert late.value.expired
    with pytest.raises(journeys.JourneyOutOfReach) as unknown:
        journeys.find(uuid4(), BROWSER, NOW)
    assert unknown.value.client is None


@pytest.mark.parametrize(
    ("demand", "minutes_ago", "enters"),
    [
        ({}, 30, True),
        ({"max_age": 3600}, 30, True),
        ({"max_age": 600}, 30, False),
        ({"prompt": "login"}, 0, False),
        ({"parameters": {"subject": str(uuid4())}}, 0, False),
    ],
)
def test_a_session_is_enough_only_where_the_service_says_so(
    app: Flask, demand: dict[str, Any], minutes_ago: int, enters: bool
) -> None:
    proved_at = NOW - timedelta(minutes=minutes_ago, seconds=1)
    with transaction():
        session, _ = browser_sessions.begin(a_user(trn="1234567"), amr=["otp"], now=proved_at)
    assert journeys.may_enter_signed_in(begin(a_request(**demand)), session) is enters


def test_another_address_makes_void_what_the_first_one_proved(app: Flask) -> None:
    journey = begin(a_request())
    journeys.change_address(journey, "a@example.com")
    journeys.prove_address(journey, now=NOW)
    journey.matched_trn = "1234567"
    journeys.change_address(journey, "a@example.com")
    assert journey.email_proved_at == NOW
    journeys.change_address(journey, "b@example.com")
    assert not any([journey.email_proved_at, journey.matched_trn, journey.submitted_at])


def test_a_found_person_returns_to_every_service_but_a_strict_one_that_wants_more(app: Flask) -> None:
    user = a_user(trn="1234567")
    for requirement in TrnRequirement:
        journey = begin(a_request(a_client(trn_requirement=requirement)))
        journey.user = user
        assert journey_standing.lets_return(journey)
    strict = a_client(trn_requirement=TrnRequirement.REQUIRED, match_policy=MatchPolicy.STRICT)
    journey = begin(a_request(strict))
    journey.user, journey.user_id = user, user.id
    assert journey_standing.is_step_up(journey)
    assert not journey_standing.lets_return(journey)


def test_no_address_is_kept_before_both_are_proved(app: Flask) -> None:
    journey = begin(a_request())
    journey.email, journey.email_proved_at = "kate@example.com", NOW
    other = a_user()
    journey.existing_account, journey.existing_account_id = other, other.id
    with pytest.raises(IllegalMove):
        submissions.keep_address(journey, "kate@example.com", now=NOW)
    journey.other_proved_id, journey.other_proved_address = a_user().id, other.email
    with pytest.raises(IllegalMove):
        submissions.keep_address(journey, "kate@example.com", now=NOW)
    journey.other_proved_id, journey.other_proved_address = other.id, "before@example.com"
    with pytest.raises(IllegalMove):
        submissions.keep_address(journey, "kate@example.com", now=NOW)
    journeys.prove_other(journey)
    with pytest.raises(IllegalMove):
        submissions.keep_address(journey, "somebody@example.com", now=NOW)
