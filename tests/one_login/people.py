"""People with a One Login, and how far they have come: what the tests of this folder begin with."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from identity_provider.models import User
from tests.builders import a_record, a_user
from tests.journeys.travel import Traveller, newest_code
from tests.kit.one_login import LEAVE, PROVE, OneLoginNearby
from tests.kit.page import Page

PHILIPPA = "returning.teacher@example.com"
LEOPOLD = "leopold@example.com"
LEOPOLDS_BIRTHDAY = date(1977, 6, 11)
LEOPOLDS_RECORD = a_record(
    "9000115", first_name="Leopold", last_name="Vandermeulen-Iqbal", date_of_birth=LEOPOLDS_BIRTHDAY, nino="ZY120015C"
)
CONNECT = "Connect GOV.UK One Login"
NOT_SIGNED_IN = "We could not sign you in with GOV.UK One Login"


def philippa(**values: Any) -> User:
    """The account of somebody whose One Login has the same address."""
    return a_user(**({"email": PHILIPPA, "trn": "9000114"} | values))


def leopold(**values: Any) -> User:
    """The account of somebody whose One Login proves who they are."""
    told: dict[str, Any] = {
        "first_name": "Leopold",
        "last_name": "Vandermeulen-Iqbal",
        "date_of_birth": LEOPOLDS_BIRTHDAY,
    }
    return a_user(email=LEOPOLD, **(told | values))


def set_out(app: Flask, secret: str = "p" * 43, **request: Any) -> Traveller:
    """Somebody on the first page of a journey."""
    person = Traveller(app, secret)
    person.set_out(**request)
    return person


def way_back(one_login: OneLoginNearby, person: Traveller, who: str) -> str:
    """Go to One Login and be `who` there; the path on which it sends the browser back, which was not followed yet."""
    parts = urlsplit(one_login.answers(person.submit(LEAVE), who))
    return f"{parts.path}?{parts.query}"


def connected(app: Flask, one_login: OneLoginNearby, secret: str = "p" * 43) -> Traveller:
    """Philippa, whose One Login opens her account from now on; she has gone back to the service."""
    person = set_out(app, secret)
    one_login.go_through(person, "philippa")
    person.submit(code=newest_code(PHILIPPA))
    return person


def asked_whether_to_connect(app: Flask, one_login: OneLoginNearby) -> tuple[User, Traveller]:
    """Somebody who came by Leopold's One Login, and proved an address of their own: whose One Login is it?"""
    user, person = a_user(email="teacher@example.com", trn="9000114"), set_out(app)
    one_login.go_through(person, "leopold")
    person.click("Use a different email address")
    person.submit("Continue", email=user.email)
    person.submit(code=newest_code(user.email))
    return user, person


def proving(app: Flask, one_login: OneLoginNearby, who: str = "leopold", **request: Any) -> tuple[Traveller, Page]:
    """Somebody who proved an address of theirs by a code, and then at One Login who they are."""
    person = set_out(app, **request)
    person.prove(f"{who}@example.com")
    return person, one_login.go_through(person, who, PROVE)


def say_the_rest(person: Traveller, *, nino: str | None = None, **previous: str) -> Page:
    """Answer what a proof leaves to be asked: `previous` names, what they are called, and the numbers; to the end."""
    person.submit(changed="yes" if previous else "no", **previous)
    person.submit(choice="short")
    person.say_more(nino=nino)
    return person.check()
