"""Deciding a case: attach a TRN, confirm that there is none, or take a decision back.

What a decision may be refused for is answered in refusals.py, in words and with nothing done.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.values import Trn
from identity_provider.kit.app import ports
from identity_provider.models import SupportTicket, User
from identity_provider.services import audit, case_work, leaked_trns, trn_links
from identity_provider.services.audit import Actor, Subject
from matching.records import RecordStatus, TeachingRecord
from support_console.actors import name_of
from support_console.auth import me, require
from support_console.cases.comparison import beside
from support_console.cases.forms import AttachForm, ReasonForm, TrnForm
from support_console.cases.page import case_or_404, case_page
from support_console.cases.refusals import register_refusals

bp = Blueprint("decisions", __name__, url_prefix="/cases/<uuid:case_id>", template_folder="templates")
register_refusals(bp)


@bp.post("/trn/check")
@require(Permission.ATTACH_TRN)
def check_trn(case_id: UUID) -> ResponseReturnValue:
    """Show the record of a TRN beside the statement, before anything is attached."""
    form = TrnForm()
    if not form.validate():
        return case_page(case_id, trn=form), 422
    return _confirm_page(case_id, form.parsed)


@bp.post("/trn")
@require(Permission.ATTACH_TRN)
def attach_trn(case_id: UUID) -> ResponseReturnValue:
    """Attach the TRN of the record that was shown."""
    form = AttachForm()
    if not form.validate():
        return _correct(case_id, form)
    record = _record_of(form.parsed)
    with transaction():
        case_work.attach_trn(case_id, record=record, staff=me(), reason=str(form.reason.data), now=ports().clock.now())
    flash(_("TRN attached. We will email the user."), "success")
    return redirect(url_for("support.cases.show", case_id=case_id), 303)


@bp.get("/no-trn")
@require(Permission.ATTACH_TRN)
def no_trn(case_id: UUID) -> ResponseReturnValue:
    """Ask whether it is certain that this person has no TRN."""
    return render_template("support/cases/no_trn.html", case=_open_to_me(case_id), form=ReasonForm())


@bp.post("/no-trn")
@require(Permission.ATTACH_TRN)
def confirm_no_trn(case_id: UUID) -> ResponseReturnValue:
    """Confirm that there is no TRN."""
    form = ReasonForm()
    if not form.validate():
        return render_template("support/cases/no_trn.html", case=_open_to_me(case_id), form=form), 422
    with transaction():
        case_work.confirm_no_trn(case_id, staff=me(), reason=str(form.reason.data), now=ports().clock.now())
    flash(_("Confirmed that there is no TRN. We will email the user."), "success")
    return redirect(url_for("support.cases.show", case_id=case_id), 303)


@bp.get("/undo")
@require(Permission.ATTACH_TRN)
def undo(case_id: UUID) -> ResponseReturnValue:
    """Ask whether to take back what was decided."""
    return render_template("support/cases/undo.html", case=_mine_to_touch(case_id), form=ReasonForm())


@bp.post("/undo")
@require(Permission.ATTACH_TRN)
def take_back(case_id: UUID) -> ResponseReturnValue:
    """Take it back: the case is open again."""
    form = ReasonForm()
    if not form.validate():
        return render_template("support/cases/undo.html", case=_mine_to_touch(case_id), form=form), 422
    with transaction():
        case_work.undo(case_id, staff=me(), reason=str(form.reason.data), now=ports().clock.now())
    flash(_("Decision taken back. The case is open again. We will email the user."), "success")
    return redirect(url_for("support.cases.show", case_id=case_id), 303)


@bp.get("/conflict/<uuid:holder_id>")
@require(Permission.ATTACH_TRN)
def conflict(case_id: UUID, holder_id: UUID) -> ResponseReturnValue:
    """The TRN is another user's: who, and what can be done."""
    with transaction():
        case, holder = case_or_404(case_id), db.session.get(User, holder_id)
        if holder is None or holder.trn is None:
            abort(404)
        link = trn_links.live_link_of(holder)
        for person in (case.user, holder):
            audit.record("conflict_viewed", Subject("user", person.id), actor=Actor.of(me()), now=ports().clock.now())
    return render_template("support/cases/conflict.html", case=case, holder=holder, link=link, name_of=name_of)


def _confirm_page(case_id: UUID, trn: Trn, form: AttachForm | None = None) -> str:
    case = _open_to_me(case_id)
    record = _record_of(trn)
    asked_for = record
    if record.status is RecordStatus.MERGED and record.merged_into:
        record = _record_of(Trn.parse(record.merged_into))
    _write_down_view(record, case)
    case_work.check_linkable(record)
    compared = beside(case.user, record, ports().register, ports().clock.now().date())
    holder = trn_links.holder_of(record.trn)
    return render_template(
        "support/cases/confirm_trn.html",
        case=case,
        compared=compared,
        merged_from=asked_for.trn if asked_for is not record else None,
        holder=holder if holder is not None and holder.id != case.user_id else None,
        leaked=leaked_trns.is_listed(record.trn),
        form=form or AttachForm(MultiDict({"trn": record.trn})),
    )


def _record_of(trn: Trn) -> TeachingRecord:
    """Ask the register, with no connection of ours held open meanwhile: who is at the browser was read in one."""
    with transaction():
        pass
    return case_work.record_of(ports().register, trn)


def _correct(case_id: UUID, form: AttachForm) -> ResponseReturnValue:
    """The page again, with what was wrong: the TRN is asked for on the case's page, the reason on this one."""
    if form.trn.errors:
        return case_page(case_id, trn=TrnForm(formdata=request.form)), 422
    return _confirm_page(case_id, form.parsed, form), 422


def _write_down_view(record: TeachingRecord, case: SupportTicket) -> None:
    """Any record can be looked up by its TRN, so who saw which one, and in which case, is kept."""
    subject, now = Subject("record", record.trn), ports().clock.now()
    with transaction():
        audit.record("record_viewed", subject, actor=Actor.of(me()), now=now, change=({}, {"case": case.reference}))


def _mine_to_touch(case_id: UUID) -> SupportTicket:
    now = ports().clock.now()
    with transaction():
        case = case_or_404(case_id)
        audit.record("case_viewed", Subject("user", case.user_id), actor=Actor.of(me()), now=now)
    if case_work.is_own(case, me()):
        raise case_work.OwnCase
    return case


def _open_to_me(case_id: UUID) -> SupportTicket:
    """The case, if it is still to be decided and is not about the agent."""
    case = _mine_to_touch(case_id)
    ended = case_work.decided_by_others(case)
    if ended is not None:
        raise ended
    return case
