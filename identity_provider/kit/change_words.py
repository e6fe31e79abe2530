"""A request for a change as people read it: on their own pages, in emails and in the console."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from identity_provider.domain.change_requests import (
    HAPPENINGS,
    REASONS,
    REJECTIONS,
    REPORTED_BY_PROVIDER,
    REPORTS,
    STATES,
    ChangeKind,
    ChangeReason,
    ChangeState,
    Happening,
    RejectionReason,
    ReportState,
)
from identity_provider.kit.written import written_date
from identity_provider.models import ChangeEvent, ChangeRequest

STATE_COLOURS: dict[ChangeState, str | None] = {
    ChangeState.SUBMITTED: "light-blue",
    ChangeState.MORE_EVIDENCE: "yellow",
    ChangeState.APPROVED: "green",
    ChangeState.REJECTED: "red",
    ChangeState.WITHDRAWN: "grey",
    ChangeState.LAPSED: "grey",
    ChangeState.DRAFT: "grey",
}


def heading_of(kind: ChangeKind) -> str:
    """What the request is about, as a heading."""
    return str({ChangeKind.NAME: _("Change of name"), ChangeKind.DATE_OF_BIRTH: _("Change of date of birth")}[kind])


def wanted_of(request: ChangeRequest) -> str:
    """What is asked for."""
    if request.kind is ChangeKind.NAME:
        return request.wanted_name.full
    return written_date(request.date_of_birth) if request.date_of_birth else ""


def standing_of(request: ChangeRequest) -> str:
    """What the account says now."""
    if request.kind is ChangeKind.NAME:
        return request.user.name.full
    born = request.user.date_of_birth
    return written_date(born) if born else str(_("Not given"))


def stood_of(request: ChangeRequest) -> str:
    """What the account said when it was asked; empty where that is not kept."""
    if request.kind is ChangeKind.NAME:
        return str(request.stood.get("name", ""))
    text = str(request.stood.get("date_of_birth", ""))
    return written_date(date.fromisoformat(text)) if text else ""


def reason_of(request: ChangeRequest) -> str:
    """Why it is to be changed."""
    if request.reason is ChangeReason.IDENTITY_CHECK:
        return str(_(REPORTED_BY_PROVIDER))
    return str(_(REASONS[request.kind][request.reason])) if request.reason else ""


def reasons_for(kind: ChangeKind) -> dict[str, str]:
    """The answers to "why?"."""
    return {reason.value: str(_(words)) for reason, words in REASONS[kind].items()}


def state_of(state: ChangeState) -> str:
    """Where a request stands."""
    return str(_(STATES[state]))


def rejection_of(why: RejectionReason | None) -> str:
    """What was wrong with the evidence."""
    return str(_(REJECTIONS[why])) if why else ""


def report_of(state: ReportState) -> str:
    """Where the change stands with the person's teaching record."""
    return str(_(REPORTS[state]))


def happened(event: ChangeEvent, request: ChangeRequest) -> str:
    """One step of the history."""
    if event.what is Happening.SUBMITTED and request.reason is ChangeReason.IDENTITY_CHECK:
        return str(_(REPORTED_BY_PROVIDER))
    if event.what is Happening.WITHDRAWN and event.by.startswith("system:"):
        return str(_("The request ended because two accounts became one"))
    return str(_(HAPPENINGS[event.what]))
