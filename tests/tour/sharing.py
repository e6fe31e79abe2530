"""The stops between a person and a service: consent, the choice of an account, refusals, and the list of services."""

from __future__ import annotations

from typing import Any

from identity_provider.domain.access import MatchPolicy
from identity_provider.services import clients, rate_limits
from tests.builders import a_client, a_record, a_user
from tests.journeys.travel import EMAIL, Traveller, newest_code, wrong_code
from tests.tour.guide import World, shows

LOCAL = "127.0.0.1"
ASKED = {"scope": " ".join(clients.PERSON_SCOPES), "prompt": "consent"}


def _known(world: World) -> Traveller:
    a_user(email=EMAIL, last_name="Bush", trn="1234567")
    return world.traveller()


def _third_party(**values: Any) -> Any:
    said = {"policy_uri": "https://npq.example.org/privacy", "tos_uri": "https://npq.example.org/terms"}
    return a_client(first_party=False, registration=said, scopes=list(clients.PERSON_SCOPES), **values)


@shows("sign_in/consent.html", "account/services.html", "account/stop.html")
def a_service_that_others_run_is_allowed_and_stopped(world: World) -> None:
    person, service = _known(world), _third_party()
    person.set_out(service, **ASKED)
    person.prove()
    person.submit()
    for address in ("/account/services", f"/account/services/{service.id}"):
        person.get(address)
    person.submit()
    first_party = a_client()
    person.set_out(first_party)
    person.get(person.answer_path)
    person.get(f"/account/services/{first_party.id}")


@shows("sign_in/consent.html")
def a_strict_service_asks_for_more(world: World) -> None:
    world.register.records = [a_record()]
    person = _known(world)
    person.set_out(_third_party(match_policy=MatchPolicy.STRICT), scope="openid trn")
    person.prove()
    person.say_more(nino="AB123456C", trn="1234567")
    person.check()
    person.submit()


@shows("sign_in/choose_account.html")
def which_account_it_shall_be(world: World) -> None:
    person = _known(world)
    person.set_out()
    person.prove()
    person.set_out(prompt="select_account")
    person.submit()
    person.submit(account="another")


@shows("sign_in/barred.html")
def the_service_may_not_have_them(world: World) -> None:
    for alert in (True, None):
        world.register.records = [a_record(has_open_alert=alert)]
        person = _known(world) if alert else world.traveller("2" * 43)
        person.set_out(a_client(block_prohibited=True))
        person.prove()


@shows(
    "account/email.html", "account/code.html", "account/services.html", "account/too_often.html", "account/home.html"
)
def they_come_by_themselves(world: World) -> None:
    person = _known(world)
    person.get("/account/services")
    person.submit(email="")
    person.submit(email="not an address")
    person.submit(email=EMAIL)
    person.submit(code="")
    for _ in range(5):
        person.submit(code=wrong_code(EMAIL))
    world.wait(seconds=5)
    person.submit()
    person.submit(code=newest_code(EMAIL))
    person.get("/account")
    person.post("/account/sign-out")
    world.exhaust(rate_limits.CODES_PER_IP, f"person {LOCAL}")
    person.submit(email=EMAIL)
