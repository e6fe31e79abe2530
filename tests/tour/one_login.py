"""The stops on the way to GOV.UK One Login and back."""

from __future__ import annotations

from datetime import date

from identity_provider.db import transaction
from identity_provider.domain.access import TrnRequirement
from identity_provider.services import one_login, one_login_links
from tests.builders import a_client, a_record, a_user
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import Traveller, newest_code
from tests.kit.one_login import OneLoginNearby, one_login_beside
from tests.kit.page import Page
from tests.tour.guide import World, shows

PHILIPPA = "returning.teacher@example.com"
ACCOUNT = "/account/one-login"
LEOPOLD = a_record("9000115", first_name="Leopold", last_name="Vandermeulen-Iqbal", date_of_birth=date(1977, 6, 11))


@shows(
    *(f"one_login/{name}.html" for name in ("leave", "connections", "end", "confirm")),
    *("sign_in/code.html", "sign_in/email.html", "sign_in/connect_one_login.html"),
)
def one_login_is_connected_and_disconnected(world: World) -> None:
    user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Merriweather", trn="9000114")
    with one_login_beside(world.app) as nearby:
        person = _on_their_way(world)
        _through(nearby, person, "philippa")
        person.submit(code=newest_code(PHILIPPA))
        person.get(ACCOUNT)
        [connection] = one_login_links.connections_of(user)
        person.get(f"{ACCOUNT}/{connection.id}/end")
        person.submit()
        person.get(ACCOUNT)
        nearby.back(person, person.post(ACCOUNT), "grace")
        person.submit()
        other = _on_their_way(world, "c" * 43)
        _through(nearby, other, "leopold")
        other.get(other.step("email"))
        other.submit(email=user.email)
        other.submit(code=newest_code(user.email))
        other.post(other.step("connect-one-login"), next="leave")


@shows("sign_in/name.html", "sign_in/date_of_birth.html", "sign_in/check_answers.html", "one_login/connections.html")
def an_identity_is_proved(world: World) -> None:
    world.register.records = [LEOPOLD]
    with one_login_beside(world.app) as nearby:
        person = _on_their_way(world)
        person.prove("leopold@example.com")
        _through(nearby, person, "leopold", "identity")
        person.get(person.step("name"))
        person.get(person.step("previous-names"))
        person.submit(changed="no")
        person.submit(choice="short")
        person.get(person.step("date-of-birth"))
        person.get(person.step("check-answers"))
        person.submit()
        person.get(ACCOUNT)


@shows("sign_in/no_match.html", "sign_in/outcome.html", "one_login/stopped.html")
def an_identity_can_not_be_proved(world: World) -> None:
    world.register.records = [a_stranger()]
    with one_login_beside(world.app) as nearby:
        person = _on_their_way(world, trn_requirement=TrnRequirement.REQUIRED)
        person.prove("winston@example.com")
        person.say_who()
        person.say_more()
        person.check()
        _through(nearby, person, "winston", "identity")
        person.get(person.step("no-match"))
        person.post(person.step("no-match"), next="continue")
        person.get(ACCOUNT)


@shows("one_login/stopped.html")
def one_login_sends_somebody_back_empty(world: World) -> None:
    with one_login_beside(world.app) as nearby:
        for number, mode in enumerate(("access_denied", "temporarily_unavailable", "id_token:signature", "down")):
            person = _on_their_way(world, chr(ord("d") + number) * 43)
            nearby.misbehave(mode)
            page = person.post(f"/one-login/{person.journey_id}", purpose="sign_in")
            if mode != "down":
                nearby.back(person, page, "philippa")
            nearby.misbehave("ok")
        visitor = world.visitor()
        visitor.get("/one-login/callback", state="nonsense")
        visitor.get("/account/sign-in")
        nearby.back(visitor, visitor.post("/one-login/account"), "zebedee")
        user = a_user(email=PHILIPPA, first_name="Philippa", last_name="Merriweather")
        person = _on_their_way(world, "j" * 43)
        _through(nearby, person, "philippa")
        person.submit(code=newest_code(PHILIPPA))
        with transaction():
            user.locked_at = world.clock.now()
        _through(nearby, _on_their_way(world, "k" * 43), "philippa")


@shows("one_login/stopped.html")
def the_one_login_is_of_another_account(world: World) -> None:
    a_user(email=PHILIPPA, first_name="Philippa", last_name="Merriweather", trn="9000114")
    a_user(email="colleague@example.com", first_name="Ann", last_name="Other", trn="9000120")
    with one_login_beside(world.app) as nearby:
        person = _on_their_way(world)
        _through(nearby, person, "philippa")
        person.submit(code=newest_code(PHILIPPA))
        other = _on_their_way(world, "c" * 43)
        other.prove("colleague@example.com")
        other.get(ACCOUNT)
        nearby.back(other, other.post(ACCOUNT), "philippa")


@shows("one_login/too_often.html")
def one_login_is_asked_for_too_often(world: World) -> None:
    world.exhaust(one_login.TRIPS_PER_IP, "127.0.0.1")
    with one_login_beside(world.app):
        person = _on_their_way(world)
        person.post(f"/one-login/{person.journey_id}", purpose="sign_in")


def _on_their_way(world: World, secret: str = "b" * 43, **service: object) -> Traveller:
    person = world.traveller(secret)
    person.set_out(a_client(**service))
    return person


def _through(nearby: OneLoginNearby, person: Traveller, who: str, purpose: str = "sign_in") -> Page:
    """By the addresses, and not by the words of the buttons, which are in whatever language the tour is in."""
    page = person.post(f"/one-login/{person.journey_id}", purpose=purpose)
    return nearby.back(person, page, who)
