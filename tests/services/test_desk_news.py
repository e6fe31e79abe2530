"""What is heard of tickets: closed there is shown and decides nothing, a TRN of an agent's is kept, nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from identity_provider.adapters.memory import ManualClock, MemoryDesk
from identity_provider.db import db, transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import AuditEvent, CaseStatus, SupportTicket, TicketComment, User
from identity_provider.ports import DeskComment, TicketDeskUnavailable, TicketRefused
from identity_provider.services import case_work, desk_news, erasure, support_tickets
from identity_provider.services.audit import SYSTEM
from tests.builders import NOW, a_client, a_record, a_staff_user, a_user

ISSUER = "https://identity.example.org"


def a_case_with_ticket(desk: MemoryDesk, user: User | None = None) -> SupportTicket:
    user = user or a_user(lookup_status=LookupStatus.PENDING, lookup_reason=LookupReason.NEAR_MATCH)
    with transaction():
        case = support_tickets.open_case(user, a_client(), None, LookupReason.NEAR_MATCH, NOW)
        case.zendesk_ticket_id = desk.open(support_tickets.ticket_for(case, ISSUER)).id
    return case


def number_of(case: SupportTicket) -> int:
    assert case.zendesk_ticket_id is not None
    return case.zendesk_ticket_id


def anew(case: SupportTicket) -> SupportTicket:
    db.session.rollback()
    return db.session.get_one(SupportTicket, case.id, populate_existing=True)


def comments() -> list[TicketComment]:
    db.session.rollback()
    return list(db.session.scalars(select(TicketComment).order_by(TicketComment.zendesk_comment_id)))


def actions(case: SupportTicket) -> list[str]:
    db.session.rollback()
    found = (
        select(AuditEvent.action)
        .where(AuditEvent.subject_id == str(case.id))
        .order_by(AuditEvent.at, AuditEvent.recorded_at)
    )
    return [each for each in db.session.scalars(found) if each.startswith("ticket_")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is **1234567**, I saw the certificate", ["1234567"]),
        ("**1234567** or **7654321**, not **1234567**", ["1234567", "7654321"]),
        ("** 1234567 **", ["1234567"]),
        ("1234567", []),
        ("*1234567*", []),
        ("**123456**", []),
        ("**12345678**", []),
        ("***1234567***", []),
        ("**１２３４５６７**", []),
        ("", []),
    ],
)
def test_a_trn_is_seven_digits_between_double_asterisks(text: str, found: list[str]) -> None:
    assert desk_news.trns_in(text) == found


@pytest.mark.parametrize("status", ["solved", "closed"])
def test_a_ticket_closed_there_marks_the_case_and_decides_nothing(app: Flask, desk: MemoryDesk, status: str) -> None:
    case = a_case_with_ticket(desk)
    desk.set_status(number_of(case), status)
    desk_news.read_ticket(number_of(case), desk, NOW)
    case = anew(case)
    assert (case.zendesk_status, case.zendesk_closed_at) == (status, NOW)
    assert (case.status, case.user.lookup_status) == (CaseStatus.OPEN, LookupStatus.PENDING)
    assert case.user.lookup_reason is LookupReason.NEAR_MATCH
    assert actions(case) == ["ticket_closed_in_zendesk"]


def test_a_ticket_that_was_deleted_there_is_closed_too(app: Flask, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    desk.forget(number_of(case))
    desk_news.read_ticket(number_of(case), desk, NOW)
    case = anew(case)
    assert (case.zendesk_status, case.zendesk_closed_at, case.status) == ("deleted", NOW, CaseStatus.OPEN)


def test_a_ticket_that_is_opened_again_there_takes_the_mark_away(app: Flask, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    for hours, status in enumerate(("solved", "solved", "open")):
        desk.set_status(number_of(case), status)
        desk_news.read_ticket(number_of(case), desk, NOW + timedelta(hours=hours))
    assert anew(case).zendesk_closed_at is None
    assert actions(case) == ["ticket_closed_in_zendesk", "ticket_reopened_in_zendesk"]


def test_the_ticket_of_a_decided_case_is_expected_to_be_solved(app: Flask, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    with transaction():
        case_work.attach_trn(case.id, record=a_record(), staff=a_staff_user(), reason="seen", now=NOW)
    desk.set_status(number_of(case), "solved")
    desk_news.read_ticket(number_of(case), desk, NOW)
    assert anew(case).zendesk_closed_at is None


def test_comments_are_kept_once_and_ours_not_at_all(app: Flask, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    desk.comment(number_of(case), "Told by us: **1111111**")
    desk.write(number_of(case), "It is **1234567**")
    desk.write(number_of(case), "I am **2222222**", author="Kate Bush", from_agent=False)
    for _ in range(2):
        desk_news.read_ticket(number_of(case), desk, NOW)
    assert [(each.author, each.text, each.trns) for each in comments()] == [
        ("Sam Agent", "It is **1234567**", ["1234567"]),
        ("Kate Bush", "I am **2222222**", []),
    ]
    assert anew(case).user.trn is None, "nothing is ever attached by itself"
    assert actions(case) == ["ticket_comments_read"]


def test_a_round_asks_about_every_open_ticket_in_batches(
    app: Flask, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_news, "AT_ONCE", 2)
    cases = [a_case_with_ticket(desk) for _ in range(5)]
    with transaction():
        case_work.confirm_no_trn(cases[0].id, staff=a_staff_user(), reason="seen", now=NOW)
    desk.set_status(number_of(cases[4]), "closed")
    assert desk_news.read_open_tickets(desk, NOW) == 4
    assert sorted(number for batch in desk.asked for number in batch) == [2, 3, 4, 5]
    assert [len(batch) for batch in desk.asked] == [2, 2]
    assert anew(cases[4]).zendesk_closed_at == NOW


def test_a_round_that_is_broken_off_goes_on_where_it_stopped(
    app: Flask, desk: MemoryDesk, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_news, "AT_ONCE", 2)
    for _ in range(5):
        a_case_with_ticket(desk)
    desk.answers_left = 2 + 2 * 1  # two tickets with their comments, then one call more
    with pytest.raises(TicketDeskUnavailable):
        desk_news.read_open_tickets(desk, NOW)
    asked_before = {number for batch in desk.asked for number in batch}
    desk.answers_left = None
    desk.asked.clear()
    desk_news.read_open_tickets(desk, NOW + timedelta(minutes=1))
    asked_after = [number for batch in desk.asked for number in batch]
    assert len(asked_after) == len(set(asked_after))
    assert asked_before | set(asked_after) == {1, 2, 3, 4, 5}
    assert desk_news.read_open_tickets(desk, NOW + timedelta(minutes=10)) == 5


def test_comments_are_asked_for_only_where_something_changed(app: Flask, desk: MemoryDesk) -> None:
    case, other = a_case_with_ticket(desk), a_case_with_ticket(desk)
    desk_news.read_open_tickets(desk, NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    desk.moment = later
    desk.write(number_of(other), "It is **1234567**")
    desk.read.clear()
    desk_news.read_open_tickets(desk, later)
    assert desk.read == [number_of(other)]
    assert [each.ticket_id for each in comments()] == [other.id]
    assert anew(case).zendesk_checked_at == later


def test_a_comment_written_in_the_second_of_the_last_reading_is_not_lost(app: Flask, desk: MemoryDesk) -> None:
    """Zendesk's times are whole seconds: a ticket whose time did not move may still have news."""
    case = a_case_with_ticket(desk)
    desk.moment = NOW
    desk.write(number_of(case), "First")
    desk_news.read_ticket(number_of(case), desk, NOW + timedelta(seconds=1))
    desk.written[number_of(case)].append(
        DeskComment(99, "Sam Agent", "It is **1234567**", public=False, at=desk.moment, from_agent=True)
    )
    desk_news.read_open_tickets(desk, NOW + timedelta(minutes=10))
    assert [each.text for each in anew(case).comments] == ["First", "It is **1234567**"]


