"""Requests for changes: the queue, the page of one request, and claims. Decisions are in decisions.py."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.change_requests import ChangeKind
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.models import ChangeRequest
from identity_provider.services import audit, change_reviews
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.change_requests import ChangeEnded
from support_console.auth import me, require
from support_console.changes import queries
from support_console.changes.forms import AssignForm
from support_console.changes.page import change_page
from support_console.changes.queries import Filters
from support_console.changes.refusals import register_refusals
from support_console.labels import age

bp = Blueprint("changes", __name__, url_prefix="/changes", template_folder="templates")
register_refusals(bp)


@bp.get("")
@require(Permission.REVIEW_EVIDENCE)
def queue() -> ResponseReturnValue:
    """What is waiting, oldest first."""
    now = ports().clock.now()
    known = {name: request.args.get(name, "") for name in ("kind", "assigned", "age")}
    filters = Filters(where=request.args.get("where", queries.REVIEW), **known)
    with transaction():
        found = queries.queue(filters, me=me().id, page=request.args.get("page", 1, type=int), now=now)
        shown = {"requests": [each.reference for each in found.requests]}
        listed = Subject("change_request", "list")
        audit.record("change_requests_listed", listed, actor=Actor.of(me()), now=now, change=({}, shown))
    return render_template(
        "support/changes/queue.html",
        filters=filters,
        choices=_choices(),
        counts=queries.counts(me=me().id, now=now),
        queue=found,
        caption=ngettext("%(num)s request", "%(num)s requests", found.total),
        page_address=partial(_page_address, filters),
        promised=queries.PROMISED_DAYS,
        evidence_of=_evidence_of,
        words=change_words,
        age=age,
        now=now,
    )


@bp.get("/<uuid:change_id>")
@require(Permission.REVIEW_EVIDENCE)
def show(change_id: UUID) -> ResponseReturnValue:
    """One request on one screen."""
    return change_page(change_id)


@bp.post("/<uuid:change_id>/assignment")
@require(Permission.REVIEW_EVIDENCE)
def assign(change_id: UUID) -> ResponseReturnValue:
    """Claim the request, or give it back."""
    form = AssignForm()
    to = me() if form.to.data == "me" else None
    try:
        with transaction():
            seen = _uuid(str(form.seen.data or ""))
            change_reviews.assign(change_id, to, seen=seen, staff=me(), now=ports().clock.now())
    except (change_reviews.ChangeClaimed, ChangeEnded):
        return change_page(change_id, moved=True), 409
    flash(_("The request is yours.") if to is not None else _("The request is with nobody again."), "success")
    return redirect(url_for(".show", change_id=change_id), 303)


def _evidence_of(change: ChangeRequest) -> str:
    """How much evidence there is, and whether it can be seen."""
    if change.identity_check_id is not None:
        return str(_("Report of a provider"))
    counted = ngettext("%(num)s file", "%(num)s files", len(change.usable_files))
    return str(_("%(counted)s, waiting for the scanner", counted=counted)) if change.waits_for_scanner else str(counted)


def _choices() -> dict[str, list[tuple[str, str]]]:
    """What each filter of the queue offers."""
    return {
        "where": [
            (queries.REVIEW, _("Waiting for review")),
            (queries.PERSON, _("Waiting for better evidence")),
            (queries.REGISTER, _("Approved, with the DQT")),
            (queries.DECIDED, _("Ended")),
            (queries.ALL, _("All")),
        ],
        "kind": [("", _("Any")), *((kind.value, change_words.heading_of(kind)) for kind in ChangeKind)],
        "assigned": [("", _("Anyone or nobody")), ("me", _("Me")), ("nobody", _("Nobody"))],
        "age": [
            ("", _("Any")),
            *((str(days), ngettext("Over %(num)s day", "Over %(num)s days", days)) for days in queries.AGES),
        ],
    }


def _page_address(filters: Filters, page: int) -> str:
    values: dict[str, Any] = {"page": page} | filters.as_address()
    return url_for(".queue", **values)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
