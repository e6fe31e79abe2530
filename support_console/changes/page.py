"""The page of one request: what stands beside what is asked for, with the evidence."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import abort, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from identity_provider.db import transaction
from identity_provider.domain.change_requests import ChangeKind, Happening, ReportState
from identity_provider.domain.evidence import PDF, EvidenceState
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.kit.headers import allow_frames_of_ours
from identity_provider.kit.written import written_date, written_moment
from identity_provider.models import ChangeEvent, ChangeFile, ChangeRequest
from identity_provider.services import audit, change_reviews, identities, identity_checks
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
    if any(each.evidence.media_type == PDF for each in change.files):
        allow_frames_of_ours()
    return render_template(
        "support/changes/change.html",
        change=change,
        others=others,
        rows=_comparison(change),
        history=[_step(each) for each in change.history],
        report_rows=_report(change),
        files=[_file(change, number, each) for number, each in enumerate(change.files, start=1)],
        checks=_checks(change),
        own=change_reviews.is_own(change, me()),
        moved=moved,
        now=now,
        age=age,
        words=change_words,
        name_of=name_of,
        label_of=label_of,
    )


def _comparison(change: ChangeRequest) -> list[dict[str, object]]:
    """Old and new value, part by part, each marked as same or different.

    Once it is decided the old one is what the account said then: it may say the new one by now.
    """
    if not change.state.is_open:
        name = _("Name") if change.kind is ChangeKind.NAME else _("Date of birth")
        return [_row(name, change_words.stood_of(change) or _("Not kept"), change_words.wanted_of(change))]
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


def _file(change: ChangeRequest, number: int, sent: ChangeFile) -> dict[str, object]:
    """One file: where it is seen, or why it is not."""
    kept = sent.evidence
    return {
        "name": kept.original_name or _("File %(number)s", number=number),
        "added": written_moment(sent.added_at),
        "shown": kept.is_shown,
        "is_image": kept.media_type != PDF,
        "pages": ngettext("%(num)s page", "%(num)s pages", kept.pages),
        "why_not": "" if kept.is_shown else _NOT_SHOWN[kept.state](),
        "source": url_for("support.change_files.content", change_id=change.id, evidence_id=kept.id),
        "viewer": url_for("support.change_files.view", change_id=change.id, evidence_id=kept.id),
    }


_NOT_SHOWN = {
    EvidenceState.WAITING: lambda: _("Waiting for the virus scanner. It cannot be seen until then."),
    EvidenceState.INFECTED: lambda: _("It was infected, and deleted. The person was told."),
    EvidenceState.GONE: lambda: _("Deleted"),
}


def _checks(change: ChangeRequest) -> list[list[str]]:
    """What providers reported of the person, opened for the reviewer."""
    found = identity_checks.of([each.id for each in identities.all_of(change.user)])
    rows = []
    for check in found:
        seen = identity_checks.verified_in(check)
        name = f"{seen['first_name']} {seen['last_name']}"
        born = written_date(date.fromisoformat(seen["date_of_birth"]))
        checked = written_date(check.checked_on)
        rows.append([check.provider, check.document_kind, checked, name, born])
    return rows


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
