"""Cases: the queue, the page of one case, claims and notes. Decisions are in decisions.py."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import CaseAlreadyResolved
from identity_provider.kit.app import ports
from identity_provider.services import case_work, statements
from support_console.auth import me, require
from support_console.cases import queries
from support_console.cases.forms import AssignForm, NoteForm, SearchForm
from support_console.cases.page import case_or_404, case_page
from support_console.cases.queries import Filters
from support_console.cases.words import age, choices

bp = Blueprint("cases", __name__, url_prefix="/cases", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_CASES)
def queue() -> ResponseReturnValue:
    """What is waiting, oldest first."""
    now = ports().clock.now()
    known = {name: request.args.get(name, "") for name in ("reason", "service", "assigned", "age")}
    filters = Filters(status=request.args.get("status", "open"), **known)
    page = request.args.get("page", 1, type=int)
    return render_template(
        "cases/queue.html",
        filters=filters,
        choices=choices(queries.services()),
        counts=queries.counts(me=me().id, now=now),
        queue=queries.queue(filters, me=me().id, page=page, now=now),
        search=SearchForm(formdata=None),
        now=now,
        age=age,
        why=statements.why,
    )


@bp.get("/<uuid:case_id>")
@require(Permission.VIEW_CASES)
def show(case_id: UUID) -> ResponseReturnValue:
    """One case on one screen."""
    return case_page(case_id)


@bp.post("/<uuid:case_id>/assignment")
@require(Permission.WORK_CASES)
def assign(case_id: UUID) -> ResponseReturnValue:
    """Claim the case, or give it back."""
    form, now = AssignForm(), ports().clock.now()
    seen = _uuid(str(form.seen.data or ""))
    to = me() if form.to.data == "me" else None
    try:
        with transaction():
            case_work.assign(case_id, to, seen=seen, staff=me(), now=now)
    except (case_work.CaseClaimed, CaseAlreadyResolved):
        return case_page(case_id, moved=True), 409
    return redirect(url_for(".show", case_id=case_id), 303)


@bp.post("/<uuid:case_id>/notes")
@require(Permission.WORK_CASES)
def add_note(case_id: UUID) -> ResponseReturnValue:
    """Write something down for colleagues."""
    form = NoteForm()
    if not form.validate():
        return case_page(case_id, note=form), 422
    with transaction():
        case_work.add_note(case_or_404(case_id), str(form.text.data), staff=me(), now=ports().clock.now())
    return redirect(url_for(".show", case_id=case_id) + "#notes", 303)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
