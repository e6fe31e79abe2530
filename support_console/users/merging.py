"""Making two users one: find the other, look at both side by side, choose what stays, check, merge; and undo it."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import EmailInUse, IllegalMove, OwnAccount, TrnAlreadyLinked
from identity_provider.kit.app import ports
from identity_provider.models import User, UserMerge
from identity_provider.services import audit, merging
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.merging import NotMergeable, TrnToChoose
from support_console import people
from support_console.auth import me, require
from support_console.users import rows
from support_console.users.forms import MergeForm, ReasonForm, SearchForm
from support_console.users.page import another_user_or_refusal, no_longer_possible, note_viewed, user_or_404

bp = Blueprint("merging", __name__, url_prefix="/users/<uuid:user_id>/merge", template_folder="templates")


@bp.get("")
@require(Permission.MERGE_USERS)
def choose(user_id: UUID) -> ResponseReturnValue:
    """Ask who the other one is."""
    user = another_user_or_refusal(user_id)
    return render_template("support/users/merge_choose.html", user=user, search=SearchForm(), others=None)


@bp.post("")
@require(Permission.MERGE_USERS)
def search(user_id: UUID) -> ResponseReturnValue:
    """Who it may be."""
    user, form = another_user_or_refusal(user_id), SearchForm()
    if not form.validate():
        return render_template("support/users/merge_choose.html", user=user, search=form, form=form, others=None), 422
    with transaction():
        found = [each for each in people.find(str(form.q.data)) if each.id != user.id and each.is_live]
        shown = {"users": [str(each.id) for each in found]}
        subject = Subject("user", "list")
        audit.record("users_searched", subject, actor=Actor.of(me()), now=ports().clock.now(), change=({}, shown))
    return render_template(
        "support/users/merge_choose.html", user=user, search=form, others=found, standing=rows.lookup_standing
    )


@bp.get("/<uuid:other_id>")
@require(Permission.MERGE_USERS)
def compare(user_id: UUID, other_id: UUID) -> ResponseReturnValue:
    """Both side by side, and what may be chosen."""
    survivor, other = _two(user_id, other_id)
    return _comparison(survivor, other, MergeForm(survivor, other))


@bp.post("/<uuid:other_id>/check")
@require(Permission.MERGE_USERS)
def check(user_id: UUID, other_id: UUID) -> ResponseReturnValue:
    """What will be done, before it is."""
    survivor, other = _two(user_id, other_id)
    form = MergeForm(survivor, other)
    if not form.validate():
        return _comparison(survivor, other, form), 422
    if form.survivor.data == str(other.id):
        survivor, other = other, survivor
    return render_template(
        "support/users/merge_check.html", survivor=survivor, other=other, choice=form.choice, form=form
    )


@bp.post("/<uuid:other_id>")
@require(Permission.MERGE_USERS, fresh=True)
def merge(user_id: UUID, other_id: UUID) -> ResponseReturnValue:
    """Make them one. What was chosen is checked anew: either may have changed since the page was shown."""
    survivor, other = _two(user_id, other_id)
    form = MergeForm(survivor, other)
    if not form.validate():
        return _comparison(survivor, other, form), 422
    if form.survivor.data == str(other.id):
        survivor, other = other, survivor
    try:
        with transaction():
            merging.merge(survivor.id, other.id, form.choice, staff=me(), now=ports().clock.now())
    except (IllegalMove, NotMergeable, TrnToChoose, TrnAlreadyLinked):
        return no_longer_possible(survivor)
    flash(_("Users merged. We told both email addresses. You can undo this for 30 days."), "success")
    return redirect(url_for("support.users.show", user_id=survivor.id), 303)


@bp.get("/undo")
@require(Permission.MERGE_USERS)
def ask_to_undo(user_id: UUID) -> ResponseReturnValue:
    """Ask whether to part this user from the one it was merged into."""
    user = user_or_404(user_id)
    note_viewed(user)
    return render_template("support/users/merge_undo.html", user=user, row=_standing(user), form=ReasonForm())


@bp.post("/undo")
@require(Permission.MERGE_USERS, fresh=True)
def undo(user_id: UUID) -> ResponseReturnValue:
    """Part them: each has what it had before."""
    user, form = user_or_404(user_id), ReasonForm()
    row = _standing(user)
    note_viewed(user)
    if not form.validate():
        return render_template("support/users/merge_undo.html", user=user, row=row, form=form), 422
    try:
        with transaction():
            merging.undo(row.id, staff=me(), reason=form.words, now=ports().clock.now())
    except OwnAccount:
        abort(403)
    except (IllegalMove, EmailInUse, TrnAlreadyLinked):
        return no_longer_possible(user)
    flash(_("Merge undone. Both users are as they were, and we told both email addresses."), "success")
    return redirect(url_for("support.users.show", user_id=user.id), 303)


def _two(user_id: UUID, other_id: UUID) -> tuple[User, User]:
    """Both users, if this agent may merge them."""
    survivor, other = user_or_404(user_id), user_or_404(other_id)
    try:
        merging.check(survivor, other, me())
    except OwnAccount:
        abort(403)
    except NotMergeable:
        abort(404)
    note_viewed(survivor, other)
    return survivor, other


def _comparison(survivor: User, other: User, form: MergeForm) -> str:
    both = [rows.details_of(each, []) for each in (survivor, other)]
    beside = [[one["key"], one["value"], two["value"]] for one, two in zip(*both, strict=True)]
    return render_template("support/users/merge_compare.html", survivor=survivor, other=other, beside=beside, form=form)


def _standing(user: User) -> UserMerge:
    row = merging.standing_merge_of(user)
    if row is None or ports().clock.now() >= row.undo_until:
        abort(404)
    return row
