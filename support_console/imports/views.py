"""Imports: a file of people is uploaded, checked row by row, approved by a second person, and run by the worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove, OwnAccount
from identity_provider.kit.app import ports
from identity_provider.kit.filters import accepts_upload
from identity_provider.models import Client, RowOutcome, UserImport
from identity_provider.services import audit, import_files, user_imports
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.import_files import MOST_BYTES, FileRefused
from support_console.auth import me, require
from support_console.imports import queries, rows, words
from support_console.imports.forms import ReasonForm, UploadForm
from support_console.paging import page_asked
from support_console.sheets import as_csv

bp = Blueprint("imports", __name__, url_prefix="/imports", template_folder="templates")

Move = Callable[..., None]
MOVES: dict[str, Move] = {
    "approve": user_imports.approve,
    "reject": user_imports.reject,
    "stop": user_imports.stop,
    "resume": user_imports.resume,
}
"""What a button on an import's page does."""


@bp.get("")
@require(Permission.RUN_IMPORTS)
def show_all() -> ResponseReturnValue:
    """Every import, the newest first."""
    return render_template("support/imports/list.html", listed=[rows.listed(each) for each in queries.newest()])


@bp.get("/new")
@require(Permission.RUN_IMPORTS)
def new() -> ResponseReturnValue:
    """Ask for a file, and say what it looks like."""
    return _new_page(UploadForm())


@bp.post("/new")
@accepts_upload(MOST_BYTES + 100_000)
@require(Permission.RUN_IMPORTS)
def upload() -> ResponseReturnValue:
    """Keep the file and have every row checked; nobody is changed by that."""
    form, now = UploadForm(), ports().clock.now()
    form.client_id.offer(queries.services())
    if not form.validate():
        return _new_page(form), 422
    try:
        contents = import_files.read(form.content(), now.date())
    except FileRefused as refused:
        form.refuse(words.why_not(refused))
        return _new_page(form), 422
    with transaction():
        client = db.session.get_one(Client, str(form.client_id.data))
        made = user_imports.upload(client, form.file_name, contents, staff=me(), now=now)
    return redirect(url_for(".show", import_id=made.id), 303)


@bp.get("/<uuid:import_id>")
@require(Permission.RUN_IMPORTS)
def show(import_id: UUID) -> ResponseReturnValue:
    """How far it is, and its rows. That somebody looked at them is written down."""
    return _page(_import_or_404(import_id), ReasonForm())


@bp.post("/<uuid:import_id>/<any('approve', 'reject', 'stop', 'resume'):move>")
@require(Permission.RUN_IMPORTS, fresh=True)
def decide(import_id: UUID, move: str) -> ResponseReturnValue:
    """Approve, reject, stop or go on. Nobody approves what they uploaded."""
    form = ReasonForm()
    if not form.validate():
        return _page(_import_or_404(import_id), form), 422
    try:
        with transaction():
            of = user_imports.held(import_id) or abort(404)
            MOVES[move](of, staff=me(), reason=form.words, now=ports().clock.now())
    except OwnAccount:
        flash(_("You uploaded this import: a colleague has to approve it."))
    except IllegalMove:
        flash(_("The import has changed since you opened it. This is how it is now."))
    return redirect(url_for(".show", import_id=import_id), 303)


@bp.get("/<uuid:import_id>/rows.csv")
@require(Permission.RUN_IMPORTS)
def download(import_id: UUID) -> ResponseReturnValue:
    """Every row and what became of it, for a spreadsheet."""
    of = _import_or_404(import_id)
    _write_down("import_downloaded", of)
    return as_csv(f"import-{of.id}.csv", rows.SHEET_HEAD, rows.sheet(queries.every_row(of)))


@bp.get("/template.csv")
@require(Permission.RUN_IMPORTS)
def template() -> ResponseReturnValue:
    """An empty file with the columns."""
    return as_csv("import.csv", import_files.COLUMNS, ())


def _page(of: UserImport, form: ReasonForm) -> str:
    asked = request.args.get("show", "")
    outcome = RowOutcome(asked) if asked in set(RowOutcome) else None
    number = page_asked()
    progress, shown = queries.progress_of(of), queries.page_of(of, outcome, number)
    if shown:
        _write_down("import_viewed", of)
    return render_template(
        "support/imports/import.html",
        of=of,
        form=form,
        details=rows.details_of(of),
        progress=progress,
        counted=rows.counted(progress),
        outcome=outcome,
        rows=[rows.row(each) for each in shown],
        page=number,
        pages=max(1, -(-queries.number_of(of, outcome) // queries.PER_PAGE)),
        page_address=partial(_page_address, of, asked),
        own=of.uploaded_by_id == me().id,
    )


def _page_address(of: UserImport, asked: str, page: int) -> str:
    return url_for(".show", import_id=of.id, page=page, show=asked or None)


def _new_page(form: UploadForm) -> str:
    form.client_id.offer({"": _("Select a service")} | queries.services())
    return render_template("support/imports/new.html", form=form, columns=import_files.COLUMNS)


def _write_down(action: str, of: UserImport) -> None:
    with transaction():
        audit.record(action, Subject("import", of.id), actor=Actor.of(me()), now=ports().clock.now())


def _import_or_404(import_id: UUID) -> UserImport:
    return db.session.get(UserImport, import_id) or abort(404)
