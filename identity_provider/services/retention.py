"""Nothing is kept longer than it is needed: what has lived its time is deleted in small batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, select, text

from identity_provider.db import Base, db, transaction
from identity_provider.domain.change_requests import DECIDED_FOR
from identity_provider.models import (
    AccountVisit,
    AuthorizationRequest,
    AwardCheck,
    AwardCode,
    BrowserSession,
    ChangeRequest,
    ClientError,
    CodeChallenge,
    ContactChange,
    Delivery,
    FetchedKeys,
    Journey,
    Lookup,
    OneLoginAttempt,
    OneLoginIdentity,
    OutboxMessage,
    PasskeyChallenge,
    RateCounter,
    SignIn,
    TrnToken,
    UserImport,
    UserImportRow,
    WebhookMessage,
)
from identity_provider.queue import defer
from identity_provider.services import audit, audit_chain, grants, kept_lookups, sign_in_history, signing_keys
from identity_provider.services.audit import Actor, Subject

BATCH = 1_000
ABANDONED = timedelta(days=7)
"""Abandoned journeys and codes are kept for a week, to answer "what went wrong?"."""
_OLD_JOBS = text(
    "DELETE FROM procrastinate_jobs WHERE id IN ("
    " SELECT job.id FROM procrastinate_jobs job WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')"
    " AND NOT EXISTS (SELECT 1 FROM procrastinate_events e WHERE e.job_id = job.id AND e.at >= :before) LIMIT :batch"
    ") RETURNING id"
)
SESSIONS = timedelta(days=30)
OUTBOX = timedelta(days=30)
LOOKS = timedelta(days=365)
"""For a year after a code has run out, its holder can see who looked at their award with it."""
IMPORTS = timedelta(days=30)
UNDECIDED_IMPORTS = timedelta(days=90)


RUN = "remove_what_has_expired_now"
"""The job that somebody asked for, beside the round that comes by itself."""

COUNTED = 10_000
"""So many rows of a table are counted at most: beyond that it does not matter how many more there are."""


@dataclass(frozen=True, slots=True)
class Due:
    """How many rows of a table have lived their time and are still there; COUNTED at most."""

    table: str
    rows: int


def due(now: datetime) -> Sequence[Due]:
    """What the next round will delete, table by table in the order of the rules."""
    counted: dict[str, int] = {}
    for table, expired in _rules(now):
        some = select(1).select_from(table).where(expired).limit(COUNTED).subquery()
        rows = db.session.scalar(select(func.count()).select_from(some)) or 0
        counted[table.__tablename__] = min(COUNTED, counted.get(table.__tablename__, 0) + rows)
    return [Due(table, rows) for table, rows in counted.items()]


def ask_for_a_round(*, actor: Actor, now: datetime) -> None:
    """Have the worker delete what is due, once, however often it is asked for; who asked is written down."""
    audit.record("retention_asked_for", Subject("service", "retention"), actor=actor, now=now)
    defer(RUN, key=RUN)


def remove_everything_expired(now: datetime) -> dict[str, int]:
    """Delete every row that has lived its time, in small batches; returns how many of each table went."""
    removed = remove_expired(now)
    removed["grants_and_tokens"] = _remove_dead_grants(now)
    removed["jobs"] = _remove_old_jobs(now)
    removed["sentences_of_lookups"] = _take_out_sentences()
    with transaction():
        removed["signing_keys"] = signing_keys.remove_retired(now=now)
        removed["audit_events"] = audit_chain.remove_what_is_too_old()
    return removed


def remove_expired(now: datetime) -> dict[str, int]:
    """Delete every expired row, a batch per transaction; returns how many of each table went."""
    removed: dict[str, int] = {}
    for table, expired in _rules(now):
        key = table.__mapper__.primary_key
        while True:
            with transaction():
                doomed = select(*key).where(expired).limit(BATCH).subquery()
                matches = [column == doomed.c[str(column.key)] for column in key]
                gone = db.session.execute(delete(table).where(select(1).where(*matches).exists())).rowcount  # type: ignore[attr-defined]  # a CursorResult, as of every DELETE
            removed[table.__tablename__] = removed.get(table.__tablename__, 0) + gone
            if gone < BATCH:
                break
    return removed


def _remove_dead_grants(now: datetime) -> int:
    removed = 0
    while True:
        with transaction():
            gone = grants.remove_expired(now=now, batch=BATCH)
        removed += gone
        if not gone:
            return removed


def _take_out_sentences() -> int:
    taken = 0
    while True:
        with transaction():
            some = kept_lookups.take_out_sentences(BATCH)
        taken += some
        if some < BATCH:
            return taken


def _remove_old_jobs(now: datetime) -> int:
    """Of jobs that ended without success: the worker itself removes those that succeeded."""
    removed = 0
    while True:
        with transaction():
            gone = len(db.session.execute(_OLD_JOBS, {"before": now - OUTBOX, "batch": BATCH}).all())
        removed += gone
        if gone < BATCH:
            return removed


def _imports_gone_by(now: datetime) -> Select[UUID]:
    """Imports whose rows, which are about people, are needed no more: over for a while, or never decided."""
    over = UserImport.settled_at < now - IMPORTS
    return select(UserImport.id).where(over | (UserImport.uploaded_at < now - UNDECIDED_IMPORTS))


def _rules(now: datetime) -> list[tuple[type[Base], ColumnElement[bool]]]:
    """In this order: searches of nobody go before their journey, and a journey before the request that it answers."""
    abandoned = select(Journey.id).where(Journey.expires_at < now - ABANDONED)
    forgotten = select(AwardCode.id).where(AwardCode.expires_at < now - LOOKS)
    referenced = select(Journey.authorization_request_id)
    return [
        (RateCounter, RateCounter.expires_at < now),
        (CodeChallenge, CodeChallenge.created_at < now - ABANDONED),
        (PasskeyChallenge, PasskeyChallenge.expires_at < now),
        # Searches for somebody who never had an account: nobody could ask for them or have them erased later.
        (Lookup, Lookup.user_id.is_(None) & (Lookup.journey_id.is_(None) | Lookup.journey_id.in_(abandoned))),
        (OneLoginAttempt, OneLoginAttempt.expires_at < now - ABANDONED),
        # What was connected once is told to nobody but its person, for as long as sessions are.
        (OneLoginIdentity, OneLoginIdentity.ended_at < now - SESSIONS),
        (Journey, Journey.expires_at < now - ABANDONED),
        (
            AuthorizationRequest,
            (AuthorizationRequest.expires_at < now - ABANDONED) & AuthorizationRequest.id.not_in(referenced),
        ),
        # Key sets that nobody asked for in so long; they are fetched again when they are needed.
        (FetchedKeys, FetchedKeys.tried_at < now - ABANDONED),
        (BrowserSession, BrowserSession.expires_at < now - SESSIONS),
        (SignIn, SignIn.at < now - sign_in_history.KEPT),
        (AccountVisit, AccountVisit.expires_at < now),
        # What a person was reached by before; a week longer than it can be taken back, for questions.
        (ContactChange, ContactChange.reversible_until < now - ABANDONED),
        (
            OutboxMessage,
            (OutboxMessage.delivery != Delivery.WAITING) & (OutboxMessage.settled_at < now - OUTBOX),
        ),
        # One that waits is kept for as long as its endpoint may be switched on again, but not for ever.
        (WebhookMessage, (WebhookMessage.settled_at < now - OUTBOX) | (WebhookMessage.created_at < now - 3 * OUTBOX)),
        (TrnToken, TrnToken.expires_at < now - OUTBOX),
        # What was asked and decided, long without documents; open ones end by themselves (change_evidence).
        (ChangeRequest, ChangeRequest.ended_at < now - DECIDED_FOR),
        (AwardCheck, AwardCheck.code_id.in_(forgotten)),
        (AwardCode, AwardCode.expires_at < now - LOOKS),
        (UserImportRow, UserImportRow.import_id.in_(_imports_gone_by(now))),
        (ClientError, ClientError.last_at < now - OUTBOX),
    ]
