"""Cases that are with the helpdesk: opened once per person and cause, mirrored to a ticket, ended once."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from identity_provider.db import db, transaction
from identity_provider.domain.features import Feature
from identity_provider.domain.lookup import LookupReason
from identity_provider.models import (
    CaseStatus,
    Client,
    Delivery,
    Journey,
    OutboxMessage,
    Resolution,
    SupportTicket,
    User,
)
from identity_provider.ports import NewTicket, TicketDesk, TicketDeskUnavailable
from identity_provider.services import audit, features, outbox, resume, search_words
from identity_provider.services.audit import SYSTEM, Actor, Subject
from identity_provider.services.statements import lines_for_ticket

CAUSE = "trn_lookup"
OPEN_KIND = "zendesk_open"
SOLVE_KIND = "zendesk_solve"
COMMENT_KIND = "zendesk_comment"
TAGS = ("get-an-identity", "trn-lookup")

# Neither letters that look like digits nor digits that look like letters: people read this out on the telephone.
_ALPHABET = "2346789CDFGHJKMNPQRTVWXY"


def open_case(
    user: User, client: Client | None, journey: Journey | None, reason: LookupReason, now: datetime, by: Actor = SYSTEM
) -> SupportTicket:
    """Give the person's search to the helpdesk: an open case of theirs is used again, never doubled.

    Safe against another request that does the same at this moment: the unique index lets one of them in, and both
    return its row. The ticket is raised through the outbox when the service wants tickets.
    """
    case = _open_case_of(user)
    while case is None:
        # Nothing is added either when the person has an open case by now or when the reference is taken.
        added = db.session.scalar(
            insert(SupportTicket)
            .values(
                reference=new_reference(),
                user_id=user.id,
                client_id=client.id if client else None,
                journey_id=journey.id if journey else None,
                cause=CAUSE,
                reason=reason,
                created_at=now,
            )
            .on_conflict_do_nothing()
            .returning(SupportTicket.id)
        )
        case = _open_case_of(user)
        if added is not None:
            audit.record("case_opened", Subject("case", added), actor=by, now=now, reason=reason)
    if journey is not None:
        case.journey_id = journey.id
    if client is not None and client.raise_tickets:
        outbox.post(OPEN_KIND, f"case:{case.id}:open", payload={"case_id": str(case.id)}, now=now)
    return case


def open_case_of(user: User) -> SupportTicket | None:
    """The person's open case, if the helpdesk has one."""
    return _open_case_of(user)


def resolve_by_match(user: User, now: datetime, *, tell: bool = False) -> SupportTicket | None:
    """A later search found the record: the open case and its ticket end with it.

    `tell` the person by email when they are not there to see it (a job found the record, not a sign-in).
    """
    case = _open_case_of(user)
    if case is None:
        return None
    case = lock(case.id)
    if case.status is CaseStatus.RESOLVED:
        return None
    end(case, Resolution.MATCHED_LATER, by=SYSTEM, note="The record was found automatically.", now=now)
    if tell:
        resume.send_link(case, resume.TRN_ATTACHED, now=now)
    return case


def end(case: SupportTicket, resolution: Resolution, *, by: Actor, note: str, now: datetime) -> None:
    """Resolve a locked case, write it down, and have its ticket solved.

    Raises CaseAlreadyResolved when somebody was first.
    """
    case.resolve(resolution, by=by.name or by.id, note=note, now=now)
    db.session.flush()
    audit.record(
        "case_resolved",
        Subject("case", case.id),
        actor=by,
        now=now,
        reason=note,
        change=({"status": CaseStatus.OPEN}, {"status": CaseStatus.RESOLVED, "resolution": resolution}),
    )
    outbox.post(SOLVE_KIND, _key(case, "solve", now), payload={"case_id": str(case.id)}, now=now)


def say(case: SupportTicket, text: str, *, now: datetime, reopen: bool = False) -> None:
    """Have a comment written on the case's ticket, which is opened again when asked to. Nothing without a ticket."""
    payload = {"case_id": str(case.id), "text": text, "reopen": reopen}
    outbox.post(COMMENT_KIND, f"case:{case.id}:say:{uuid4()}", payload=payload, now=now)


def lock(case_id: UUID) -> SupportTicket:
    """The case as it is now, held until the transaction ends: of two agents the second one waits here."""
    return db.session.scalars(
        select(SupportTicket)
        .where(SupportTicket.id == case_id)
        .with_for_update(of=SupportTicket)
        .execution_options(populate_existing=True)
    ).one()


