"""Everything held about a person, as they may ask for it (UK GDPR, Article 15): complete and machine-readable."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from identity_provider.db import Base, db
from identity_provider.models import (
    AuditEvent,
    AuthorizationRequest,
    BrowserSession,
    CaseNote,
    CodeChallenge,
    Grant,
    Journey,
    Lookup,
    OutboxMessage,
    ResumeLink,
    SupportTicket,
    TrnLink,
    User,
)
from identity_provider.services import identities
from identity_provider.services.statements import NINO_CONTEXT
from identity_provider.vault import vault

FORMAT = "get-an-identity/subject-access/1"

# Of no use to the person, and of use to a thief: what proves that somebody is who they are. What is sealed is opened.
_STAFF_IDS = ("linked_by", "ended_by", "resolved_by", "assigned_to_id", "author")
_SECRET = ("_hmac", "_encrypted")


def everything_about(user: User, *, now: datetime) -> dict[str, Any]:
    """All that is held about a person and every account merged into theirs; for them, and nobody else's details.

    Names of staff are left out of it: what they did is told, with their role as the actor.
    """
    people = identities.all_of(user)
    ids = [each.id for each in people]
    addresses = [each.email for each in people if each.email]
    cases = _rows(SupportTicket, SupportTicket.user_id.in_(ids), SupportTicket.created_at)
    case_ids = [each.id for each in cases]
    journeys = _rows(Journey, Journey.user_id.in_(ids), Journey.created_at)
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "accounts": [_account(each) for each in people],
        "links_to_teaching_records": _plain(_rows(TrnLink, TrnLink.user_id.in_(ids), TrnLink.linked_at), *_STAFF_IDS),
        "searches_of_the_register": [
            # The explanation names other people's records beside theirs, and is left out.
            _row(each, "explanation") | {"asked": json.loads(vault.unseal(each.asked_encrypted, "lookup"))}
            for each in _rows(Lookup, Lookup.user_id.in_(ids), Lookup.at)
        ],
        "helpdesk_cases": _plain(cases, *_STAFF_IDS),
        "helpdesk_notes": _plain(_rows(CaseNote, CaseNote.ticket_id.in_(case_ids), CaseNote.at), *_STAFF_IDS),
        "emailed_links": _plain(_rows(ResumeLink, ResumeLink.ticket_id.in_(case_ids), ResumeLink.created_at)),
        "sign_ins": _plain(_rows(BrowserSession, BrowserSession.user_id.in_(ids), BrowserSession.created_at)),
        "services_signed_in_to": _plain(_rows(Grant, Grant.user_id.in_(ids), Grant.created_at)),
        "answers_while_signing_in": [_journey(each) for each in journeys],
        "requests_of_services": _plain(
            _rows(
                AuthorizationRequest,
                AuthorizationRequest.id.in_([each.authorization_request_id for each in journeys]),
                AuthorizationRequest.created_at,
            )
        ),
        "codes_sent": _plain(_rows(CodeChallenge, CodeChallenge.address.in_(addresses), CodeChallenge.created_at)),
        "emails_sent": _plain(_rows(OutboxMessage, OutboxMessage.recipient.in_(addresses), OutboxMessage.created_at)),
        "what_was_done": [_deed(each) for each in _deeds(ids, case_ids)],
    }


def _rows(table: type[Any], whose: ColumnElement[bool], order: Any) -> list[Any]:
    return list(db.session.scalars(select(table).where(whose).order_by(order)))


def _account(user: User) -> dict[str, Any]:
    sealed = user.stated_nino_encrypted
    return _row(user) | {"stated_nino": vault.unseal(sealed, NINO_CONTEXT) if sealed else None}


def _journey(journey: Journey) -> dict[str, Any]:
    sealed = journey.nino_encrypted
    # Which other person holds a record is that person's business.
    return _row(journey, "trn_holder_id", "existing_account_id", "other_proved_address") | {
        "nino": vault.unseal(sealed, NINO_CONTEXT) if sealed else None
    }


def _deeds(ids: Iterable[UUID], case_ids: Iterable[UUID]) -> list[AuditEvent]:
    about = AuditEvent.subject_id.in_([str(each) for each in (*ids, *case_ids)])
    return _rows(AuditEvent, about & AuditEvent.subject_type.in_(("user", "case")), AuditEvent.at)


def _deed(event: AuditEvent) -> dict[str, Any]:
    told = _row(event, "id", "request_id", "actor_id", "recorded_at")
    return told | ({"actor_id": event.actor_id} if event.actor_type in {"client", "user"} else {})


def _plain(rows: Iterable[Base], *without: str) -> list[dict[str, Any]]:
    return [_row(each, *without) for each in rows]


def _row(row: Base, *without: str) -> dict[str, Any]:
    names = [column.key for column in row.__table__.columns]
    return {name: _value(getattr(row, name)) for name in names if name not in without and not name.endswith(_SECRET)}


def _value(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case UUID():
            return str(value)
        case _:
            return value
