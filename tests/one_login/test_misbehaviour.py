"""GOV.UK One Login misbehaves in every way it can: each is refused, nothing is connected, and there is a way back."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.db import db
from identity_provider.models import IdentityCheck, OneLoginIdentity
from identity_provider.sandbox.one_login_tokens import CORE_IDENTITY, ID_TOKEN, MISBEHAVIOURS
from tests.builders import a_client
from tests.journeys.travel import Traveller, count_of, newest_code
from tests.kit.one_login import LEAVE, PROVE, OneLoginNearby
from tests.one_login.people import NOT_SIGNED_IN, PHILIPPA, philippa, set_out, way_back

TRY_AGAIN = "Try GOV.UK One Login again"
NAMED = {
    "id_token": {"alg_none": "alg", "alg_hs256": "alg", "alg_rs256": "alg", "expired": "exp", "not_yet_valid": "iat"},
    "core_identity": {
        "alg_none": "alg",
        "alg_hs256": "alg",
        "alg_rs256": "alg",
        "expired": "exp",
        "not_yet_valid": "iat",
        "kid": "kid",
    },
}
OF_ID_TOKEN = [each for each in MISBEHAVIOURS if each.startswith(ID_TOKEN)]
OF_IDENTITY = [each for each in MISBEHAVIOURS if each.startswith(CORE_IDENTITY) and not each.endswith(":missing")]


def check_of(mode: str) -> str:
    """What the log calls the check that this misbehaviour fails at."""
    token, _, wrong = mode.partition(":")
    return f"{token}: {NAMED.get(token, {}).get(wrong, wrong)}"


def nothing_is_connected() -> bool:
    return count_of(OneLoginIdentity) == 0 and count_of(IdentityCheck) == 0


def goes_on_by_email(person: Traveller) -> None:
    """The way back leads to the journey, where a code by email does what it always does."""
    page = person.click("Continue with your email address")
    assert page.path == person.step("email")
    person.submit("Continue", email=PHILIPPA)
    person.submit(code=newest_code(PHILIPPA))
    assert person.here.path == person.answer_path
    assert nothing_is_connected()


@pytest.mark.parametrize("mode", [*OF_ID_TOKEN, "userinfo:sub"])
def test_a_token_that_does_not_hold_is_refused_by_the_check_of_that_name(
    app: Flask, one_login: OneLoginNearby, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    philippa()
    person = set_out(app)
    one_login.misbehave(mode)
    page = one_login.go_through(person, "philippa")
    assert (page.status, page.h1) == (400, NOT_SIGNED_IN)
    assert f"reason='{check_of(mode)}'" in capsys.readouterr().out
    assert nothing_is_connected()
    goes_on_by_email(person)


@pytest.mark.parametrize("mode", OF_IDENTITY)
def test_an_identity_that_does_not_hold_is_refused_by_the_check_of_that_name(
    app: Flask, one_login: OneLoginNearby, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    person = set_out(app)
    person.prove("leopold@example.com")
    one_login.misbehave(mode)
    page = one_login.go_through(person, "leopold", PROVE)
    assert (page.status, page.h1) == (400, NOT_SIGNED_IN)
    assert f"reason='{check_of(mode)}'" in capsys.readouterr().out
    assert nothing_is_connected()
    assert person.journey.first_name is None
    page = person.click("Continue without GOV.UK One Login")
    assert page.path == person.step("name")
    one_login.misbehave("ok")
    assert one_login.go_through(person, "leopold", PROVE).path == person.step("previous-names")


@pytest.mark.parametrize("who", ["winston", "ottoline", "leopold"])
def test_an_identity_that_is_not_proved_says_so_and_the_questions_go_on(
    app: Flask, one_login: OneLoginNearby, who: str
) -> None:
    """No core identity with a return code; a level that is too low; and one that is missing without a word."""
    person = set_out(app)
    person.prove(f"{who}@example.com")
    one_login.misbehave("core_identity:missing" if who == "leopold" else "ok")
    page = one_login.go_through(person, who, PROVE)
    wrong = NOT_SIGNED_IN
    assert page.h1 == (wrong if who == "ottoline" else "GOV.UK One Login could not prove your identity")
    assert person.click("Continue without GOV.UK One Login").path == person.step("name")


@pytest.mark.parametrize(
    ("mode", "status", "says"),
    [
        ("access_denied", 400, "You did not finish signing in with GOV.UK One Login"),
        ("temporarily_unavailable", 503, "GOV.UK One Login is not working at the moment"),
        ("server_error", 503, "GOV.UK One Login is not working at the moment"),
        ("invalid_grant", 400, NOT_SIGNED_IN),
        ("down", 503, "GOV.UK One Login is not working at the moment"),
        ("garbage", 503, "GOV.UK One Login is not working at the moment"),
    ],
)
def test_errors_lead_back_to_the_same_journey(
    app: Flask, one_login: OneLoginNearby, mode: str, status: int, says: str
) -> None:
    philippa()
    person = set_out(app)
    leaving = person.submit(LEAVE)
    before_codes = mode not in {"access_denied", "temporarily_unavailable", "server_error"}
    back = one_login.answers(leaving, "philippa") if before_codes else ""
    one_login.misbehave(mode)
    back = back or one_login.answers(leaving, "philippa")
    page = person.get(back.removeprefix(person.origin))
    assert (page.status, page.h1) == (status, says)
    one_login.misbehave("ok")
    goes_on_by_email(person)


def test_one_login_that_is_slow_is_not_waited_for(app: Flask, one_login: OneLoginNearby) -> None:
    person = set_out(app, client=a_client())
    back = way_back(one_login, person, "philippa")
    one_login.misbehave("slow")
    ports = app.extensions["ports"]
    ports.broker._seconds = 0.2
    page = person.get(back)
    one_login.misbehave("ok")
    assert (page.status, page.h1) == (503, "GOV.UK One Login is not working at the moment")
    page = one_login.back(person, person.submit(TRY_AGAIN), "philippa")
    assert page.path == person.step("code")


def test_one_login_that_is_down_at_the_start_costs_one_page(app: Flask, one_login: OneLoginNearby) -> None:
    one_login.misbehave("down")
    person = set_out(app)
    page = person.submit(LEAVE)
    assert (page.status, page.h1) == (503, "GOV.UK One Login is not working at the moment")
    assert person.click("Continue with your email address").path == person.step("email")


def test_an_answer_of_another_provider_is_refused(app: Flask, one_login: OneLoginNearby) -> None:
    """RFC 9207: the mix-up."""
    person = set_out(app)
    back = way_back(one_login, person, "philippa")
    page = person.get(f"{back}&iss=https://somebody.example/")
    assert page.h1 == NOT_SIGNED_IN
    db.session.rollback()
    assert nothing_is_connected()
