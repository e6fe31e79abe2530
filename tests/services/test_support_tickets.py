"""Cases: one per person and cause, one ticket each whatever the desk does, ended once."""

from __future__ import annotations

import re
from datetime import date
from threading import Barrier, Thread
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from identity_provider.adapters.memory import MemoryDesk
from identity_provider.db import db, transaction
from identity_provider.domain.errors import CaseAlreadyResolved
from identity_provider.domain.lookup import LookupReason
from identity_provider.models import CaseStatus, Delivery, OutboxMessage, Resolution, SupportTicket, User
from identity_provider.ports import TicketDeskUnavailable
from identity_provider.services import support_tickets
from identity_provider.services.audit import SYSTEM
from identity_provider.services.statements import NINO_CONTEXT
from identity_provider.vault import vault
from tests.builders import NOW, a_client, a_user

ISSUER = "https://identity.example.org"


def a_case(user: User | None = None, reason: LookupReason = LookupReason.NEAR_MATCH) -> SupportTicket:
    with transaction():
        return support_tickets.open_case(user or a_user(), a_client(), None, reason, NOW)


def message(kind: str) -> OutboxMessage:
    return db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()


def test_an_open_case_is_used_again(app: Flask) -> None:
    user = a_user()
    assert a_case(user).id == a_case(user).id
    assert message(support_tickets.OPEN_KIND).payload


def test_a_reference_can_be_read_out(app: Flask) -> None:
    references = {support_tickets.new_reference() for _ in range(200)}
    assert len(references) == 200
    assert all(re.fullmatch(r"GAI-[2-9A-Z]{6}", each) for each in references)
    assert not set("".join(each[4:] for each in references)) & set("01OILSZBU5")


def test_a_service_that_wants_no_tickets_gets_a_case_only(app: Flask) -> None:
    with transaction():
        support_tickets.open_case(a_user(), a_client(raise_tickets=False), None, LookupReason.AMBIGUOUS, NOW)
    assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 0


def test_a_new_case_is_opened_once_the_last_one_is_resolved(app: Flask) -> None:
    user = a_user()
    first = a_case(user)
    with transaction():
        support_tickets.resolve_by_match(user, NOW)
    assert a_case(user).id != first.id


def test_of_twelve_requests_at_once_one_opens_the_case(app: Flask) -> None:
    user, client = a_user(), a_client()
    cases: list[UUID] = []
    start = Barrier(12)

    def attempt() -> None:
        with app.app_context():
            start.wait()
            with transaction():
                cases.append(support_tickets.open_case(user, client, None, LookupReason.NEAR_MATCH, NOW).id)

    threads = [Thread(target=attempt) for _ in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(cases) == 12
    assert len(set(cases)) == 1
    assert message(support_tickets.OPEN_KIND).payload


def test_the_ticket_says_what_was_stated_and_only_the_end_of_the_nino(app: Flask) -> None:
    user = a_user(
        last_name="Bush",
        email="kate@example.com",
        stated_nino_encrypted=vault.seal("AB123456C", NINO_CONTEXT),
        stated_trn="7654321",
        stated_has_qts=True,
        stated_training_provider="University of Leeds",
        stated_previous_names=[{"first_name": "Kate", "last_name": "Smith"}],
        date_of_birth=date(1985, 3, 4),
    )
    case = a_case(user, LookupReason.STATED_TRN_NOT_FOUND)
    ticket = support_tickets.ticket_for(case, ISSUER)
    assert ticket.subject == "[Get an identity] Support request from Kate Bush"
    assert ticket.body.splitlines() == [
        "Name: Kate Bush",
        "Previous names: Kate Smith",
        "Email: kate@example.com",
        "Date of birth: 4 March 1985",
        "National Insurance number: ends in 56C",
        "Stated TRN: 7654321",
        "Training provider: University of Leeds",
        "Claims QTS: Yes",
        "Service: Register for an NPQ",
        "Why no match was made: They gave a TRN, or say that they have one, and no record was found by it",
        f"Case: {case.reference} {ISSUER}/support/cases/{case.id}",
    ]
    assert "AB1234" not in ticket.body
    assert (ticket.external_id, ticket.requester_email) == (str(case.id), "kate@example.com")


def test_a_ticket_is_opened_and_its_number_kept(app: Flask, desk: MemoryDesk) -> None:
    case = a_case()
    support_tickets.deliver_open(message(support_tickets.OPEN_KIND), desk, NOW, issuer=ISSUER)
    support_tickets.deliver_open(message(support_tickets.OPEN_KIND), desk, NOW, issuer=ISSUER)
    db.session.refresh(case)
    assert case.zendesk_ticket_id == desk.kept[str(case.id)].id
    assert len(desk.opened) == 1


def test_a_lost_reply_does_not_make_a_second_ticket(app: Flask, desk: MemoryDesk) -> None:
    a_case()
    desk.loses_replies = True
    opening = message(support_tickets.OPEN_KIND)
    with pytest.raises(TicketDeskUnavailable):
        support_tickets.deliver_open(opening, desk, NOW, issuer=ISSUER)
    support_tickets.deliver_open(opening, desk, NOW, issuer=ISSUER)
    assert len(desk.opened) == 1


def test_a_case_that_ended_while_the_desk_was_down_is_opened_and_then_solved(app: Flask, desk: MemoryDesk) -> None:
    user = a_user()
    case = a_case(user)
    with transaction():
        support_tickets.resolve_by_match(user, NOW)
    opening, solving = message(support_tickets.OPEN_KIND), message(support_tickets.SOLVE_KIND)
    with pytest.raises(TicketDeskUnavailable):
        support_tickets.deliver_solve(solving, desk, NOW)
    support_tickets.deliver_open(opening, desk, NOW, issuer=ISSUER)
    support_tickets.deliver_solve(solving, desk, NOW)
    assert desk.kept[str(case.id)].status == "solved"
    assert "found automatically" in desk.told[0][1]


def test_a_case_whose_ticket_was_given_up_is_not_waited_for(app: Flask, desk: MemoryDesk) -> None:
    user = a_user()
    a_case(user)
    with transaction():
        message(support_tickets.OPEN_KIND).settle(Delivery.GIVEN_UP, NOW)
        support_tickets.resolve_by_match(user, NOW)
    support_tickets.deliver_solve(message(support_tickets.SOLVE_KIND), desk, NOW)
    assert desk.told == []


def test_a_later_match_ends_the_case_and_tells_the_person_when_they_are_away(app: Flask) -> None:
    user = a_user()
    case = a_case(user)
    with transaction():
        support_tickets.resolve_by_match(user, NOW, tell=True)
    db.session.refresh(case)
    assert (case.status, case.resolution) == (CaseStatus.RESOLVED, Resolution.MATCHED_LATER)
    assert message("trn_attached").recipient == user.email
    assert support_tickets.resolve_by_match(user, NOW) is None


def test_a_case_is_ended_once(app: Flask) -> None:
    case = a_case()
    with transaction():
        support_tickets.end(case, Resolution.WITHDRAWN, by=SYSTEM, note="", now=NOW)
    with pytest.raises(CaseAlreadyResolved), transaction():
        support_tickets.end(case, Resolution.NO_TRN, by=SYSTEM, note="", now=NOW)
