"""The page of one request: what stands beside what is asked for, with the evidence."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.change_requests import ChangeKind, Happening, ReportState
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.kit.written import written_moment
from identity_provider.models import ChangeEvent, ChangeRequest
from identity_provider.services import audit, change_reviews
from identity_provider.services.audit import Actor, Subject
from support_console.actors import name_of
from support_console.auth import me
from support_console.changes import queries
from support_console.labels import age, label_of


def change_or_404(change_id: UUID) -> ChangeRequest:
    """The request of this address."""
    change = queries.with_history(change_id)
    if change is None:
        abort(404)
    return change


def change_page(change_id: UUID, *, moved: bool = False) -> str:
    """The page of a request. That somebody looked is written down."""
    now = ports().clock.now()
    with transaction():
        change = change_or_404(change_id)
        others = queries.others_of(change)
        audit.record("change_request_viewed", Subject("user", change.user_id), actor=Actor.of(me()), now=now)
    return render_template(
        "support/changes/change.html",
        change=change,
        others=others,
        rows=_comparison(change),
        history=[_step(each) for each in change.history],
        report_rows=_report(change),
        own=change_reviews.is_own(change, me()),
        moved=moved,
        now=now,
        age=age,
        words=change_words,
        name_of=name_of,
        label_of=label_of,
    )


def _comparison(change: ChangeRequest) -> list[dict[str, object]]:
    """Old and new value, part by part, each marked as same or different."""
    user = change.user
    if change.kind is ChangeKind.DATE_OF_BIRTH:
        return [_row(_("Date of birth"), change_words.standing_of(change), change_words.wanted_of(change))]
    return [
        _row(_("First name"), user.first_name, change.first_name),
        _row(_("Middle names"), user.middle_name, change.middle_name),
        _row(_("Last name"), user.last_name, change.last_name),
    ]


def _row(label: str, held: str, wanted: str) -> dict[str, object]:
    verdict = "same" if held == wanted else "different"
    return {
        "label": label,
        "said": held or _("Not given"),
        "cells": [{"value": wanted or _("Not given"), "verdict": verdict}],
    }


def _report(change: ChangeRequest) -> list[dict[str, str]]:
    """What the DQT was told, and what it answered."""
    report = change.report
    if report is None:
        return []
    rows = [
        {"key": _("TRN"), "value": report.trn},
        {"key": _("Status"), "value": _REPORTED[report.state]()},
        {"key": _("Case number there"), "value": report.case_number or _("Not known")},
    ]
    if report.sent_at is not None:
        rows.append({"key": _("Sent"), "value": written_moment(report.sent_at)})
    if report.last_error:
        rows.append({"key": _("Last answer"), "value": report.last_error})
    return rows


_REPORTED = {
    ReportState.WAITING: lambda: _("To be sent; it is tried again until the DQT answers"),
    ReportState.SENT: lambda: _("Sent, and not decided there yet"),
    ReportState.ACCEPTED: lambda: _("The record shows the change"),
    ReportState.DECLINED: lambda: _("Closed there without the change"),
    ReportState.REFUSED: lambda: _("Refused: tell the DQT by hand"),
}


def _step(event: ChangeEvent) -> list[str]:
    return [written_moment(event.at), _HAPPENED[event.what](), name_of(event.by), event.note]


_HAPPENED = {
    Happening.SUBMITTED: lambda: _("Submitted"),
    Happening.MORE_EVIDENCE_ASKED: lambda: _("Asked for better evidence"),
    Happening.EVIDENCE_UNSAFE: lambda: _("A file was found to be infected, and deleted"),
    Happening.SUBMITTED_AGAIN: lambda: _("Submitted again with more evidence"),
    Happening.APPROVED: lambda: _("Approved"),
    Happening.REJECTED: lambda: _("Rejected"),
    Happening.WITHDRAWN: lambda: _("Withdrawn"),
    Happening.LAPSED: lambda: _("Ended: not decided within 90 days"),
    Happening.REPORTED: lambda: _("Sent to the DQT"),
    Happening.REGISTER_ACCEPTED: lambda: _("The DQT shows the change"),
    Happening.REGISTER_DECLINED: lambda: _("The DQT did not make the change"),
    Happening.REGISTER_REFUSED: lambda: _("The DQT cannot be told by us"),
}
