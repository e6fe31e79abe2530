"""Cases: the queue, the page of one case, claims and notes. Decisions are in decisions.py."""

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
from identity_provider.domain.errors import CaseAlreadyResolved
from identity_provider.kit.app import ports
from identity_provider.models import SupportTicket
from identity_provider.services import audit, case_work
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me, require
from support_console.cases import queries
from support_console.cases.forms import AssignForm, NoteForm, SearchForm
from support_console.cases.page import case_or_404, case_page
from support_console.cases.queries import Filters
from support_console.cases.refusals import register_refusals
from support_console.cases.words import choices
from support_console.labels import age, label_of, why

bp = Blueprint("cases", __name__, url_prefix="/cases", template_folder="templates")
register_refusals(bp)


@bp.get("")
@require(Permission.VIEW_CASES)
def queue() -> ResponseReturnValue:
    """What is waiting, oldest first."""
    now = ports().clock.now()
    known = {name: request.args.get(name, "") for name in ("reason", "service", "assigned", "age", "desk")}
    filters = Filters(status=request.args.get("status", "open"), **known)
    with transaction():
        found = queries.queue(filters, me=me().id, page=request.args.get("page", 1, type=int), now=now)
        _write_down("cases_listed", found.cases)
    return render_template(
        "support/cases/queue.html",
        filters=filters,
        choices=choices(queries.services()),
        counts=queries.counts(me=me().id, now=now),
        queue=found,
        page_address=partial(_page_address, filters),
        search=SearchForm(),
        **_list_of(found.cases, found.total),
    )


@bp.get("/search")
@require(Permission.VIEW_CASES)
def search() -> ResponseReturnValue:
    """An empty search, for whoever comes here by Back or reload."""
    return render_template("support/cases/search.html", search=SearchForm(), **_list_of(None, 0))


@bp.post("/search")
@require(Permission.VIEW_CASES)
def search_for() -> ResponseReturnValue:
    """Find cases; what is searched for stands in the body, never in an address or a log."""
    form = SearchForm()
    if not form.validate():
        return render_template("support/cases/search.html", search=form, form=form, **_list_of(None, 0)), 422
    with transaction():
        cases = queries.search(str(form.q.data))
        _write_down("cases_searched", cases)
    return render_template("support/cases/search.html", search=form, **_list_of(cases, len(cases)))


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
    flash(_("The case is yours.") if to is not None else _("The case is with nobody again."), "success")
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
    flash(_("Note added."), "success")
    return redirect(url_for(".show", case_id=case_id) + "#notes", 303)


def _write_down(action: str, cases: list[SupportTicket]) -> None:
    """Lists show names: which ones were shown is kept."""
    shown = {"cases": [each.reference for each in cases]}
    audit.record(action, Subject("case", "list"), actor=Actor.of(me()), now=ports().clock.now(), change=({}, shown))


def _list_of(cases: list[SupportTicket] | None, total: int) -> dict[str, Any]:
    """What cases/_list.html reads."""
    caption = ngettext("%(num)s case", "%(num)s cases", total)
    words = {"why": why, "age": age, "label_of": label_of, "suggested": queries.suggested_in(cases or ())}
    return {"cases": cases, "caption": caption, "now": ports().clock.now(), **words}


def _page_address(filters: Filters, page: int) -> str:
    values: dict[str, Any] = {"page": page} | filters.as_address()
    return url_for(".queue", **values)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
