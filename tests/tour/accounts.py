"""The stops of somebody who looks after their own account, and of who is asked for consent or is not let through."""

from __future__ import annotations

from identity_provider.services import rate_limits
from tests.builders import a_record, a_user
from tests.console.agents import newest_code
from tests.kit.page import Browser
from tests.kit.provider import EVERYTHING, a_relying_party
from tests.kit.relying_party import Asked
from tests.tour.guide import World, shows

LOCAL = "127.0.0.1"
EMAIL = "kate@example.com"


@shows("sign_in/consent.html", *(f"account/{name}.html" for name in ("email", "code", "services", "stop")))
def a_service_is_allowed_and_stopped_again(world: World) -> None:
    a_user(email=EMAIL, last_name="Bush", trn="1234567")
    service = a_relying_party(world.app, first_party=False, scope=" ".join(EVERYTHING))
    person = world.visitor()
    _sign_in(person, service.ask(prompt="consent"))
    person.submit()
    person.get("/account/services")
    person.get(f"/account/services/{service.client_id}")
    person.submit()
    person.get("/account/services")
    other = world.visitor()
    other.get("/account/services")
    other.submit(email="nonsense")
    other.submit(email=EMAIL)
    other.submit(code="12")
    for _ in range(5):
        other.post("/account/sign-in/code", code="000000")


@shows("account/too_often.html")
def ones_own_account_is_tried_too_often(world: World) -> None:
    world.exhaust(rate_limits.CODES_PER_IP, f"person {LOCAL}")
    person = world.visitor()
    person.get("/account/sign-in")
    person.submit(email=EMAIL)


@shows("sign_in/choose_account.html")
def an_account_is_chosen(world: World) -> None:
    a_user(email=EMAIL, last_name="Bush", trn="1234567")
    service, person = a_relying_party(world.app), world.visitor()
    _sign_in(person, service.ask())
    person.get(service.ask(prompt="select_account").path)
    person.submit()


@shows("sign_in/barred.html")
def somebody_is_not_let_through(world: World) -> None:
    a_user(email=EMAIL, last_name="Bush", trn="1234567")
    service = a_relying_party(world.app, block_prohibited=True, scope="openid email")
    for alert in (True, None):
        world.register.records = [a_record(has_open_alert=alert)]
        _sign_in(world.visitor(), service.ask())


def _sign_in(browser: Browser, asked: Asked) -> None:
    browser.get(asked.path)
    browser.submit(email=EMAIL)
    browser.submit(code=newest_code(EMAIL))
