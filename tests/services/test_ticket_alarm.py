"""The alarm when no ticket arose although searches failed: each rule rings when it should, and otherwise is silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, text

from identity_provider.adapters.memory import ManualClock, MemoryDesk, MemoryRegister
from identity_provider.cli.examinations import examine
from identity_provider.db import db, transaction
from identity_provider.domain.access import StaffRole
from identity_provider.domain.features import Feature
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import Client, Journey, SupportTicket, User
from identity_provider.queue import defer
from identity_provider.services import features, journey_standing, journeys, support_tickets, ticket_alarm
from identity_provider.services.audit import SYSTEM
from identity_provider.services.ticket_alarm import Rule, Watch
from tests.builders import NOW, a_client, a_user
from tests.console.agents import an_agent
from tests.journeys.travel import Traveller, a_request
from tests.test_jobs import work

LATER = NOW + timedelta(minutes=31)


def a_pending_user(reason: LookupReason = LookupReason.NEAR_MATCH, **values: Any) -> User:
    return a_user(lookup_status=LookupStatus.PENDING, lookup_reason=reason, looked_up_at=NOW, **values)


def a_case(**client: Any) -> SupportTicket:
    with transaction():
        return support_tickets.open_case(a_pending_user(), a_client(**client), None, LookupReason.NEAR_MATCH, NOW)


def somebody_who_went_on(user: User | None = None, **client: Any) -> Journey:
    """A journey whose person was not found and went on; no case is opened for them here."""
    asked = a_request(a_client(**client))
    user_id = (user or a_pending_user()).id
    with transaction():
        journey = journeys.begin(asked, "b" * 43, NOW)
        journey.user_id = user_id
        journey.submissions, journey.submitted_at, journey.went_on_at = 1, NOW, NOW
    return journey


def rung(now: datetime = LATER, *, with_desk: bool = True) -> tuple[Rule, ...]:
    db.session.rollback()
    return ticket_alarm.look(now, with_desk=with_desk).rings


def test_where_all_is_well_nothing_rings(app: Flask) -> None:
    assert ticket_alarm.look(NOW, with_desk=True) == Watch(0, 0, 0, 0, 0)
    assert rung() == ()


def test_a_case_without_a_ticket_rings_after_half_an_hour(app: Flask) -> None:
    case = a_case()
    assert rung(NOW + timedelta(minutes=29)) == ()
    assert rung() == (Rule.CASE_WITHOUT_TICKET,)
    with transaction():
        db.session.get_one(SupportTicket, case.id).zendesk_ticket_id = 7
    assert rung() == ()


def switch(*, on: bool, now: datetime, client: Client | None = None) -> None:
    with transaction():
        features.switch(Feature.HELPDESK_TICKETS, on=on, reason="Zendesk moves", actor=SYSTEM, now=now, client=client)


def test_tickets_that_are_switched_off_are_told_and_not_missed(app: Flask, client: FlaskClient) -> None:
    case = a_case()
    a_case()
    switch(on=False, now=NOW, client=case.client)
    watch = ticket_alarm.look(LATER, with_desk=True)
    assert (watch.cases_without_ticket, watch.services_switched_off, watch.cases_held_back) == (1, 1, 1)
    assert watch.rings == (Rule.CASE_WITHOUT_TICKET,), "of the service whose tickets are on"
    switch(on=False, now=NOW)
    watch = ticket_alarm.look(LATER, with_desk=True)
    assert (watch.rings, watch.services_switched_off, watch.cases_held_back) == ((), 2, 2)
    assert watch.tickets_in_window == 2, "a case is enough"
    switch(on=True, now=LATER)
    switch(on=True, now=LATER, client=case.client)
    assert rung(LATER + timedelta(minutes=29)) == (), "they are on the way"
    assert rung(LATER + timedelta(minutes=31)) == (Rule.CASE_WITHOUT_TICKET,)


def test_tickets_are_on_the_way_too_when_a_service_follows_the_general_switch_again(app: Flask) -> None:
    case = a_case()
    assert case.client is not None
    switch(on=False, now=NOW, client=case.client)
    with transaction():
        features.follow_general(
            Feature.HELPDESK_TICKETS, case.client, reason="Zendesk is back", actor=SYSTEM, now=LATER
        )
    assert rung(LATER + timedelta(minutes=29)) == ()
    assert rung(LATER + timedelta(minutes=31)) == (Rule.CASE_WITHOUT_TICKET,)


def test_the_general_switch_excuses_no_service_that_has_its_own(app: Flask) -> None:
    case = a_case()
    switch(on=True, now=NOW - timedelta(days=1), client=case.client)
    switch(on=False, now=LATER)
    assert rung(LATER + timedelta(minutes=1)) == (Rule.CASE_WITHOUT_TICKET,)


def test_without_a_desk_nothing_waits_for_a_switch(app: Flask) -> None:
    a_case()
    switch(on=False, now=NOW)
    watch = ticket_alarm.look(LATER, with_desk=False)
    assert (watch.rings, watch.services_switched_off, watch.cases_held_back) == ((), 0, 0)


def test_that_tickets_are_switched_off_shows_where_the_alarm_would(
    app: Flask, client: FlaskClient, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    a_case()
    switch(on=False, now=NOW)
    clock.advance(timedelta(hours=1))
    with transaction():
        defer("watch_for_tickets", timestamp="0")
    work()
    said = capsys.readouterr().out
    assert "tickets_switched_off" in said
    assert "no_ticket_arose" not in said
    found = examine("tickets")
    assert (found.state, found.what) == ("ok", "tickets are switched off for 1 services; 1 cases wait for theirs")
    assert "tickets_cases_held_back 1.0" in client.get("/metrics").text
    page = an_agent(app, StaffRole.VIEWER).get("/support/performance")
    assert "Tickets in Zendesk are switched off for 1 services: 1 cases wait for theirs." in page.text
    assert "waiting for nobody" not in page.text


def test_where_no_tickets_are_wanted_none_is_missed(app: Flask) -> None:
    a_case(raise_tickets=False)
    somebody_who_went_on(raise_tickets=False)
    assert rung() == ()


def test_without_a_desk_a_case_is_enough(app: Flask) -> None:
    a_case()
    assert rung(with_desk=False) == ()


def test_somebody_who_was_not_found_and_has_no_case_rings(app: Flask) -> None:
    user = a_pending_user()
    somebody_who_went_on(user)
    assert rung(NOW + timedelta(minutes=29)) == ()
    assert rung() == (Rule.PERSON_WITHOUT_CASE,)
    assert rung(with_desk=False) == (Rule.PERSON_WITHOUT_CASE,)
    with transaction():
        support_tickets.open_case(user, None, None, LookupReason.NEAR_MATCH, LATER)
    assert rung() == ()


@pytest.mark.parametrize("reason", [LookupReason.REGISTER_UNAVAILABLE, LookupReason.NOT_LOOKED_UP])
def test_who_is_looked_up_again_by_itself_is_no_case(app: Flask, reason: LookupReason) -> None:
    somebody_who_went_on(a_pending_user(reason))
    assert rung() == ()


def test_who_used_up_their_tries_is_the_helpdesks_without_going_on(app: Flask) -> None:
    journey_id = somebody_who_went_on().id
    with transaction():
        db.session.get_one(Journey, journey_id).went_on_at = None
    assert rung() == (), "they may still correct their answers"
    with transaction():
        db.session.get_one(Journey, journey_id).submissions = journey_standing.SUBMISSIONS
    assert rung() == (Rule.PERSON_WITHOUT_CASE,)


@pytest.mark.parametrize("gone", ["locked_at", "erased_at"])
def test_who_is_no_longer_there_waits_for_nobody(app: Flask, gone: str) -> None:
    values: dict[str, Any] = {gone: NOW}
    somebody_who_went_on(a_pending_user(**values))
    assert rung() == ()


@pytest.mark.parametrize(
    ("failed", "before", "tickets", "rings"),
    [(10, 9, 0, True), (9, 0, 0, False), (10, 10, 0, False), (30, 9, 1, False)],
)
def test_failures_that_rise_ring_when_no_ticket_arose_at_all(
    failed: int, before: int, tickets: int, *, rings: bool
) -> None:
    watch = Watch(0, 0, failed, before, tickets)
    assert (Rule.FAILURES_WITHOUT_TICKETS in watch.rings) is rings


def test_people_whose_search_failed_are_counted_by_day(
    app: Flask, clock: ManualClock, register: MemoryRegister
) -> None:
    register.down = True
    for first, email in (("Ada", "one@example.com"), ("Greta", "two@example.com")):
        person = Traveller(app, secret=email.ljust(43, "x"))
        person.set_out()
        person.prove(email)
        person.say_who(first)
        person.say_more()
        person.check()
    watch = ticket_alarm.look(clock.now(), with_desk=True)
    assert (watch.failed_in_window, watch.failed_before, watch.tickets_in_window) == (2, 0, 0)
    watch = ticket_alarm.look(clock.now() + timedelta(hours=30), with_desk=True)
    assert (watch.failed_in_window, watch.failed_before) == (0, 2)


def test_a_real_sign_in_that_ends_with_the_helpdesk_rings_nothing(
    app: Flask, clock: ManualClock, register: MemoryRegister, desk: MemoryDesk
) -> None:
    person = Traveller(app)
    person.set_out()
    person.prove()
    person.say_who()
    person.say_more(trn="7654321")
    person.check()
    assert rung(clock.now() + timedelta(hours=1)) == (), "they may still correct their answers"
    person.submit("Continue without changing anything")
    work()
    assert len(desk.opened) == 1
    clock.advance(timedelta(hours=1))
    assert rung(clock.now()) == ()
    with transaction():
        db.session.execute(delete(SupportTicket))
    assert rung(clock.now()) == (Rule.PERSON_WITHOUT_CASE,)


@pytest.fixture
def alarm(app: Flask, clock: ManualClock) -> None:
    """A case whose ticket never came."""
    a_case()
    with transaction():
        db.session.execute(text("DELETE FROM procrastinate_jobs"))
    clock.advance(timedelta(hours=1))


@pytest.mark.usefixtures("alarm")
class TestWhereItShows:
    def test_the_worker_rings_in_the_log(self, capsys: pytest.CaptureFixture[str]) -> None:
        with transaction():
            defer("watch_for_tickets", timestamp="0")
        work()
        said = capsys.readouterr().out
        assert "no_ticket_arose" in said
        assert "case_without_ticket" in said

    def test_the_doctor_says_so_and_where_to_read_on(self) -> None:
        found = examine("tickets")
        assert (found.state, found.what) == ("fault", "1 cases have no ticket after half an hour")
        assert "docs/runbook/no-ticket-arose.md" in found.mend

    def test_the_metrics_say_so(self, client: FlaskClient) -> None:
        said = client.get("/metrics").text
        assert 'no_ticket_arose{rule="case_without_ticket"} 1.0' in said
        assert 'no_ticket_arose{rule="person_without_case"} 0.0' in said
        assert "tickets_cases_without_ticket 1.0" in said

    def test_the_page_of_figures_says_so(self, app: Flask) -> None:
        page = an_agent(app, StaffRole.VIEWER).get("/support/performance")
        assert "1 case has no ticket in Zendesk after half an hour." in page.text
        assert "People may be waiting for nobody." in page.text


def test_the_page_of_figures_is_quiet_otherwise(app: Flask) -> None:
    assert "waiting for nobody" not in an_agent(app, StaffRole.VIEWER).get("/support/performance").text
