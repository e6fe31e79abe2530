"""The stops about passkeys: on the way to a service, and in one's account."""

from __future__ import annotations

import json
from datetime import datetime

from identity_provider.db import transaction
from identity_provider.models import User
from identity_provider.services import browser_sessions, passkeys
from identity_provider.services.passkeys import Holder, Place
from tests.builders import a_user
from tests.journeys.travel import newest_code
from tests.kit.authenticator import Authenticator
from tests.kit.page import Browser
from tests.tour.guide import World, shows

LOCAL = "127.0.0.1"
PLACE = Place("http://localhost", "localhost", "Get an identity", "t" * 43)


def give_passkey(holder: Holder, now: datetime) -> None:
    """Let somebody have one more."""
    with transaction():
        options = json.loads(passkeys.options_to_add(holder, PLACE, now=now))
        passkeys.add(holder, Authenticator().create(options), PLACE, name="Bush", now=now)


def _add(user: User, world: World) -> None:
    give_passkey(user, world.clock.now())


def _signed_in(user: User, world: World) -> Browser:
    person = world.visitor()
    with transaction():
        _, secret = browser_sessions.begin(user, amr=["otp"], now=world.clock.now())
    person.client.set_cookie("session", secret)
    return person


@shows("sign_in/passkey.html")
def a_passkey_is_offered_or_demanded(world: World) -> None:
    person, user = world.traveller(), a_user(trn="1234567")
    person.set_out()
    person.submit(email=user.email)
    person.submit(code=newest_code(user.email), passkey_possible="yes")
    person.post(person.step("passkey/add"), passkey="{}")
    for _ in range(2):
        person.set_out(parameters={"needs_passkey": True})
        person.post(person.step("passkey/show"), passkey="{}")
        _add(user, world)


@shows(*(f"passkeys/{name}.html" for name in ("list", "new", "rename", "remove")))
def passkeys_in_the_account(world: World) -> None:
    user = a_user()
    person = _signed_in(user, world)
    person.get("/account/passkeys")
    for _ in range(passkeys.MOST):
        person.get("/account/passkeys/new")
        person.post("/account/passkeys/new", passkey="{}", name="")
        _add(user, world)
    person.get("/account/passkeys")
    [first, *_] = passkeys.of(user)
    person.get(f"/account/passkeys/{first.id}/rename")
    person.submit(name="")
    person.get(f"/account/passkeys/{first.id}/remove")
    person.submit("Remove" if not world.language else None)


@shows("account/prove_again.html", "passkeys/too_often.html")
def who_signed_in_long_ago_proves_it_again(world: World) -> None:
    user = a_user()
    person = _signed_in(user, world)
    _add(user, world)
    world.wait(minutes=20)
    person.get("/account/passkeys/new")
    person.post("/account/prove-again/passkey", passkey="{}")
    world.exhaust(passkeys.TRIES_PER_IP, LOCAL)
    person.post("/account/prove-again/passkey", passkey="{}")
