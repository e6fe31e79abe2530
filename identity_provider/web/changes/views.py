"""The requests of a person: what stands, what was asked for, and how far it is."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from identity_provider.db import transaction
from identity_provider.domain.change_requests import ChangeKind
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.kit.persons import for_person
from identity_provider.kit.written import written_date
from identity_provider.models import ChangeRequest, User
from identity_provider.services import change_requests
from identity_provider.services.change_requests import ChangeEnded
from identity_provider.web.changes import asking, files
from identity_provider.web.changes.drafting import bp

__all__ = ["asking", "bp", "files"]


@bp.get("")
@for_person
def home(person: User) -> ResponseReturnValue:
    """The details that change with evidence only, and every request."""
    rows = [
        _changeable(_("Name"), person.name.full, ChangeKind.NAME),
        _changeable(
            _("Date of birth"),
            written_date(person.date_of_birth) if person.date_of_birth else _("Not given"),
            ChangeKind.DATE_OF_BIRTH,
        ),
    ]
    return render_template("changes/home.html", rows=rows, requests=change_requests.sent_by(person), words=change_words)


@bp.get("/requests/<uuid:request_id>")
@for_person
def request(person: User, request_id: UUID) -> ResponseReturnValue:
    """One request: where it stands, and what has happened."""
    change = _own(person, request_id)
    return render_template(
        "changes/request.html", change=change, rows=_facts(change), words=change_words, back_url=url_for(".home")
    )


@bp.get("/requests/<uuid:request_id>/sent")
@for_person
def sent(person: User, request_id: UUID) -> ResponseReturnValue:
    """It has arrived: what happens next."""
    return render_template("changes/sent.html", change=_own(person, request_id))


@bp.get("/requests/<uuid:request_id>/withdraw")
@for_person
def withdraw(person: User, request_id: UUID) -> ResponseReturnValue:
    """Ask whether to take it back."""
    change = _own(person, request_id)
    if not change.state.is_open:
        return ended(change)
    back = url_for(".request", request_id=request_id)
    return render_template("changes/withdraw.html", change=change, words=change_words, back_url=back)


@bp.post("/requests/<uuid:request_id>/withdraw")
@for_person
def take_back(person: User, request_id: UUID) -> ResponseReturnValue:
    """Take it back, unless it was decided a moment ago."""
    change = _own(person, request_id)
    try:
        with transaction():
            change_requests.withdraw(request_id, person.id, now=ports().clock.now())
    except (ChangeEnded, IllegalMove):
        return ended(change)
    flash(_("You have withdrawn your request"), "success")
    return redirect(url_for(".home"), 303)


def ended(change: ChangeRequest) -> ResponseReturnValue:
    """Somebody decided meanwhile: nothing was done."""
    return render_template("changes/decided.html", change=change), 409


def _own(person: User, request_id: UUID) -> ChangeRequest:
    change = change_requests.sent_one(person, request_id)
    if change is None:
        abort(404)
    return change


def _changeable(label: str, value: str, kind: ChangeKind) -> dict[str, str]:
    return {"key": label, "value": value, "change": url_for(".start", slug=kind.slug)}


def _facts(change: ChangeRequest) -> list[dict[str, str]]:
    rows = [
        {"key": _("Reference"), "value": change.reference},
        {"key": _("Asked for"), "value": change_words.wanted_of(change)},
        {"key": _("Why"), "value": change_words.reason_of(change)},
    ]
    if change.files:
        rows.append({"key": _("Evidence"), "value": _evidence_of(change)})
    if change.report is not None:
        rows.append({"key": _("Your teaching record"), "value": change_words.report_of(change.report.state)})
    return rows


def _evidence_of(change: ChangeRequest) -> str:
    """How much there is of it, and whether it was looked at."""
    if not change.usable_files:
        return str(_("Deleted"))
    counted = ngettext("%(num)s file", "%(num)s files", len(change.usable_files))
    if change.state.is_open and change.waits_for_scanner:
        return str(_("%(counted)s, being checked for viruses", counted=counted))
    return str(counted)
