"""The audit: every view of a person's data and every change. It can be read here, and changed nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports
from identity_provider.models import AuditEvent, StaffUser
from identity_provider.services import audit, audit_search
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.audit_search import MOST_COUNTED, PER_PAGE, Search
from support_console.audit.forms import SearchForm
from support_console.auth import me, require
from support_console.sheets import as_stream

bp = Blueprint("audit", __name__, url_prefix="/audit", template_folder="templates")

_COLUMNS = ("at", "actor_type", "actor_id", "actor_name", "action", "subject_type", "subject_id", "reason")
_CHANGE = ("before", "after")


@bp.get("")
@require(Permission.VIEW_AUDIT)
def search() -> ResponseReturnValue:
    """What happened, newest first."""
    form = SearchForm(request.args, audit_search.actions())
    form.validate()
    return _found(form)


@bp.post("")
@require(Permission.VIEW_AUDIT)
def find() -> ResponseReturnValue:
    """Whoever is meant by an address, a TRN or a reference is found here, and the search goes on with their ID."""
    form = SearchForm(request.form, audit_search.actions())
    if form.validate() and form.find_ids():
        return redirect(_page_address(form), code=303)
    return _found(form)


def _found(form: SearchForm) -> ResponseReturnValue:
    asked = Search() if form.errors else form.asked
    page = max(1, min(request.args.get("page", 1, type=int), MOST_COUNTED // PER_PAGE))
    with transaction():
        events, total = audit_search.page_of(asked, page) if not form.errors else ([], 0)
        _note("audit_searched", asked)
    html = render_template(
        "support/audit/search.html",
        form=form,
        events=events,
        total=total,
        page=page,
        pages=max(1, -(-total // PER_PAGE)),
        page_address=partial(_page_address, form),
        names=_names({each.actor_id for each in events if each.actor_type == "staff"}),
        may_export=Permission.EXPORT_AUDIT in me().permissions,
    )
    return html, 422 if form.errors else 200


@bp.post("/export")
@require(Permission.EXPORT_AUDIT, fresh=True)
def export() -> ResponseReturnValue:
    """What was found, all of it and oldest first, for a spreadsheet. That it was taken is an event of its own."""
    form = SearchForm(request.form, audit_search.actions())
    if not form.validate():
        return Response(status=422)
    with transaction():
        _note("audit_exported", form.asked)
    names = _names(None)
    rows = (_row(each, names) for each in audit_search.every(form.asked))
    return as_stream("audit.csv", (*_COLUMNS, *_CHANGE, "request_id"), rows)


def _row(event: AuditEvent, names: dict[str, str]) -> Iterator[str]:
    facts = audit.as_facts(event) | {"actor_name": names.get(event.actor_id, "")}
    yield from (str(facts[name]) for name in _COLUMNS)
    yield from (json.dumps(facts[name], ensure_ascii=False, sort_keys=True) for name in _CHANGE)
    yield event.request_id


def _note(action: str, asked: Search) -> None:
    subject, now = Subject("audit", "search"), ports().clock.now()
    audit.record(action, subject, actor=Actor.of(me()), now=now, change=({}, asked.as_facts()))


def _names(ids: set[str] | None) -> dict[str, str]:
    """What colleagues are called; everybody, where no ids are given."""
    everybody = db.session.scalars(select(StaffUser))
    return {str(each.id): each.display_name for each in everybody if ids is None or str(each.id) in ids}


def _page_address(form: SearchForm, page: int | None = None) -> str:
    values: dict[str, Any] = {field.name: str(field.data) for field in form if field.data}
    return url_for(".search", **values, page=page)
