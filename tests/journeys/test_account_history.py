"""When, where and how one signed in, where one still is, and how to end that for good."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.db import db, transaction
from identity_provider.kit.devices import device_of
from identity_provider.models import BrowserSession, Grant, SignIn, User
from identity_provider.services import retention, sign_in_history
from tests.builders import NOW, a_user
from tests.journeys.travel import EMAIL, count_of
from tests.kit.consenting import Person, signed_in_at
from tests.kit.owners import Owner
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import RelyingParty

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.fixture
def service(app: Flask) -> RelyingParty:
    return a_relying_party(app, name="Staff room", first_party=False, scope="openid email offline_access")


def lines(person: User, clock: ManualClock) -> list[tuple[str, str]]:
    db.session.rollback()
    return [(each.service, each.device) for each in sign_in_history.of(person, now=clock.now())]


def test_a_sign_in_is_listed_with_service_way_and_device(app: Flask, service: RelyingParty) -> None:
    a_user(email=EMAIL)
    person = Person(app)
    person.client.environ_base["HTTP_USER_AGENT"] = FIREFOX
    signed_in_at(service, person, prompt="consent")
    page = person.get("/account/history")
    assert "Staff room Code by email Firefox on Windows" in page.text
    assert count_of(SignIn) == 1, "the code that the service got is the same sign-in"


def test_a_second_service_on_the_same_proof_is_listed_while_its_grant_lives_and_after(
    app: Flask, service: RelyingParty, clock: ManualClock
) -> None:
    owner, person = a_user(email=EMAIL), Person(app)
    signed_in_at(service, person, prompt="consent")
    other = a_relying_party(app, number=2, name="Library", scope="openid email")
    for _ in range(2):
        clock.advance(timedelta(minutes=1))
        person.come_from(other.ask())
    listed = [("Library", "/"), ("Staff room", "/")]
    assert lines(owner, clock) == listed
    clock.advance(timedelta(days=89))
    retention.remove_everything_expired(clock.now())
    assert count_of(Grant, Grant.client_id == other.client_id) == 0
    assert lines(owner, clock) == listed
    clock.advance(sign_in_history.KEPT)
    retention.remove_everything_expired(clock.now())
    assert (lines(owner, clock), count_of(SignIn)) == ([], 0)


def test_nothing_of_one_person_is_shown_to_another(app: Flask, service: RelyingParty) -> None:
    a_user(email=EMAIL)
    signed_in_at(service, Person(app), prompt="consent")
    assert "You have not signed in" in Owner(app).get("/account/history").text


def test_what_was_merged_into_one_is_ones_own_history(app: Flask, service: RelyingParty, clock: ManualClock) -> None:
    merged, survivor = a_user(email=EMAIL), a_user()
    signed_in_at(service, Person(app), prompt="consent")
    with transaction():
        db.session.get_one(User, merged.id).merged_into_id = survivor.id
    assert lines(survivor, clock) == [("Staff room", "/")]


def test_a_long_history_has_pages(app: Flask) -> None:
    owner = Owner(app)
    with transaction():
        for minute in range(25):
            proof = owner.session.authenticated_at
            assert proof is not None
            row = {"authenticated_at": proof + timedelta(minutes=minute), "at": NOW - timedelta(minutes=minute)}
            db.session.add(SignIn(user_id=owner.person.id, session_id=uuid4(), amr=["otp"], device="/", **row))
    assert owner.get("/account/history").text.count("Code by email") == 20
    assert owner.click("Next").text.count("Code by email") == 5
    assert owner.get("/account/history", page="99").text.count("Code by email") == 5


def test_this_browser_is_marked_and_another_one_is_ended(app: Flask) -> None:
    here = Owner(app, email=EMAIL)
    there = Owner(app, here.person)
    page = here.get("/account/sessions")
    assert page.text.count("This device") == 1
    assert "You are signed out on that device" in here.post(f"/account/sessions/{there.session.id}/end").text
    assert there.get("/account").path == "/account/sign-in"
    assert here.post(f"/account/sessions/{here.session.id}/end").path == "/account/sign-in"


def test_nobody_ends_the_session_of_somebody_else(app: Flask) -> None:
    mine, theirs = Owner(app), Owner(app)
    for session_id in (theirs.session.id, uuid4()):
        mine.get("/account/sessions")
        assert mine.post(f"/account/sessions/{session_id}/end").status == 404
    assert theirs.get("/account").path == "/account"


def test_signing_out_everywhere_ends_what_services_hold_and_tells_them(app: Flask, service: RelyingParty) -> None:
    owner, person = a_user(email=EMAIL), Person(app)
    token = signed_in_at(service, person, prompt="consent").token
    there = Owner(app, owner)
    with transaction():
        # Of the session in which it was granted nothing is known any more.
        db.session.query(BrowserSession).filter(BrowserSession.id != there.session.id).delete()
    there.get("/account/sessions")
    page = there.submit("Sign out everywhere")
    assert (page.path, "You are signed out everywhere" in page.text) == ("/account/sign-in", True)
    assert there.get("/account").path == "/account/sign-in"
    refresh = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert service.token(refresh).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (FIREFOX, "Firefox/Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari/iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/131.0.0.0 Mobile Safari/537.36", "Chrome/Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Chrome/131 Safari/537.36 Edg/131", "Edge/Mac"),
        ("curl/8", "/"),
        ("", "/"),
    ],
)
def test_of_a_browser_its_kind_is_kept_and_nothing_else(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
