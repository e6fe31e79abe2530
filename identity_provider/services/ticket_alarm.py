"""The alarm when no ticket arose although searches failed: the failover is silent, and people wait for nobody.

Three rules, each of which rings by itself (docs/runbook/no-ticket-arose.md says what to do about each):

1. an open case of a service that wants tickets is older than half an hour and has no ticket in Zendesk;
2. somebody went on without a record half an hour ago or longer, is pending for a reason that people are to solve, and
   no case was opened for them;
3. searches fail more often than the day before, and in a whole day no ticket arose for any of them. It is the net under
   the other two, for a register that answers nobody or a fault that neither of them foresees.

Where somebody switched tickets off, for all services or for one, they are not missed: cases are enough there, and what
waits is counted by itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from identity_provider.db import db
from identity_provider.domain.features import Feature
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.models import (
    AuthorizationRequest,
    CaseStatus,
    Client,
    Journey,
    Lookup,
    SupportTicket,
    User,
)
from identity_provider.services import features
from identity_provider.services.journey_standing import SUBMISSIONS
from identity_provider.services.register_search import Occasion

PATIENCE = timedelta(minutes=30)
"""How long a ticket may take; the worker tries every five seconds for the first ten minutes."""

WINDOW = timedelta(days=1)
LOOKED_BACK = timedelta(days=7)
"""How far back people without a case are looked for: as long as their journeys are kept."""

MANY = 10
"""From how many people on their failed searches say something by themselves."""

# Nobody at the helpdesk could do more than ask again, or somebody is at it already.
_NOT_FOR_PEOPLE = (
    LookupReason.REGISTER_UNAVAILABLE,
    LookupReason.NOT_LOOKED_UP,
    LookupReason.EVIDENCE_UNDER_REVIEW,
)
_DECIDING = (Occasion.CHECK_ANSWERS, Occasion.SIGN_IN)


class Rule(StrEnum):
    """What rang."""

    CASE_WITHOUT_TICKET = "case_without_ticket"
    PERSON_WITHOUT_CASE = "person_without_case"
    FAILURES_WITHOUT_TICKETS = "failures_without_tickets"


@dataclass(frozen=True, slots=True)
class Watch:
    """What was counted, all of services that want tickets; numbers of people, of cases and of services."""

    cases_without_ticket: int
    people_without_case: int
    failed_in_window: int
    failed_before: int
    tickets_in_window: int
    # Tickets are switched off for so many services, and so many of their cases would have one by now.
    services_switched_off: int = 0
    cases_held_back: int = 0

    @property
    def rings(self) -> tuple[Rule, ...]:
        """The rules that are broken now; none when all is well."""
        failures_rise = self.failed_in_window >= MANY and self.failed_in_window > self.failed_before
        broken = {
            Rule.CASE_WITHOUT_TICKET: self.cases_without_ticket > 0,
            Rule.PERSON_WITHOUT_CASE: self.people_without_case > 0,
            Rule.FAILURES_WITHOUT_TICKETS: failures_rise and self.tickets_in_window == 0,
        }
        return tuple(rule for rule, is_broken in broken.items() if is_broken)

    def as_facts(self) -> dict[str, int]:
        """For the log and the metrics."""
        return asdict(self)


def look(now: datetime, *, with_desk: bool) -> Watch:
    """Count what the rules speak of. Without a desk (`with_desk` is false) cases are the tickets, and suffice."""
    off = _switched_off(now) if with_desk else []
    held_back = SupportTicket.client_id.in_(off)
    return Watch(
        cases_without_ticket=_cases_without_ticket(now, ~held_back) if with_desk else 0,
        people_without_case=_people_without_case(now),
        failed_in_window=_people_whose_search_failed(now - WINDOW, now),
        failed_before=_people_whose_search_failed(now - 2 * WINDOW, now - WINDOW),
        tickets_in_window=_tickets_since(now - WINDOW, held_back, with_desk=with_desk),
        services_switched_off=len(off),
        cases_held_back=_cases_without_ticket(now, held_back) if off else 0,
    )


def _switched_off(now: datetime) -> list[str]:
    """The services whose tickets wait because somebody wants it so, or did until a moment ago: they are on the way."""
    lately = features.touched_since(Feature.HELPDESK_TICKETS, now - PATIENCE)
    own = {each.client_id for each in features.switched(Feature.HELPDESK_TICKETS)}
    wanting = db.session.scalars(select(Client.id).where(Client.raise_tickets))
    return [
        each
        for each in wanting
        if not features.is_on(Feature.HELPDESK_TICKETS, each)
        or each in lately
        or (features.EVERYBODY in lately and each not in own)
    ]


def _cases_without_ticket(now: datetime, where: ColumnElement[bool]) -> int:
    found = select(func.count(SupportTicket.id)).join(Client, Client.id == SupportTicket.client_id)
    waiting = and_(
        SupportTicket.status == CaseStatus.OPEN,
        SupportTicket.zendesk_ticket_id.is_(None),
        SupportTicket.created_at < now - PATIENCE,
        Client.raise_tickets,
    )
    return db.session.scalar(found.where(waiting, where)) or 0


def _people_without_case(now: datetime) -> int:
    """Who went on, or used up their tries, is the helpdesk's; who still stands before their answers is not."""
    went_on = Journey.went_on_at < now - PATIENCE
    used_up = and_(
        Journey.submissions >= SUBMISSIONS, Journey.submitted_at < now - PATIENCE, Journey.trn_holder_id.is_(None)
    )
    has_case = exists().where(
        SupportTicket.user_id == User.id,
        or_(SupportTicket.status == CaseStatus.OPEN, SupportTicket.created_at >= Journey.created_at),
    )
    found = (
        select(func.count(func.distinct(User.id)))
        .select_from(Journey)
        .join(User, User.id == Journey.user_id)
        .join(AuthorizationRequest, AuthorizationRequest.id == Journey.authorization_request_id)
        .join(Client, Client.id == AuthorizationRequest.client_id)
        .where(
            Journey.expires_at > now - LOOKED_BACK,
            or_(went_on, used_up),
            Client.raise_tickets,
            _still_pending(),
            User.lookup_reason.not_in(_NOT_FOR_PEOPLE),
            ~has_case,
        )
    )
    return db.session.scalar(found) or 0


def _people_whose_search_failed(since: datetime, until: datetime) -> int:
    """Whose last word at the end of a journey was no record, and who are pending to this day."""
    found = (
        select(func.count(func.distinct(User.id)))
        .select_from(Lookup)
        .join(User, User.id == Lookup.user_id)
        .join(Journey, Journey.id == Lookup.journey_id)
        .join(AuthorizationRequest, AuthorizationRequest.id == Journey.authorization_request_id)
        .join(Client, Client.id == AuthorizationRequest.client_id)
        .where(
            Lookup.at > since,
            Lookup.at <= until,
            Lookup.occasion.in_(_DECIDING),
            Lookup.outcome != "match",
            Client.raise_tickets,
            _still_pending(),
        )
    )
    return db.session.scalar(found) or 0


def _tickets_since(since: datetime, held_back: ColumnElement[bool], *, with_desk: bool) -> int:
    found = select(func.count(SupportTicket.id)).where(SupportTicket.created_at > since)
    arose = SupportTicket.zendesk_ticket_id.is_not(None) | held_back
    return db.session.scalar(found.where(arose) if with_desk else found) or 0


def _still_pending() -> ColumnElement[bool]:
    live = User.merged_into_id.is_(None) & User.erased_at.is_(None) & User.locked_at.is_(None)
    return live & (User.lookup_status == LookupStatus.PENDING)
