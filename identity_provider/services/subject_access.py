"""Everything held about a person, as they may ask for it (UK GDPR, Article 15): complete and machine-readable."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select

from identity_provider.db import Base, db
from identity_provider.models import (
    AuditEvent,
    AuthorizationRequest,
    Award,
    AwardCheck,
    AwardCode,
    BrowserSession,
    CaseNote,
    ChangeEvent,
    ChangeReport,
    ChangeRequest,
    CodeChallenge,
    Consent,
    ContactChange,
    Evidence,
    Grant,
    IdentityCheck,
    Journey,
    Lookup,
    OneLoginAttempt,
    OneLoginIdentity,
    OutboxMessage,
    PairwiseSubject,
    Passkey,
    ResumeLink,
    ServiceUse,
    SignIn,
    SupportTicket,
    TicketComment,
    TrnLink,
    TrnToken,
    User,
    UserImportRow,
    UserMerge,
    WebhookMessage,
)
from identity_provider.services import identities, import_files, kept_lookups, one_login, one_login_told
from identity_provider.services.statements import CHECK, NINO_CONTEXT
from identity_provider.vault import vault

FORMAT = "get-an-identity/subject-access/1"

# Of no use to the person, and of use to a thief: what proves that somebody is who they are. What is sealed is opened.
_SECRET = ("_hmac", "_encrypted", "_sealed")
_STAFF_IDS = ("linked_by", "ended_by", "resolved_by", "assigned_to_id", "author", "made_by", "merged_by", "undone_by")

_POINTING_AT_THEM: dict[str, tuple[Any, Any]] = {
    "links_to_teaching_records": (TrnLink, TrnLink.linked_at),
    "sign_ins": (BrowserSession, BrowserSession.created_at),
    "history_of_sign_ins": (SignIn, SignIn.at),
    "changes_of_contacts": (ContactChange, ContactChange.changed_at),
    "permissions_given": (Consent, Consent.granted_at),
    "services_signed_in_to": (Grant, Grant.created_at),
    "services_told_of_changes": (ServiceUse, ServiceUse.first_at),
    "what_services_know_them_by": (PairwiseSubject, PairwiseSubject.created_at),
    "one_logins_connected": (OneLoginIdentity, OneLoginIdentity.linked_at),
    "passkeys": (Passkey, Passkey.created_at),
    "messages_to_services": (WebhookMessage, WebhookMessage.created_at),
}
"""What has their ID in it, and nothing that has to be opened or left out."""


def everything_about(user: User, *, now: datetime) -> dict[str, Any]:
    """All that is held about a person and every account merged into theirs; for them, and nobody else's details.

    Names of staff are left out of it: what they did is told, with their role as the actor.
    """
    people = identities.all_of(user)
    ids = [each.id for each in people]
    addresses = [each.email for each in people if each.email]
    contacts = [*addresses, *(each.mobile_number for each in people if each.mobile_number)]
    cases = _rows(SupportTicket, SupportTicket.user_id.in_(ids), SupportTicket.created_at)
    case_ids = [each.id for each in cases]
    return {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "accounts": [_account(each) for each in people],
        **{name: _plain(_rows(of, of.user_id.in_(ids), order)) for name, (of, order) in _POINTING_AT_THEM.items()},
        "searches_of_the_register": [_search(each) for each in _rows(Lookup, _is_their_search(ids), Lookup.at)],
        "accounts_made_one": _plain(_rows(UserMerge, UserMerge.survivor_id.in_(ids), UserMerge.at)),
        "identity_checks": [
            _check(each) for each in _rows(IdentityCheck, IdentityCheck.user_id.in_(ids), IdentityCheck.at)
        ],
        **_changes_of(ids),
        "evidence": [_file(each) for each in _rows(Evidence, Evidence.user_id.in_(ids), Evidence.received_at)],
        "brought_by_a_service": [_brought(each) for each in _brought_rows(ids, addresses)],
        "helpdesk_cases": _plain(cases),
        "helpdesk_notes": _plain(_rows(CaseNote, CaseNote.ticket_id.in_(case_ids), CaseNote.at)),
        "helpdesk_comments": _plain(_rows(TicketComment, TicketComment.ticket_id.in_(case_ids), TicketComment.at)),
        "emailed_links": _plain(_rows(ResumeLink, ResumeLink.ticket_id.in_(case_ids), ResumeLink.created_at)),
        "tokens_made_for_them": _plain(
            _rows(TrnToken, or_(TrnToken.used_by_id.in_(ids), TrnToken.email.in_(addresses)), TrnToken.created_at)
        ),
        "trips_to_one_login": [_trip(each) for each in _trips(ids)],
        **_journeys_of(ids),
        **_awards_of(ids),
        "codes_sent": _plain(_rows(CodeChallenge, CodeChallenge.address.in_(contacts), CodeChallenge.created_at)),
        "emails_sent": _plain(_rows(OutboxMessage, OutboxMessage.recipient.in_(contacts), OutboxMessage.created_at)),
        "what_was_done": [_deed(each) for each in _deeds(ids, case_ids)],
    }


def _changes_of(ids: list[UUID]) -> dict[str, Any]:
    asked = _rows(ChangeRequest, ChangeRequest.user_id.in_(ids), ChangeRequest.created_at)
    theirs = [each.id for each in asked]
    steps = _rows(ChangeEvent, ChangeEvent.change_request_id.in_(theirs), ChangeEvent.at)
    return {
        "changes_asked_for": _plain(asked),
        # Who of the staff did it is left out; that it was staff is told.
        "what_happened_to_them": [_row(each, "by") | {"by": each.by.partition(":")[0]} for each in steps],
        "changes_told_to_the_dqt": _plain(
            _rows(ChangeReport, ChangeReport.change_request_id.in_(theirs), ChangeReport.created_at)
        ),
    }


def _journeys_of(ids: list[UUID]) -> dict[str, Any]:
    journeys = _rows(Journey, Journey.user_id.in_(ids), Journey.created_at)
    asked = AuthorizationRequest.id.in_([each.authorization_request_id for each in journeys])
    return {
        "answers_while_signing_in": [_journey(each) for each in journeys],
        "requests_of_services": _plain(_rows(AuthorizationRequest, asked, AuthorizationRequest.created_at)),
    }


def _awards_of(ids: list[UUID]) -> dict[str, Any]:
    awards = _rows(Award, Award.user_id.in_(ids), Award.recorded_at)
    codes = _rows(AwardCode, AwardCode.award_id.in_([each.id for each in awards]), AwardCode.created_at)
    looks = _rows(AwardCheck, AwardCheck.code_id.in_([each.id for each in codes]), AwardCheck.at)
    return {"awards": _plain(awards), "codes_that_share_awards": _plain(codes), "who_looked_at_awards": _plain(looks)}


def _is_their_search(ids: list[UUID]) -> ColumnElement[bool]:
    """Those kept as theirs, and those that a journey of theirs began with before it was known whose it is."""
    journeys = select(Journey.id).where(Journey.user_id.in_(ids))
    return or_(Lookup.user_id.in_(ids), Lookup.user_id.is_(None) & Lookup.journey_id.in_(journeys))


def _search(lookup: Lookup) -> dict[str, Any]:
    # The explanation names other people's records beside theirs, and is left out.
    asked, said = vault.unseal(lookup.asked_encrypted, kept_lookups.AS_ASKED), kept_lookups.said_in(lookup)
    return _row(lookup, "explanation") | {"asked": json.loads(asked), "said": said}


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


def _brought_rows(ids: list[UUID], addresses: list[str]) -> list[UserImportRow]:
    return _rows(UserImportRow, import_files.is_about(ids, addresses), UserImportRow.line)


def _brought(row: UserImportRow) -> dict[str, Any]:
    return _row(row) | {"said": import_files.content_of(row).said}


def _check(reported: IdentityCheck) -> dict[str, Any]:
    return _row(reported) | {"verified": json.loads(vault.unseal(reported.verified_sealed, CHECK))}


def _trips(ids: list[UUID]) -> list[OneLoginAttempt]:
    journeys = select(Journey.id).where(Journey.user_id.in_(ids))
    theirs = or_(OneLoginAttempt.user_id.in_(ids), OneLoginAttempt.journey_id.in_(journeys))
    return _rows(OneLoginAttempt, theirs, OneLoginAttempt.created_at)


def _trip(attempt: OneLoginAttempt) -> dict[str, Any]:
    told = one_login.told_of(attempt)
    return _row(attempt) | {"told": one_login_told.as_facts(told) if told is not None else None}


def _file(sent: Evidence) -> dict[str, Any]:
    """Of the file itself they get a copy on its own (docs/evidence.md): this is text."""
    return _row(sent, "sha256", "storage_key") | {"name": sent.original_name}


def _plain(rows: Iterable[Base]) -> list[dict[str, Any]]:
    return [_row(each, *_STAFF_IDS) for each in rows]


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
        case bytes():
            return value.hex()
        case _:
            return value
