"""When a session is enough, when the person must prove themselves anew, and how a journey ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.domain.access import MatchPolicy, TrnRequirement
from identity_provider.domain.lookup import LookupReason, LookupStatus, VerificationLevel
from identity_provider.models import Client, Grant, Journey, User
from identity_provider.services import clients
from identity_provider.services.audit import SYSTEM
from tests.builders import a_user
from tests.kit.provider import a_browser_of, a_relying_party, complete_journey
from tests.kit.relying_party import RelyingParty


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app)


def without_record() -> User:
    return a_user(
        lookup_status=LookupStatus.NONE,
        lookup_reason=LookupReason.NO_RECORD,
        stated_has_trn=False,
        stated_has_qts=False,
    )


def goes_through_a_journey(answer: TestResponse) -> bool:
    return answer.status_code == 303 and answer.location.startswith("/sign-in/")


def end_of_journey(app: Flask, location: str, person: User, clock: ManualClock, browser: FlaskClient) -> TestResponse:
    """The person proved themselves just now, in the browser that began."""
    path = complete_journey(location, person, now=clock.now())
    cookie = a_browser_of(app, person, now=clock.now()).get_cookie("session")
    assert cookie is not None
    browser.set_cookie("session", cookie.value)
    return browser.get(path)


def test_a_second_service_is_answered_at_once_with_the_same_subject(app: Flask, service: RelyingParty) -> None:
    other = a_relying_party(app, number=2)
    browser = a_browser_of(app, a_user(trn="1234567"))
    subjects = set()
    for each in (service, other):
        asked = each.ask()
        subjects.add(each.finish(browser.get(asked.path).location, asked).claims["sub"])
    assert len(subjects) == 1


@pytest.mark.parametrize("demand", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_fresh_proof_is_demanded_and_moves_auth_time(
    app: Flask, service: RelyingParty, clock: ManualClock, demand: dict[str, str]
) -> None:
    person = a_user(trn="1234567")
    browser = a_browser_of(app, person)
    clock.advance(timedelta(minutes=1))
    asked = service.ask(**demand)
    answer = browser.get(asked.path)
    assert goes_through_a_journey(answer)
    clock.advance(timedelta(minutes=1))
    signed_in = service.finish(end_of_journey(app, answer.location, person, clock, browser).location, asked)
    assert signed_in.claims["auth_time"] == int(clock.now().timestamp())


def test_a_journey_that_reused_the_old_session_does_not_satisfy_prompt_login(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    person = a_user(trn="1234567")
    browser = a_browser_of(app, person)
    clock.advance(timedelta(minutes=1))
    answer = browser.get(complete_journey(browser.get(service.ask(prompt="login").path).location, person))
    assert service.answer_in(answer.location)["error"] == "login_required"


def test_max_age_asks_again_once_the_proof_is_older(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    browser = a_browser_of(app, a_user(trn="1234567"))
    clock.advance(timedelta(seconds=10))
    assert goes_through_a_journey(browser.get(service.ask(max_age="9").path))
    assert "code" in service.answer_in(browser.get(service.ask(max_age="10").path).location)
    assert service.answer_in(browser.get(service.ask(max_age="9", prompt="none").path).location)["error"] == (
        "login_required"
    )


def test_silence_is_answered_when_the_service_takes_the_person_as_they_are(app: Flask) -> None:
    relaxed = a_relying_party(app)
    strict = a_relying_party(app, number=2, trn_requirement=TrnRequirement.REQUIRED)
    browser = a_browser_of(app, a_user())
    asked = relaxed.ask(prompt="none")
    signed_in = relaxed.finish(browser.get(asked.path).location, asked)
    assert signed_in.userinfo["trn_lookup_status"] == "Pending"
    assert "trn" not in signed_in.userinfo
    answer = browser.get(strict.ask(prompt="none").path)
    assert strict.answer_in(answer.location)["error"] == "interaction_required"


@pytest.mark.parametrize("make", [a_user, without_record])
def test_somebody_unplaced_is_looked_up_again_and_so_makes_a_journey(
    app: Flask, service: RelyingParty, make: type[User]
) -> None:
    browser = a_browser_of(app, make())
    assert goes_through_a_journey(browser.get(service.ask().path))
    assert not goes_through_a_journey(browser.get(service.ask(scope="openid email").path))


def test_a_strict_service_asks_more_of_somebody_of_low_verification(app: Flask) -> None:
    service = a_relying_party(app, match_policy=MatchPolicy.STRICT)
    assert goes_through_a_journey(a_browser_of(app, a_user(trn="1234567")).get(service.ask().path))
    sure = a_user(trn="7654321", level=VerificationLevel.MEDIUM)
    asked = service.ask()
    assert service.finish(a_browser_of(app, sure).get(asked.path).location, asked).userinfo["trn"] == "7654321"


def test_a_strict_service_is_not_told_a_trn_of_low_verification(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, match_policy=MatchPolicy.STRICT)
    person, browser, asked = a_user(trn="1234567"), app.test_client(), service.ask()
    answer = end_of_journey(app, browser.get(asked.path).location, person, clock, browser)
    signed_in = service.finish(answer.location, asked)
    assert "trn" not in signed_in.userinfo
    assert "trn" not in signed_in.claims


def test_a_required_trn_is_demanded_at_the_moment_of_issue(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, trn_requirement=TrnRequirement.REQUIRED)
    person, browser, asked = a_user(), app.test_client(), service.ask()
    answer = end_of_journey(app, browser.get(asked.path).location, person, clock, browser)
    sent_back = service.answer_in(answer.location)
    assert sent_back["error"] == "access_denied"
    assert sent_back["state"] == asked.state
    assert sent_back["error_description"] == "No teacher reference number was found yet"
    assert db.session.query(Grant).count() == 0


def test_somebody_who_chooses_to_go_back_without_a_trn_takes_an_error_along_once(app: Flask) -> None:
    service = a_relying_party(app, trn_requirement=TrnRequirement.REQUIRED)
    browser, asked = app.test_client(), service.ask()
    browser.get(asked.path)
    path = f"/connect/authorize/{db.session.query(Journey).one().authorization_request_id}/refuse"
    sent_back = service.answer_in(browser.get(path).location)
    assert (sent_back["error"], sent_back["state"]) == ("access_denied", asked.state)
    assert b"This sign-in is finished" in browser.get(path).data


def test_a_journey_gives_one_code_and_then_leads_to_where_the_service_begins(app: Flask, clock: ManualClock) -> None:
    """Case 27 of oidc.md: Back and a second tab are never a dead end and never a second code."""
    start = "https://npq.example.org/start?from=us"
    service = a_relying_party(app, initiate_login_uri=start)
    person, browser, asked = a_user(trn="1234567"), app.test_client(), service.ask()
    answer = end_of_journey(app, browser.get(asked.path).location, person, clock, browser)
    service.finish(answer.location, asked)
    again = browser.get(complete_journey_path(), follow_redirects=False)
    assert again.location == f"{start}&iss=http%3A%2F%2Flocalhost"
    assert db.session.query(Grant).count() == 1


def test_a_journey_that_is_not_done_leads_back_into_it_and_one_that_is_over_starts_again(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    browser = app.test_client()
    journey = browser.get(service.ask().path).location
    assert browser.get(complete_journey_path()).location == journey
    clock.advance(timedelta(hours=2))
    assert b"This sign-in is finished" in browser.get(complete_journey_path()).data


def test_a_journey_of_somebody_who_is_not_signed_in_any_more_gives_nothing(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    browser, mine, other = app.test_client(), a_user(trn="1234567"), a_user(trn="7654321")
    path = complete_journey(browser.get(service.ask().path).location, mine)
    assert b"This sign-in is finished" in browser.get(path).data
    cookie = a_browser_of(app, other).get_cookie("session")
    assert cookie is not None
    browser.set_cookie("session", cookie.value)
    assert b"This sign-in is finished" in browser.get(path).data
    assert db.session.query(Grant).count() == 0


def test_a_hint_about_somebody_else_than_who_signed_in_is_an_error(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    expected, came = a_user(trn="1234567"), a_user(trn="7654321")
    asked = service.ask()
    hint = service.finish(a_browser_of(app, expected).get(asked.path).location, asked).token["id_token"]
    browser = app.test_client()
    journey = browser.get(service.ask(id_token_hint=hint).path).location
    answer = end_of_journey(app, journey, came, clock, browser)
    assert service.answer_in(answer.location)["error"] == "login_required"


@pytest.mark.parametrize("parameter", ["id_token_hint", "claims"])
def test_a_service_that_knows_somebody_by_a_merged_identity_is_answered(
    app: Flask, service: RelyingParty, parameter: str
) -> None:
    old, between, person, asked = a_user(), a_user(), a_user(trn="1234567"), service.ask(prompt="none")
    known = service.finish(a_browser_of(app, old).get(asked.path).location, asked)
    with transaction():
        old.merged_into_id, between.merged_into_id = between.id, person.id
    sent = {
        "id_token_hint": known.token["id_token"],
        "claims": json.dumps({"id_token": {"sub": {"value": known.claims["sub"]}}}),
    }
    again = service.ask(prompt="none", **{parameter: sent[parameter]})
    signed_in = service.finish(a_browser_of(app, person).get(again.path).location, again)
    assert signed_in.claims["sub"] == str(person.id)


def test_a_disabled_service_is_sent_nobody_any_more(app: Flask, clock: ManualClock) -> None:
    service = a_relying_party(app, initiate_login_uri="https://npq.example.org/start")
    browser = app.test_client()
    browser.get(service.ask().path)
    with transaction():
        clients.disable(db.session.get_one(Client, service.client_id), actor=SYSTEM, now=clock.now())
    path = complete_journey_path()
    assert "Location" not in browser.get(path.replace("/answer", "/refuse")).headers
    clock.advance(timedelta(hours=3))
    assert "Location" not in browser.get(path).headers


def test_an_old_hint_will_do(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    person, asked = a_user(trn="1234567"), service.ask()
    hint = service.finish(a_browser_of(app, person).get(asked.path).location, asked).token["id_token"]
    clock.advance(timedelta(days=3))
    answer = a_browser_of(app, person, now=clock.now()).get(service.ask(prompt="none", id_token_hint=hint).path)
    assert "code" in service.answer_in(answer.location)


def test_what_a_service_sends_beside_the_protocol_is_kept_for_the_journey(app: Flask, service: RelyingParty) -> None:
    app.test_client().get(
        service.ask(session_id="s1", trn_token="t1", request_email_updates="1", login_hint="a@b.example").path
    )
    request = db.session.query(Journey).one().authorization_request
    assert request.parameters == {"session_id": "s1", "trn_token": "t1"}
    assert request.login_hint == "a@b.example"


def test_a_form_posted_from_the_service_s_page_finds_the_session_all_the_same(
    app: Flask, service: RelyingParty
) -> None:
    """Browsers leave SameSite=Lax cookies out of such a POST; the GET that we ask for brings them."""
    asked, browser = service.ask(), a_browser_of(app, a_user(trn="1234567"))
    query = asked.path.split("?", 1)[1]
    form = "application/x-www-form-urlencoded"
    posted = app.test_client().post(
        "/connect/authorize", data=query, content_type=form, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert (posted.status_code, posted.headers.getlist("Set-Cookie")) == (303, [])
    assert service.finish(browser.get(posted.location).location, asked).claims["sub"]


def complete_journey_path() -> str:
    with transaction():
        return f"/connect/authorize/{db.session.query(Journey).one().authorization_request_id}/answer"
