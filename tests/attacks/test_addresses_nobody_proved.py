"""An address that a service put into an account proves nothing until somebody proved it (domain.md, "TRN token")."""

from __future__ import annotations

from uuid import UUID

from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import code_limits, rate_limits, service_edits, submissions
from identity_provider.services.service_edits import DetailChanges
from tests.builders import a_client, a_record, a_user
from tests.journeys.test_passkeys import ACR, PasskeyHolder, a_device_of
from tests.journeys.test_trn_tokens import a_token, the_token
from tests.journeys.travel import Traveller, codes_sent_to, newest_code
from tests.kit.authenticator import Authenticator
from tests.kit.page import Browser
from tests.kit.provider import a_browser_of, a_relying_party

VICTIM = "kate@example.com"


def moved_to(user: User, address: str = VICTIM) -> None:
    """A service gives the account another address."""
    with transaction():
        held = service_edits.held(user.id)
        assert held is not None
        service_edits.change_details(held, DetailChanges(email=address), client=a_client(), now=ports().clock.now())


def as_it_is(user: User) -> User:
    """The account's row as it is now."""
    db.session.rollback()
    return db.session.get_one(User, user.id, populate_existing=True)


def mallory() -> tuple[User, Authenticator]:
    """Somebody whose account got the victim's address, and who holds a passkey of it."""
    user = a_user(first_name="Mallory", last_name="Intruder")
    device = a_device_of(user)
    moved_to(user)
    return user, device


def come_with_token(app: Flask) -> PasskeyHolder:
    """Somebody with a token for the victim's address."""
    person = PasskeyHolder(app)
    person.set_out(a_client(), parameters={"trn_token": a_token(email=VICTIM)}, scope="openid email trn")
    return person


def test_a_token_for_an_address_that_nobody_proved_links_nobody_by_a_passkey(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    user, device = mallory()
    person = come_with_token(app)
    assert person.show(device).path == person.step("code")
    assert (as_it_is(user).trn, the_token().used_at) == (None, None)
    assert codes_sent_to(VICTIM) == 1


def test_the_code_that_is_asked_for_then_links(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    user, device = mallory()
    person = come_with_token(app)
    person.show(device)
    assert person.submit(code=newest_code(VICTIM)).path == person.answer_path
    owner = as_it_is(user)
    assert (owner.trn, owner.lookup_reason) == ("1234567", LookupReason.TRN_TOKEN)
    assert owner.email_verified_at is not None


def test_whoever_shows_the_passkey_instead_goes_on_without_the_token(app: Flask, register: MemoryRegister) -> None:
    """They may have no way to read that mail, and are not to be asked in a circle."""
    register.records = [a_record()]
    user, device = mallory()
    person = come_with_token(app)
    person.show(device)
    assert person.post(person.step("passkey/show"), passkey=device.get(person.options())).path != person.step("code")
    assert (as_it_is(user).trn, the_token().used_at, codes_sent_to(VICTIM)) == (None, None, 1)


def test_a_token_is_left_aside_where_no_more_codes_may_be_sent(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    user, device = mallory()
    for _ in range(rate_limits.CODES_PER_ADDRESS.count):
        with transaction():
            code_limits.count_sending(code_limits.Door.PERSON, VICTIM, "127.0.0.1", now=ports().clock.now())
    person = come_with_token(app)
    assert person.show(device).path != person.step("code")
    assert (as_it_is(user).trn, the_token().used_at) == (None, None)


def test_a_session_is_no_proof_of_such_an_address_either(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record()]
    user, _ = mallory()
    service = a_relying_party(app)
    browser = a_browser_of(app, as_it_is(user))
    asked = browser.get(service.ask(trn_token=a_token(email=VICTIM)).path)
    assert browser.get(asked.location).location.endswith("/code")
    assert (as_it_is(user).trn, the_token().used_at) == (None, None)


def test_a_passkey_that_the_service_demands_is_shown_in_the_session_that_the_code_began(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    user, device = mallory()
    service, person = a_relying_party(app), PasskeyHolder(app)
    asked = service.ask(acr_values=ACR, trn_token=a_token(email=VICTIM))
    person.journey_id = UUID(person.get(asked.path).path.split("/")[2])
    person.show(device)
    assert person.submit(code=newest_code(VICTIM)).path == person.step("passkey")
    signed_in = service.finish(str(person.show(device).location), asked)
    assert (signed_in.claims["acr"], signed_in.claims["trn"]) == (ACR, "1234567")
    assert as_it_is(user).trn == "1234567"


def test_a_search_takes_such_an_address_for_none_that_was_proved(app: Flask, register: MemoryRegister) -> None:
    register.records = [a_record(email=VICTIM)]
    kate = a_user(first_name="Kate", last_name="Bush")
    device = a_device_of(kate)
    moved_to(kate)
    person = PasskeyHolder(app)
    person.set_out(a_client())
    person.show(device)
    found = as_it_is(kate)
    assert (found.trn, found.email_verified_at) == (None, None)


def test_without_that_address_name_and_birthday_alone_link_nobody(app: Flask, register: MemoryRegister) -> None:
    """The address was what decided above."""
    register.records = [a_record(email=VICTIM)]
    kate = a_user(first_name="Kate", last_name="Bush")
    device = a_device_of(kate)
    person = PasskeyHolder(app)
    person.set_out(a_client())
    person.show(device)
    assert as_it_is(kate).trn is None


def test_with_that_address_proved_the_search_links(app: Flask, register: MemoryRegister) -> None:
    """So the two tests above show what the proof is worth."""
    register.records = [a_record(email=VICTIM)]
    kate = a_user(first_name="Kate", last_name="Bush")
    moved_to(kate)
    person = Traveller(app)
    person.set_out(a_client())
    person.prove(VICTIM)
    found = as_it_is(kate)
    assert found.trn == "1234567"
    assert found.email_verified_at is not None


def test_such_an_address_is_none_to_choose_when_two_accounts_become_one(app: Flask) -> None:
    user, device = mallory()
    holder = a_user(trn="1234567", email="holder@example.com", email_verified_at=None)
    person = PasskeyHolder(app)
    person.set_out(a_client(), scope="openid email")
    person.show(device)
    with transaction():
        journey = person.journey
        journey.trn_holder_id = journey.other_proved_id = holder.id
        journey.other_proved_address = holder.email
    assert submissions.addresses(person.journey) == ["holder@example.com"]
    with transaction():
        submissions.keep_address(person.journey, "holder@example.com", now=ports().clock.now())
    assert as_it_is(user).merged_into_id == holder.id
    assert as_it_is(holder).email_verified_at is not None, "a code to it was entered"


def test_a_code_to_ones_own_account_proves_the_address(app: Flask) -> None:
    user, _ = mallory()
    person = Browser(app)
    person.get("/account/sign-in")
    person.submit(email=VICTIM)
    person.submit(code=newest_code(VICTIM))
    assert as_it_is(user).email_verified_at is not None
