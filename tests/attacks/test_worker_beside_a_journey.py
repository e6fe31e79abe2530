"""The worker looks somebody up again while the same person presses Continue: neither may fail for the other."""

from __future__ import annotations

from flask import Flask

from identity_provider.adapters.memory import MemoryRegister
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, pending
from identity_provider.kit.app import ports
from identity_provider.models import Journey, SupportTicket
from identity_provider.services import accounts, journeys, lookups, trn_links
from identity_provider.services.audit import SYSTEM
from tests.builders import a_client, a_record, a_user
from tests.journeys.travel import Traveller, count_of
from tests.kit.second_party import SecondParty, just_before


def test_a_search_in_the_background_and_a_click_do_not_wait_for_each_other_in_a_circle(
    app: Flask, register: MemoryRegister
) -> None:
    register.records = [a_record()]
    user = a_user(first_name="Kate", last_name="Bush")
    person = Traveller(app)
    person.set_out(a_client(raise_tickets=True))
    journey_id, user_id, now = person.journey_id, user.id, ports().clock.now()
    with transaction():
        db.session.get_one(Journey, journey_id).user_id = user_id
        unanswered = pending(LookupReason.REGISTER_UNAVAILABLE)
        trn_links.stand_at(accounts.held(user_id), unanswered, actor=SYSTEM, now=now)
    worker = SecondParty(app, lambda: lookups.look_up_again(user_id, register, now))
    with just_before("FOR UPDATE OF users", worker.go_ahead), transaction():
        held = journeys.held(db.session.get_one(Journey, journey_id))
        held.submissions += 1
    worker.join()
    assert worker.failed is None
    assert count_of(SupportTicket, SupportTicket.journey_id == journey_id) == 1
    assert person.journey.submissions == 1


def test_of_two_clicks_the_second_one_still_waits(app: Flask) -> None:
    person = Traveller(app)
    person.set_out(a_client())
    journey_id = person.journey_id

    def click() -> None:
        with transaction():
            journeys.held(db.session.get_one(Journey, journey_id)).submissions += 1

    other = SecondParty(app, click)
    with transaction():
        journey = journeys.held(db.session.get_one(Journey, journey_id))
        other.go_ahead()
        assert other.is_alive(), "it waits for this one"
        journey.submissions += 1
    other.join()
    assert (other.failed, person.journey.submissions) == (None, 2)
