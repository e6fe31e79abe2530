"""An empty answer of the register is the last word only for what the person confirmed, and only while it is given."""

from __future__ import annotations

import pytest
from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.lookup import LookupReason, LookupState, LookupStatus, pending
from identity_provider.kit.app import ports
from identity_provider.models import SupportTicket
from identity_provider.services import lookups
from tests.builders import a_client
from tests.journeys.test_no_record import a_stranger
from tests.journeys.travel import EMAIL, Traveller, count_of, user_at

NO_RECORD = LookupState(LookupStatus.NONE, LookupReason.NO_RECORD)


def up_to_check(app: Flask, register: MemoryRegister) -> Traveller:
    register.records = [a_stranger()]
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more()
    return person


def test_an_answer_that_came_while_nobody_was_there_to_correct_themselves_is_not_none(
    app: Flask, register: MemoryRegister
) -> None:
    person = up_to_check(app, register)
    register.down = True
    person.check()
    register.down = False
    lookups.look_up_again(user_at(EMAIL).id, register, ports().clock.now())
    assert user_at(EMAIL).lookup_state == pending(LookupReason.NOT_LOOKED_UP)


def test_who_closed_the_page_that_asks_again_is_not_none_at_the_next_sign_in(
    app: Flask, register: MemoryRegister
) -> None:
    assert up_to_check(app, register).check().h1 == "We could not find your teaching record"
    back = Traveller(app, "2" * 43)
    back.set_out()
    back.prove()
    assert user_at(EMAIL).lookup_state == pending(LookupReason.NOT_LOOKED_UP)


@pytest.mark.parametrize("how", ["Continue without changing anything", "Change my answers"])
def test_who_was_asked_again_stays_none_for_as_long_as_the_register_says_so(
    app: Flask, register: MemoryRegister, how: str
) -> None:
    person = up_to_check(app, register)
    person.check()
    person.submit(how)
    if person.here.path == person.step("check-answers"):
        person.check()
    assert user_at(EMAIL).lookup_state == NO_RECORD
    register.down = True
    back = Traveller(app, "2" * 43)
    back.set_out(a_client())
    back.prove()
    assert user_at(EMAIL).lookup_state == pending(LookupReason.REGISTER_UNAVAILABLE)
    register.down = False
    lookups.look_up_again(user_at(EMAIL).id, register, ports().clock.now())
    assert user_at(EMAIL).lookup_state == NO_RECORD


def test_a_trn_that_is_stated_while_the_register_is_down_is_not_lost_in_none(
    app: Flask, register: MemoryRegister
) -> None:
    person = up_to_check(app, register)
    person.check()
    person.submit("Change my answers")
    person.check()
    assert user_at(EMAIL).lookup_state == NO_RECORD
    person.submit("Change my answers")
    person.get(person.step("teacher-reference-number"))
    register.down = True
    person.submit(has="yes", number="1111111")
    assert person.check().h1 == "We could not check your teaching record just now"
    user = user_at(EMAIL)
    assert (user.lookup_state, user.asked_again_at is None) == (pending(LookupReason.REGISTER_UNAVAILABLE), False)


def test_a_fault_of_ours_is_seen_by_people_and_a_silent_register_is_not(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = up_to_check(app, register)
    register.down = True
    person.check()
    assert count_of(SupportTicket) == 0
    register.down = False

    def broken(*_: object) -> None:
        raise KeyError(EMAIL)

    monkeypatch.setattr(register, "find_candidates", broken, raising=False)
    for _ in range(2):
        with pytest.raises(RegisterUnavailable):
            lookups.look_up_again(user_at(EMAIL).id, register, ports().clock.now())
    assert count_of(SupportTicket) == 1


def test_a_fault_at_the_check_opens_a_case(
    app: Flask, register: MemoryRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError(EMAIL)

    monkeypatch.setattr(register, "find_candidates", broken, raising=False)
    up_to_check(app, register).check()
    assert count_of(SupportTicket) == 1
    assert user_at(EMAIL).lookup_reason is LookupReason.REGISTER_UNAVAILABLE