def ticket_for(case: SupportTicket, issuer: str) -> NewTicket:
    """The ticket as the helpdesk's own system is to hold it; of the National Insurance number its end only."""
    lines = lines_for_ticket(case.user, case.client.name if case.client else "", search_words.why_of_case(case))
    lines += [("Case", f"{case.reference} {issuer}/support/cases/{case.id}")]
    return NewTicket(
        external_id=str(case.id),
        subject=f"[Get an identity] Support request from {case.user.name.full}",
        body="\n".join(f"{label}: {text}" for label, text in lines),
        requester_name=case.user.name.full,
        requester_email=case.user.email,
        tags=TAGS,
        case_reference=case.reference,
    )


def deliver_open(message: OutboxMessage, desk: TicketDesk, now: datetime, *, issuer: str) -> None:
    """Open the case's ticket, once: it is searched for first, since a lost reply does not mean "no ticket".

    Raises TicketDeskUnavailable, to be tried again, and TicketRefused, which is not.
    """
    with transaction():
        case = _case_of(message)
        known, ticket = case.zendesk_ticket_id, ticket_for(case, issuer)
        waits = not features.is_on(Feature.HELPDESK_TICKETS, case.client_id)
    if known is not None:
        return
    if waits:
        raise TicketDeskUnavailable("tickets are switched off")
    at_desk = desk.find(ticket.external_id) or desk.open(ticket)
    with transaction():
        case = lock(case.id)
        case.zendesk_ticket_id = at_desk.id
        audit.record("ticket_opened", Subject("case", case.id), actor=SYSTEM, now=now, reason=str(at_desk.id))


def deliver_solve(message: OutboxMessage, desk: TicketDesk, now: datetime) -> None:  # noqa: ARG001 -- as deliver_open
    """Tell the ticket how its case ended, and solve it. Raises as deliver_open does."""
    with transaction():
        case = _case_of(message)
        ticket_id = _ticket_to_tell(case)
        words = _resolution_words(case)
        still_resolved = case.status is CaseStatus.RESOLVED
    if ticket_id is not None:
        desk.comment(ticket_id, words, solve=still_resolved)


def deliver_comment(message: OutboxMessage, desk: TicketDesk, now: datetime) -> None:  # noqa: ARG001 -- as deliver_open
    """Add a comment to the case's ticket. Raises as deliver_open does."""
    with transaction():
        ticket_id = _ticket_to_tell(_case_of(message))
    if ticket_id is not None:
        desk.comment(ticket_id, str(message.payload["text"]), reopen=bool(message.payload.get("reopen")))


def ticket_opening(case: SupportTicket) -> Delivery | None:
    """How far the opening of the case's ticket has come; None when no ticket was ever asked for."""
    session: Session = db.session()
    return session.scalar(select(OutboxMessage.delivery).where(OutboxMessage.idempotency_key == f"case:{case.id}:open"))


def new_reference(prefix: str = "GAI") -> str:
    """What a person and an agent call a case, e.g. GAI-7Q2F9K."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


def _open_case_of(user: User) -> SupportTicket | None:
    return db.session.scalar(
        select(SupportTicket).where(
            SupportTicket.user_id == user.id, SupportTicket.cause == CAUSE, SupportTicket.status == CaseStatus.OPEN
        )
    )


def _case_of(message: OutboxMessage) -> SupportTicket:
    return db.session.get_one(SupportTicket, UUID(str(message.payload["case_id"])))


def _ticket_to_tell(case: SupportTicket) -> int | None:
    """The number of the case's ticket; None when it never had one."""
    if case.zendesk_ticket_id is not None:
        return case.zendesk_ticket_id
    if ticket_opening(case) is Delivery.WAITING:
        # The desk was down when the case began and ended: the ticket comes first.
        raise TicketDeskUnavailable("the ticket of this case is still to be opened")
    return None


def _resolution_words(case: SupportTicket) -> str:
    said = {
        Resolution.TRN_ATTACHED: f"A TRN was attached by {case.resolved_by}.",
        Resolution.NO_TRN: f"{case.resolved_by} confirmed that this person has no TRN.",
        Resolution.MATCHED_LATER: "The record was found automatically. Nothing is left to do.",
        Resolution.WITHDRAWN: "The case was withdrawn.",
        None: "The case was opened again in the support console.",
    }
    return f"{said[case.resolution]} Case {case.reference}."


def _key(case: SupportTicket, what: str, now: datetime) -> str:
    # A case may be ended again after an undo: the moment tells the endings apart.
    return f"case:{case.id}:{what}:{now.timestamp():.6f}"