def test_comments_that_could_not_be_had_are_asked_for_in_the_next_round(app: Flask, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    desk.write(number_of(case), "It is **1234567**")
    desk.answers_left = 1
    with pytest.raises(TicketDeskUnavailable):
        desk_news.read_ticket(number_of(case), desk, NOW)
    desk.answers_left = None
    desk_news.read_open_tickets(desk, NOW + timedelta(days=1))
    assert [each.trns for each in comments()] == [["1234567"]]


def test_one_ticket_whose_comments_are_refused_holds_up_no_other(
    app: Flask, desk: MemoryDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = [a_case_with_ticket(desk) for _ in range(3)]
    for case in cases:
        desk.write(number_of(case), "It is **1234567**")
    given = MemoryDesk.comments

    def refuses_the_second(self: MemoryDesk, ticket_id: int) -> list[DeskComment]:
        if ticket_id == number_of(cases[1]):
            raise TicketRefused("404 RecordNotFound")
        return given(self, ticket_id)

    monkeypatch.setattr(MemoryDesk, "comments", refuses_the_second)
    assert desk_news.read_open_tickets(desk, NOW) == 3
    assert {each.ticket_id for each in comments()} == {cases[0].id, cases[2].id}


def test_of_an_erased_person_nothing_new_is_kept(app: Flask, desk: MemoryDesk) -> None:
    case = a_case_with_ticket(desk)
    desk.write(number_of(case), "Kate rang: **1234567**")
    desk_news.read_ticket(number_of(case), desk, NOW)
    with transaction():
        erasure.erase(db.session.get_one(User, case.user_id), actor=SYSTEM, reason="asked for it", now=NOW)
    assert comments() == []
    desk_news.read_ticket(number_of(case), desk, NOW)
    assert comments() == []
