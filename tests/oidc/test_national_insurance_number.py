"""The National Insurance number, for `Strict` services only, and whether it is the one on the record (domain.md)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock, MemoryRegister
from identity_provider.db import transaction
from identity_provider.domain.access import MatchPolicy
from identity_provider.domain.lookup import VerificationLevel
from identity_provider.models import User
from identity_provider.services import kept_lookups, lookups, statements
from identity_provider.services.register_search import Occasion
from identity_provider.vault import vault
from tests.builders import a_record, a_user
from tests.kit.provider import a_browser_of, a_relying_party
from tests.kit.relying_party import RelyingParty

ON_RECORD = "AB123456C"


@pytest.fixture
def strict(app: Flask) -> RelyingParty:
    return a_relying_party(app, match_policy=MatchPolicy.STRICT)


def a_person(stated: str | None, level: VerificationLevel = VerificationLevel.MEDIUM) -> User:
    sealed = vault.seal(stated, statements.NINO_CONTEXT) if stated else None
    return a_user(trn="1234567", level=level, last_name="Bush", stated_nino_encrypted=sealed, stated_trn="1234567")


def looked_up(user: User, register: MemoryRegister, clock: ManualClock, on_record: str = ON_RECORD) -> None:
    """The search that found the record, as a journey keeps it."""
    register.records = [a_record(nino=on_record)]
    search = lookups.look_up(
        lookups.person_of(user), register, MatchPolicy.DEFAULT, occasion=Occasion.SIGN_IN, now=clock.now()
    )
    assert search.trn == "1234567"
    with transaction():
        kept_lookups.keep(search, user_id=user.id, journey_id=None)


def told(app: Flask, service: RelyingParty, user: User) -> dict[str, Any]:
    asked = service.ask()
    signed_in = service.finish(a_browser_of(app, user).get(asked.path).location, asked)
    names = ("ni_number", "trn_match_ni_number")
    of_number = {name: signed_in.userinfo[name] for name in names if name in signed_in.userinfo}
    assert of_number.items() <= signed_in.claims.items()
    return of_number


def test_a_number_that_the_search_found_on_the_record_is_said_to_match(
    app: Flask, strict: RelyingParty, register: MemoryRegister, clock: ManualClock
) -> None:
    """A string, as services read it (relying-services.md)."""
    user = a_person(ON_RECORD)
    looked_up(user, register, clock)
    assert told(app, strict, user) == {"ni_number": ON_RECORD, "trn_match_ni_number": "True"}


def test_a_record_without_a_number_vouches_for_none(
    app: Flask, strict: RelyingParty, register: MemoryRegister, clock: ManualClock
) -> None:
    user = a_person(ON_RECORD)
    looked_up(user, register, clock, on_record="")
    assert told(app, strict, user)["trn_match_ni_number"] == "False"


def test_a_number_that_was_changed_since_is_not_vouched_for(
    app: Flask, strict: RelyingParty, register: MemoryRegister, clock: ManualClock
) -> None:
    user = a_person(ON_RECORD)
    looked_up(user, register, clock)
    with transaction():
        user.stated_nino_encrypted = vault.seal("JK123456D", statements.NINO_CONTEXT)
    assert told(app, strict, user) == {"ni_number": "JK123456D", "trn_match_ni_number": "False"}


def test_a_record_that_no_search_compared_vouches_for_nothing(app: Flask, strict: RelyingParty) -> None:
    assert told(app, strict, a_person(ON_RECORD))["trn_match_ni_number"] == "False"


def test_without_a_number_or_a_trn_to_tell_there_is_nothing_to_say(app: Flask, strict: RelyingParty) -> None:
    assert told(app, strict, a_person(None)) == {}


def test_other_services_hear_nothing_of_it(app: Flask, register: MemoryRegister, clock: ManualClock) -> None:
    user = a_person(ON_RECORD)
    looked_up(user, register, clock)
    assert told(app, a_relying_party(app, number=2), user) == {}
