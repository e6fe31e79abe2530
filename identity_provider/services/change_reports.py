"""Telling the DQT of approved changes of people with a TRN, and following what becomes of them there.

The approval here stands whatever the DQT does. A change is sent once: before every try the record is asked, since a
reply that was lost does not mean that nothing was taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select

from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import ChangeKind, Happening, ReportState
from identity_provider.domain.errors import IdentityError, RegisterUnavailable
from identity_provider.models import ChangeEvent, ChangeReport, ChangeRequest
from identity_provider.ports import ChangeOpenThere, ChangeRefused, ChangeReporter, DetailChange, DetailsOnRecord
from identity_provider.queue import defer
from identity_provider.services import audit
from identity_provider.services.audit import SYSTEM, Subject

TELL_REGISTER = "tell_register_of_change"
ASKED_EVERY = timedelta(hours=1)
ASKED_AT_ONCE = 50
LARGEST_EXHIBIT = 5_000_000
"""The DQT's own limit for a file that it fetches (dqt-api.md, A4.4)."""
_SECONDS = 10.0
_BUSY = "another change of this kind is open there"

Credentials = Callable[[str], str]
"""A token that speaks to the DQT for the person with this TRN."""


class NotTakenYet(IdentityError):
    """The DQT is busy with another change of this kind, or did not answer: the job is tried again later."""

    def __init__(self, message: str, retry_after_seconds: int = 60) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Exhibit:
    """The evidence as the DQT fetches it."""

    name: str
    url: str


def begin(request: ChangeRequest, trn: str, evidence_id: UUID | None, *, now: datetime) -> ChangeReport:
    """Have the change told, with this file, once this transaction has committed."""
    report = ChangeReport(
        change_request_id=request.id, trn=trn, state=ReportState.WAITING, evidence_id=evidence_id, created_at=now
    )
    db.session.add(report)
    db.session.flush()
    defer(TELL_REGISTER, key=f"{TELL_REGISTER}:{request.id}", change_request_id=str(request.id))
    return report


def deliver(
    request_id: UUID,
    reporter: ChangeReporter,
    credentials: Credentials,
    exhibit_of: Callable[[ChangeReport, datetime], Exhibit],
    now: datetime,
) -> None:
    """Tell the DQT, unless it was told. Raises NotTakenYet, to be tried again. Not inside a transaction.

    `exhibit_of` raises ChangeRefused when there is no evidence that could be sent.
    """
    with transaction():
        report = db.session.get(ChangeReport, request_id)
        if report is None or report.state is not ReportState.WAITING:
            return
        change, tried = _as_sent(report), report.tried_at is not None
        linked = report.request.user.trn == report.trn
    if not linked:
        _settle(request_id, ReportState.REFUSED, "the person is not linked to this record any more", now=now)
        return
    try:
        if not _is_there(reporter.details(change.trn, seconds=_SECONDS), change, request_id, tried=tried, now=now):
            sent = _with_exhibit(request_id, change, exhibit_of, now)
            _sent(request_id, reporter.report(sent, credentials(change.trn)), now=now)
    except NotTakenYet as waiting:
        _note(request_id, str(waiting))
        raise
    except ChangeRefused as refusal:
        _settle(request_id, ReportState.REFUSED, str(refusal), now=now)
    except ChangeOpenThere as busy:
        _note(request_id, _BUSY)
        raise NotTakenYet(_BUSY, int(ASKED_EVERY.total_seconds())) from busy
    except RegisterUnavailable as silence:
        _note(request_id, str(silence))
        pause = int(silence.retry_after.total_seconds()) + 1 if silence.retry_after else 60
        raise NotTakenYet(str(silence), pause) from silence


def follow(reporter: ChangeReporter, now: datetime) -> int:
    """Ask about what was sent and not decided yet; returns how many were decided. Not inside a transaction."""
    decided = 0
    for request_id, change in _to_be_asked(now):
        try:
            details = reporter.details(change.trn, seconds=_SECONDS)
        except RegisterUnavailable as silence:
            # It is the last in line now: what is never answered about one record keeps nobody else waiting.
            _note(request_id, str(silence))
            _checked(request_id, now=now)
            break
        except ChangeRefused as gone:
            _settle(request_id, ReportState.REFUSED, str(gone), now=now)
            continue
        if _is_pending(details, change):
            _checked(request_id, now=now)
            continue
        accepted = says(details, change)
        _settle(request_id, ReportState.ACCEPTED if accepted else ReportState.DECLINED, "", now=now)
        decided += 1
    return decided


