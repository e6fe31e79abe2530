"""Whether a person may come in, and whether we hold anything about them: lock, unlock, export, erase."""

from __future__ import annotations

import json
from uuid import UUID

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import accounts, audit, erasure, subject_access
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me, require
from support_console.users.forms import ReasonForm
from support_console.users.page import another_user_or_refusal, no_longer_possible

bp = Blueprint("standing", __name__, url_prefix="/users/<uuid:user_id>", template_folder="templates")


@bp.get("/lock")
@require(Permission.LOCK_USERS)
def ask_to_lock(user_id: UUID) -> ResponseReturnValue:
    """Ask whether to shut this person out."""
    return _ask("lock", another_user_or_refusal(user_id), ReasonForm())


@bp.post("/lock")
@require(Permission.LOCK_USERS)
def lock(user_id: UUID) -> ResponseReturnValue:
    """Shut them out, in every browser and at once."""
    form, user = ReasonForm(), another_user_or_refusal(user_id)
    if not form.validate():
        return _ask("lock", user, form), 422
    try:
        with transaction():
            accounts.lock(accounts.held(user_id), actor=Actor.of(me()), reason=form.words, now=ports().clock.now())
    except IllegalMove:
        return no_longer_possible(user)
    flash(_("User locked. They are signed out everywhere."), "success")
    return redirect(url_for("support.users.show", user_id=user_id), 303)


@bp.get("/unlock")
@require(Permission.LOCK_USERS)
def ask_to_unlock(user_id: UUID) -> ResponseReturnValue:
    """Ask whether to let this person in again."""
    return _ask("unlock", another_user_or_refusal(user_id), ReasonForm())


@bp.post("/unlock")
@require(Permission.LOCK_USERS, fresh=True)
def unlock(user_id: UUID) -> ResponseReturnValue:
    """Let them in again."""
    form, user = ReasonForm(), another_user_or_refusal(user_id)
    if not form.validate():
        return _ask("unlock", user, form), 422
    try:
        with transaction():
            accounts.unlock(accounts.held(user_id), actor=Actor.of(me()), reason=form.words, now=ports().clock.now())
    except IllegalMove:
        return no_longer_possible(user)
    flash(_("User unlocked. They can sign in again."), "success")
    return redirect(url_for("support.users.show", user_id=user_id), 303)


@bp.get("/erase")
@require(Permission.ERASE_USERS)
def ask_to_erase(user_id: UUID) -> ResponseReturnValue:
    """Ask whether to forget this person."""
    return _ask("erase", another_user_or_refusal(user_id), ReasonForm())


@bp.post("/erase")
@require(Permission.ERASE_USERS, fresh=True)
def erase(user_id: UUID) -> ResponseReturnValue:
    """Forget them; what is left to be done elsewhere is said."""
    form, user = ReasonForm(), another_user_or_refusal(user_id)
    if not form.validate():
        return _ask("erase", user, form), 422
    try:
        with transaction():
            done = erasure.erase(user, actor=Actor.of(me()), reason=form.words, now=ports().clock.now())
    except IllegalMove:
        return no_longer_possible(user)
    flash(_("User erased. We told them by email."), "success")
    return render_template("support/users/erased.html", erased=done)


@bp.post("/export")
@require(Permission.ERASE_USERS, fresh=True)
def export(user_id: UUID) -> ResponseReturnValue:
    """Everything that is held about the person, as a file for them."""
    now = ports().clock.now()
    with transaction():
        user = db.session.get(User, user_id)
        if user is None:
            abort(404)
        held = subject_access.everything_about(user, now=now)
        audit.record("user_exported", Subject("user", user.id), actor=Actor.of(me()), now=now)
    answer: Response = make_response(json.dumps(held, indent=2, ensure_ascii=False))
    answer.headers["Content-Type"] = "application/json"
    answer.headers["Content-Disposition"] = f'attachment; filename="user-{user_id}.json"'
    return answer


def _ask(deed: str, user: User, form: ReasonForm) -> str:
    return render_template(f"support/users/{deed}.html", user=user, form=form)
