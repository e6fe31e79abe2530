"""Deciding a request: approve it, reject it with a reason, or ask for better evidence.

What a decision may be refused for is answered in refusals.py, in words and with nothing done.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.models import ChangeRequest
from identity_provider.services import audit, change_reviews
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.change_requests import ChangeEnded
from support_console.auth import me, require
from support_console.changes.forms import AnswerForm, ApproveForm
from support_console.changes.page import change_or_404
from support_console.changes.refusals import register_refusals

bp = Blueprint("change_decisions", __name__, url_prefix="/changes/<uuid:change_id>", template_folder="templates")
register_refusals(bp)


@bp.get("/approve")
@require(Permission.REVIEW_EVIDENCE)
def ask_to_approve(change_id: UUID) -> ResponseReturnValue:
    """What will happen when this is approved."""
    change = _for_me(change_id)
    return _show("approve", change, ApproveForm(change))


@bp.post("/approve")
@require(Permission.REVIEW_EVIDENCE)
def approve(change_id: UUID) -> ResponseReturnValue:
    """Make the change."""
    change = _for_me(change_id)
    form = ApproveForm(change)
    if not form.validate():
        return _show("approve", change, form), 422
    with transaction():
        change_reviews.approve(change_id, staff=me(), now=ports().clock.now(), exhibit_id=form.exhibit_id)
    flash(_("Approved. The change was made, and we will email the person."), "success")
    return redirect(url_for("support.changes.show", change_id=change_id), 303)


@bp.get("/reject")
@require(Permission.REVIEW_EVIDENCE)
def ask_to_reject(change_id: UUID) -> ResponseReturnValue:
    """Ask why not."""
    return _show("reject", _for_me(change_id), AnswerForm())


@bp.post("/reject")
@require(Permission.REVIEW_EVIDENCE)
def reject(change_id: UUID) -> ResponseReturnValue:
    """Say no."""
    form = AnswerForm()
    if not form.validate():
        return _show("reject", _for_me(change_id), form), 422
    with transaction():
        change_reviews.reject(change_id, form.answer, staff=me(), now=ports().clock.now())
    flash(_("Rejected. We will email the person."), "success")
    return redirect(url_for("support.changes.show", change_id=change_id), 303)


@bp.get("/better-evidence")
@require(Permission.REVIEW_EVIDENCE)
def better_evidence(change_id: UUID) -> ResponseReturnValue:
    """Ask what is wrong with what was sent."""
    return _show("ask_again", _for_me(change_id), AnswerForm())


@bp.post("/better-evidence")
@require(Permission.REVIEW_EVIDENCE)
def ask_again(change_id: UUID) -> ResponseReturnValue:
    """Give the request back to the person."""
    form = AnswerForm()
    if not form.validate():
        return _show("ask_again", _for_me(change_id), form), 422
    with transaction():
        change_reviews.ask_again(change_id, form.answer, staff=me(), now=ports().clock.now())
    flash(_("We will ask the person for better evidence."), "success")
    return redirect(url_for("support.changes.show", change_id=change_id), 303)


def _for_me(change_id: UUID) -> ChangeRequest:
    """The request, if this reviewer may still decide it."""
    change = change_or_404(change_id)
    if change_reviews.is_own(change, me()):
        raise change_reviews.OwnRequest
    if not change.state.is_open:
        raise ChangeEnded(change.ended_by or "", change.state, change.ended_at)
    return change


def _show(name: str, change: ChangeRequest, form: AnswerForm | ApproveForm) -> str:
    """A page about the decision. It says whose request it is, so that somebody looked is written down."""
    with transaction():
        subject, now = Subject("user", change.user_id), ports().clock.now()
        audit.record("change_request_viewed", subject, actor=Actor.of(me()), now=now)
    back = url_for("support.changes.show", change_id=change.id)
    return render_template(f"support/changes/{name}.html", change=change, form=form, words=change_words, back_url=back)