def open_there(reporter: ChangeReporter, trn: str, *, seconds: float) -> frozenset[ChangeKind]:
    """Which kinds of change are open for this record, whoever asked for them; none when nothing is known of it."""
    try:
        details = reporter.details(trn, seconds=seconds)
    except (RegisterUnavailable, ChangeRefused):
        return frozenset()
    kinds = {ChangeKind.NAME: details.name_pending, ChangeKind.DATE_OF_BIRTH: details.date_of_birth_pending}
    return frozenset(kind for kind, is_open in kinds.items() if is_open)


def says(details: DetailsOnRecord, change: DetailChange) -> bool:
    """Whether the record says what the change would make of it."""
    if change.date_of_birth is not None:
        return details.date_of_birth == change.date_of_birth
    there = (details.first_name, details.middle_name, details.last_name)
    return _folded(*there) == _folded(change.first_name, change.middle_name, change.last_name)


def _with_exhibit(
    request_id: UUID, change: DetailChange, exhibit_of: Callable[[ChangeReport, datetime], Exhibit], now: datetime
) -> DetailChange:
    """The change with a fresh link to its evidence; that it is being sent is committed before it is."""
    with transaction():
        held = _held(request_id)
        exhibit = exhibit_of(held, now)
        held.tried_at = now
    return replace(change, evidence_name=exhibit.name, evidence_url=exhibit.url)


def _is_there(details: DetailsOnRecord, change: DetailChange, request_id: UUID, *, tried: bool, now: datetime) -> bool:
    """Whether nothing is to be sent. Raises ChangeOpenThere while somebody else's change of this kind is open."""
    if says(details, change):
        _settle(request_id, ReportState.ACCEPTED, "", now=now)
        return True
    if not _is_pending(details, change):
        return False
    if not tried:
        raise ChangeOpenThere(_BUSY)
    # Ours: it was taken, and the reply with its number was lost.
    _sent(request_id, "", now=now)
    return True


def _is_pending(details: DetailsOnRecord, change: DetailChange) -> bool:
    return details.name_pending if change.date_of_birth is None else details.date_of_birth_pending


def _as_sent(report: ChangeReport) -> DetailChange:
    request = report.request
    born: date | None = request.date_of_birth if request.kind is ChangeKind.DATE_OF_BIRTH else None
    return DetailChange(
        trn=report.trn,
        email=request.user.email,
        evidence_name="",
        evidence_url="",
        first_name=request.first_name,
        middle_name=request.middle_name,
        last_name=request.last_name,
        date_of_birth=born,
    )


def _to_be_asked(now: datetime) -> list[tuple[UUID, DetailChange]]:
    due = or_(ChangeReport.checked_at.is_(None), ChangeReport.checked_at <= now - ASKED_EVERY)
    with transaction():
        rows = db.session.scalars(
            select(ChangeReport)
            .where(ChangeReport.state == ReportState.SENT, due)
            .order_by(ChangeReport.checked_at.nulls_first())
            .limit(ASKED_AT_ONCE)
        )
        return [(each.change_request_id, _as_sent(each)) for each in rows]


def _held(request_id: UUID) -> ChangeReport:
    return db.session.get_one(ChangeReport, request_id, with_for_update={"of": ChangeReport}, populate_existing=True)


def _checked(request_id: UUID, *, now: datetime) -> None:
    with transaction():
        _held(request_id).checked_at = now


def _note(request_id: UUID, error: str) -> None:
    with transaction():
        _held(request_id).last_error = error[:500]


def _sent(request_id: UUID, number: str, *, now: datetime) -> None:
    with transaction():
        report = _held(request_id)
        report.state, report.sent_at, report.checked_at = ReportState.SENT, now, now
        report.case_number, report.last_error = number, ""
        _write_down(report, Happening.REPORTED, number, now=now)


def _settle(request_id: UUID, state: ReportState, why: str, *, now: datetime) -> None:
    happening = {
        ReportState.ACCEPTED: Happening.REGISTER_ACCEPTED,
        ReportState.DECLINED: Happening.REGISTER_DECLINED,
        ReportState.REFUSED: Happening.REGISTER_REFUSED,
    }[state]
    with transaction():
        report = _held(request_id)
        report.settle(state, now)
        report.last_error = why[:500]
        _write_down(report, happening, "", now=now)


def _write_down(report: ChangeReport, what: Happening, note: str, *, now: datetime) -> None:
    request_id = report.change_request_id
    db.session.add(ChangeEvent(change_request_id=request_id, what=what, by="system:system", note=note, at=now))
    told = {"request": str(request_id), "state": report.state, "case": report.case_number}
    subject = Subject("user", report.request.user_id)
    audit.record("register_told_of_change", subject, actor=SYSTEM, now=now, change=({}, told))


def _folded(*names: str) -> tuple[str, ...]:
    return tuple(" ".join(each.split()).casefold() for each in names)
