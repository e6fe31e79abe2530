"""The stops of a person at their own account: details, changes of them, history, sessions, the old contact's link."""

from __future__ import annotations

from datetime import timedelta

from identity_provider.db import transaction
from identity_provider.models import Contact, User
from identity_provider.services import browser_sessions
from tests.builders import a_client, a_user
from tests.journeys.contacts import NEW, NUMBER, code_for, undo_link
from tests.journeys.travel import EMAIL, newest_code
from tests.kit.lost_answers import lose_the_answer
from tests.kit.page import Browser
from tests.tour.guide import World, shows


def _owner(world: World, person: User | None = None, ago: timedelta = timedelta()) -> Browser:
    browser = world.visitor()
    who = person or a_user(email=EMAIL, last_name="Bush", trn="1234567", mobile_number=None)
    with transaction():
        _, secret = browser_sessions.begin(who, amr=["otp"], now=world.clock.now() - ago)
    browser.client.set_cookie("session", secret)
    return browser


@shows("account/home.html", "account/history.html", "account/sessions.html", "account/not_from_service.html")
def they_look_around(world: World) -> None:
    person, service = _owner(world), a_client()
    person.get("/account", client_id=service.id, redirect_uri="https://evil.example/")
    person.get("/account", client_id=service.id, redirect_uri="https://npq.example.org/account")
    person.get("/account/history")
    person.get("/account/sessions")
    person.post("/account/sign-out-everywhere")


@shows("kit/code_used.html", "account/home.html")
def the_answer_to_their_code_was_lost(world: World) -> None:
    a_user(email=EMAIL)
    person = world.visitor()
    person.get("/account/sign-in")
    person.submit(email=EMAIL)
    code = newest_code(EMAIL)
    lose_the_answer(person, code=code)
    person.submit(code=code)
    person.submit()


@shows("account/preferred_name.html", "account/home.html")
def they_are_called_something_else(world: World) -> None:
    person = _owner(world)
    person.get("/account/preferred-name")
    person.submit()
    person.submit(choice="other")
    person.submit(choice="other", other="Catherine")


@shows(
    *(f"account/{name}.html" for name in ("enter_code", "new_email", "shared_mailbox", "home")),
)
def they_change_their_address(world: World) -> None:
    person = _owner(world, ago=timedelta(minutes=20))
    person.get("/account/email")
    person.submit()
    person.submit(code="")
    person.submit(code=newest_code(EMAIL))
    person.submit(email="")
    person.submit(email=EMAIL)
    person.post("/account/email", email="office@school.example")
    person.post("/account/email", email=NEW)
    person.submit(code="000000" if code_for(NEW) != "000000" else "000001")
    person.submit(code=code_for(NEW))


@shows("account/new_mobile.html", "account/remove_mobile.html", "account/enter_code.html", "account/home.html")
def they_change_their_number(world: World) -> None:
    person = _owner(world)
    person.get("/account/mobile")
    person.submit(mobile="")
    person.submit(mobile="12")
    person.submit(mobile=NUMBER)
    for _ in range(5):
        person.submit(code="000000" if code_for(NUMBER) != "000000" else "000001")
    world.wait(seconds=5)
    person.submit()
    person.submit(code=code_for(NUMBER))
    person.get("/account/mobile")
    person.get("/account/mobile/remove")
    person.submit()


@shows("sign_in/mobile.html", "sign_in/mobile_code.html", "sign_in/check_answers.html")
def they_give_a_number_while_they_sign_in(world: World) -> None:
    person = world.traveller()
    person.set_out(a_client(), scope="openid phone")
    person.prove()
    person.submit(mobile="")
    person.submit(mobile="12")
    person.submit(mobile=NUMBER)
    person.submit(code="")
    person.submit(code="000000" if code_for(NUMBER) != "000000" else "000001")
    person.submit(code=code_for(NUMBER))
    person.say_who()


@shows("account/put_back.html", "account/was_put_back.html", "account/link_over.html")
def the_old_contact_takes_it_back(world: World) -> None:
    for contact, to in ((Contact.MOBILE, NUMBER), (Contact.EMAIL, NEW)):
        person = _owner(world, a_user(email=f"{contact}@example.com"))
        person.get(f"/account/{contact}")
        person.submit(**{contact.value: to})
        person.submit(code=code_for(to))
        link = undo_link(f"{contact}@example.com")
        stranger = world.visitor()
        stranger.get(link)
        if contact is Contact.EMAIL:
            a_user(email=f"{contact}@example.com")
        stranger.submit()
        stranger.get(link)
