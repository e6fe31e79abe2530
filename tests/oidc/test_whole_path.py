"""From a service to us and back with validated claims; then again, and from another service."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.domain.access import TrnRequirement
from tests.builders import a_record
from tests.journeys.travel import Traveller
from tests.kit.provider import a_relying_party
from tests.kit.relying_party import Asked, RelyingParty, SignedIn


def come_from(service: RelyingParty, person: Traveller, **parameters: str) -> Asked:
    """Follow the service's redirect to us; the person stands on the first page, or is back already."""
    asked = service.ask(**parameters)
    page = person.get(asked.path)
    if page.path.startswith("/sign-in/"):
        person.journey_id = UUID(page.path.split("/")[2])
    return asked


def back_at(service: RelyingParty, person: Traveller, asked: Asked) -> SignedIn:
    """The browser was sent to the service, which finishes by itself."""
    location = person.here.location
    assert location is not None, repr(person.here)
    return service.finish(location, asked)


def test_a_teacher_goes_there_and_back_and_is_the_same_person_everywhere(
    app: Flask, register: MemoryRegister, clock: ManualClock
) -> None:
    register.records = [a_record()]
    npq, other = a_relying_party(app), a_relying_party(app, number=2)
    person = Traveller(app)
    asked = come_from(npq, person)
    person.prove()
    person.say_who()
    person.say_more(nino="ab 12 34 56 c")
    person.check()
    person.submit("Continue to Register for an NPQ")
    first = back_at(npq, person, asked)
    assert first.userinfo["trn"] == "1234567"
    assert first.userinfo["trn_lookup_status"] == "Found"
    assert first.claims["amr"] == ["otp"]
    with_session = back_at(other, person, come_from(other, person))
    assert with_session.claims["sub"] == first.claims["sub"]
    clock.advance(timedelta(minutes=1))
    asked = come_from(npq, person, prompt="login")
    person.prove()
    assert back_at(npq, person, asked).claims["sub"] == first.claims["sub"]


def test_somebody_whom_the_service_does_not_take_back_returns_with_an_error(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record(first_name="Aloysius", last_name="Featherstone", nino="", date_of_birth=None)]
    service = a_relying_party(app, trn_requirement=TrnRequirement.REQUIRED)
    person = Traveller(app)
    asked = come_from(service, person)
    person.prove()
    person.say_who("Zoltan", "Quigley")
    person.say_more(trn="7654321")
    person.check()
    person.submit("Continue without changing anything")
    person.click("Return to Register for an NPQ")
    location = person.here.location
    assert location is not None
    answer = service.answer_in(location)
    assert (answer["error"], answer["state"]) == ("access_denied", asked.state)
