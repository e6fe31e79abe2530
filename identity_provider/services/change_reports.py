"""Telling the DQT of approved changes of people with a TRN, and following what becomes of them there.

The approval here stands whatever the DQT does. A change is sent once: before every try the record is asked, since a
reply that was lost does not mean that nothing was taken. A job may run twice at once (its worker was taken for dead):
no try begins beside one that may be under way, nor on an answer that is older than another try.

The DQT takes no reference of ours, and does not tell whose the change is that is open there. But it fetches the
evidence before it takes a change: what is open while nobody fetched ours is somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, update

from identity_provider.db import db, transaction
from identity_provider.domain.change_requests import ChangeKind, Happening, ReportState
from identity_provider.domain.errors import IdentityError, RegisterUnavailable
from identity_provider.models import ChangeEvent, ChangeReport, ChangeRequest, User
from identity_provider.ports import (
    ChangeNotTaken,
    ChangeOpenThere,
    ChangeRefused,
    ChangeReporter,
    DetailChange,
    DetailsOnRecord,
)
from identity_provider.queue import defer
from identity_provider.services import audit
from identity_provider.services.audit import SYSTEM, Subject

TELL_REGISTER = "tell_register_of_change"
ASKED_EVERY = timedelta(hours=1)
ASKED_AT_ONCE = 50
LARGEST_EXHIBIT = 5_000_000
"""The DQT's own limit for a file that it fetches (dqt-api.md, A4.4)."""
TRY_LASTS = timedelta(minutes=2)
"""Longer than the DQT is waited for: by then a try has ended, or its worker is dead."""
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
        report = db.session.get(ChangeReport, request_id, populate_existing=True)
        if report is None or report.state is not ReportState.WAITING:
            return
        change, seen, fetched = _as_sent(report), report.tried_at, report.fetched_at is not None
    try:
        _refuse_other_record(request_id)
        if not _is_there(reporter.details(change.trn, seconds=_SECONDS), change, request_id, ours=fetched, now=now):
            exhibit = _begin_try(request_id, exhibit_of, seen=seen, now=now)
            sent = replace(change, evidence_name=exhibit.name, evidence_url=exhibit.url)
            _sent(request_id, reporter.report(sent, credentials(change.trn)), now=now)
    except NotTakenYet as waiting:
        _note(request_id, str(waiting))
        raise
    except ChangeRefused as refusal:
        _settle(request_id, ReportState.REFUSED, str(refusal), waits=ReportState.WAITING, now=now)
    except ChangeOpenThere as busy:
        _not_taken(request_id, _BUSY, begun=now)
        raise NotTakenYet(_BUSY, int(ASKED_EVERY.total_seconds())) from busy
    except ChangeNotTaken as passing:
        _not_taken(request_id, str(passing), begun=now)
        raise NotTakenYet(str(passing)) from passing
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
            _settle(request_id, ReportState.REFUSED, str(gone), waits=ReportState.SENT, now=now)
            continue
        if _is_pending(details, change):
            _checked(request_id, now=now)
            continue
        decision = ReportState.ACCEPTED if says(details, change) else ReportState.DECLINED
        _settle(request_id, decision, "", waits=ReportState.SENT, now=now)
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


def evidence_was_fetched(evidence_id: UUID, *, now: datetime) -> None:
    """Somebody had the link to this file, and has the file now: a change that it goes with may have been taken."""
    waits = (ChangeReport.evidence_id == evidence_id) & (ChangeReport.state == ReportState.WAITING)
    db.session.execute(update(ChangeReport).where(waits).values(fetched_at=now))


def _begin_try(
    request_id: UUID, exhibit_of: Callable[[ChangeReport, datetime], Exhibit], *, seen: datetime | None, now: datetime
) -> Exhibit:
    """A fresh link to the evidence; that the change is being sent is committed before it is.

    `seen` is the try that was known of when the record was asked. Raises NotTakenYet beside another one.
    """
    with transaction():
        held = _held(request_id)
        if held.state is not ReportState.WAITING or held.tried_at != seen:
            raise NotTakenYet("another worker has begun to send it", int(TRY_LASTS.total_seconds()))
        if seen is not None and now < seen + TRY_LASTS:
            raise NotTakenYet("the last try may not have ended", int((seen + TRY_LASTS - now).total_seconds()) + 1)
        _refuse_other_record(request_id)
        exhibit = exhibit_of(held, now)
        held.tried_at, held.fetched_at = now, None
    return exhibit


def _refuse_other_record(request_id: UUID) -> None:
    """Raises ChangeRefused when the person is not linked to the record any more, as it is at this moment."""
    with transaction():
        linked = select(User.trn).join(ChangeRequest, ChangeRequest.user_id == User.id)
        report = db.session.get_one(ChangeReport, request_id)
        if db.session.scalar(linked.where(ChangeRequest.id == request_id)) != report.trn:
            raise ChangeRefused("the person is not linked to this record any more")


def _is_there(details: DetailsOnRecord, change: DetailChange, request_id: UUID, *, ours: bool, now: datetime) -> bool:
    """Whether nothing is to be sent; `ours` says that the evidence was fetched by whoever has it open.

    Raises ChangeOpenThere while somebody else's change of this kind is open.
    """
    if says(details, change):
        _settle(request_id, ReportState.ACCEPTED, "", waits=ReportState.WAITING, now=now)
        return True
    if not _is_pending(details, change):
        return False
    if not ours:
        raise ChangeOpenThere(_BUSY)
    # It was taken, and the reply with its number was lost.
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


def _not_taken(request_id: UUID, error: str, *, begun: datetime) -> None:
    """The DQT has something else open, or said no: the try that began now, if there was one, left nothing behind."""
    with transaction():
        report = _held(request_id)
        report.last_error = error[:500]
        if report.tried_at == begun:
            report.tried_at = report.fetched_at = None


def _sent(request_id: UUID, number: str, *, now: datetime) -> None:
    """It was taken. Another worker may have found that out by asking: then only the number is new."""
    with transaction():
        report = _held(request_id)
        if report.state is not ReportState.WAITING:
            report.case_number = report.case_number or number
            return
        report.state, report.sent_at, report.checked_at = ReportState.SENT, now, now
        report.case_number, report.last_error = number, ""
        _write_down(report, Happening.REPORTED, number, now=now)


def _settle(request_id: UUID, state: ReportState, why: str, *, waits: ReportState, now: datetime) -> None:
    """The last word, unless another worker had it since the report was seen to wait."""
    happening = {
        ReportState.ACCEPTED: Happening.REGISTER_ACCEPTED,
        ReportState.DECLINED: Happening.REGISTER_DECLINED,
        ReportState.REFUSED: Happening.REGISTER_REFUSED,
    }[state]
    with transaction():
        report = _held(request_id)
        if report.state is not waits:
            return
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
