"""What happened to our tickets in Zendesk: read there after its webhook, and in rounds in case one was lost.

Nothing of it decides anything. A ticket that was closed there is shown to agents, and a TRN that an agent wrote
there is offered to them: the status of a person, and their record, change in the console only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from identity_provider.db import db, transaction
from identity_provider.models import CaseStatus, SupportTicket, TicketComment
from identity_provider.models.support_ticket import GONE_AT_DESK, OVER_AT_DESK
from identity_provider.ports import DeskComment, DeskTicket, TicketDesk, TicketRefused
from identity_provider.queue import defer
from identity_provider.services import audit, support_tickets
from identity_provider.services.audit import SYSTEM, Subject

log = structlog.get_logger("desk")

READ = "read_ticket"
"""The job that asks Zendesk about one ticket."""

AT_ONCE = 100
"""How many tickets are asked about in one call."""

LONGEST_TEXT = 10_000

# Zendesk's times have no fractions, and its clock is not ours: what changed so lately may have changed again since.
_MAY_HAVE_CHANGED_AGAIN = timedelta(minutes=5)

# A round that was broken off and begun again does not ask anew about those that it has asked about.
_ASKED_LATELY = timedelta(minutes=5)

_TRN = re.compile(r"(?<![*\d])\*\*\s*([0-9]{7})\s*\*\*(?![*\d])")


def trns_in(text: str) -> list[str]:
    """The seven-digit numbers that stand between double asterisks, each once, in their order."""
    return list(dict.fromkeys(_TRN.findall(text)))


def ticket_changed(number: int) -> bool:
    """Have the worker read a ticket of ours; False when it is none. However often this is said, it is read once."""
    ours = db.session.scalar(select(SupportTicket.id).where(SupportTicket.zendesk_ticket_id == number))
    if ours is None:
        return False
    defer(READ, key=f"{READ}:{number}", ticket_number=str(number))
    return True


def read_ticket(number: int, desk: TicketDesk, now: datetime) -> None:
    """Ask about one ticket and what is written on it, and keep what is new.

    Raises TicketDeskUnavailable, to be tried again. Not to be called inside a transaction.
    """
    with transaction():
        case_id = db.session.scalar(select(SupportTicket.id).where(SupportTicket.zendesk_ticket_id == number))
    if case_id is not None:
        there = desk.tickets([number])
        _read(case_id, there[0] if there else None, desk, now)


def read_open_tickets(desk: TicketDesk, now: datetime) -> int:
    """Ask about the ticket of every open case once, in batches, and keep what is new; returns how many.

    Those that were asked about longest ago come first: a round that breaks off (the desk is down, or asks to wait)
    goes on where it stopped when it is begun again. Raises as read_ticket does.
    """
    asked = 0
    while batch := _next_batch(now):
        there = {ticket.id: ticket for ticket in desk.tickets([number for _, number in batch])}
        for case_id, number in batch:
            _read(case_id, there.get(number), desk, now)
        asked += len(batch)
    return asked


def _next_batch(now: datetime) -> Sequence[tuple[UUID, int]]:
    with transaction():
        rows = db.session.execute(
            select(SupportTicket.id, SupportTicket.zendesk_ticket_id)
            .where(
                SupportTicket.status == CaseStatus.OPEN,
                SupportTicket.zendesk_ticket_id.is_not(None),
                or_(SupportTicket.zendesk_checked_at.is_(None), SupportTicket.zendesk_checked_at < now - _ASKED_LATELY),
            )
            .order_by(SupportTicket.zendesk_checked_at.nulls_first(), SupportTicket.id)
            .limit(AT_ONCE)
        )
        return [(case_id, number) for case_id, number in rows if number is not None]


def _read(case_id: UUID, ticket: DeskTicket | None, desk: TicketDesk, now: datetime) -> None:
    """What is written on a ticket is asked for only if something of it changed since it was read."""
    with transaction():
        case = support_tickets.lock(case_id)
        is_news = ticket is not None and _is_news(ticket, case)
        _keep_status(case, ticket.status if ticket is not None else GONE_AT_DESK, now)
        if is_news:
            # Should its comments not be had now, it is news again the next time, after those that wait for longer.
            case.zendesk_changed_at = None
    if ticket is None or not is_news:
        return
    try:
        comments = desk.comments(ticket.id)
    except TicketRefused as refusal:
        log.warning("comments_not_read", ticket=ticket.id, reason=str(refusal))
        return
    with transaction():
        _keep_comments(support_tickets.lock(case_id), ticket, comments, now)


def _is_news(ticket: DeskTicket, case: SupportTicket) -> bool:
    read_before, seen = case.zendesk_checked_at, case.zendesk_changed_at
    if read_before is None or ticket.changed_at is None or ticket.changed_at != seen:
        return True
    return ticket.changed_at > read_before - _MAY_HAVE_CHANGED_AGAIN


def _keep_status(case: SupportTicket, status: str, now: datetime) -> None:
    moved = case.heard_of_ticket(status, now)
    if moved is not None:
        before, after = moved
        action = "ticket_closed_in_zendesk" if after in OVER_AT_DESK else "ticket_reopened_in_zendesk"
        change = ({"zendesk_status": before}, {"zendesk_status": after})
        audit.record(action, Subject("case", case.id), actor=SYSTEM, now=now, change=change)


def _keep_comments(case: SupportTicket, ticket: DeskTicket, comments: list[DeskComment], now: datetime) -> None:
    case.zendesk_changed_at = ticket.changed_at
    if case.user.erased_at is not None:
        return
    added = [number for each in comments if not each.ours and (number := _add(case, each, now))]
    if added:
        change: tuple[dict[str, Any], dict[str, Any]] = ({}, {"zendesk_comments": added})
        audit.record("ticket_comments_read", Subject("case", case.id), actor=SYSTEM, now=now, change=change)


def _add(case: SupportTicket, comment: DeskComment, now: datetime) -> int | None:
    """Keep a comment unless it is kept; what the requester writes is a claim, and no number in it is offered."""
    return db.session.scalar(
        insert(TicketComment)
        .values(
            ticket_id=case.id,
            zendesk_comment_id=comment.id,
            author=comment.author[:320],
            from_agent=comment.from_agent,
            public=comment.public,
            text=comment.text.replace("\0", "")[:LONGEST_TEXT],
            trns=trns_in(comment.text) if comment.from_agent else [],
            at=comment.at,
            read_at=now,
        )
        .on_conflict_do_nothing(index_elements=[TicketComment.zendesk_comment_id])
        .returning(TicketComment.zendesk_comment_id)
    )
