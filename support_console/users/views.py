"""Users: find one, see everything that is held, end a link with a reason."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit import change_words
from identity_provider.kit.app import ports
from identity_provider.models import Award, User
from identity_provider.services import (
    accounts,
    audit,
    award_codes,
    awards,
    case_work,
    change_requests,
    identities,
    merging,
    support_tickets,
)
from identity_provider.services.audit import Actor, Subject
from support_console import identity_checks, people
from support_console.auth import me, require
from support_console.labels import label_of
from support_console.users import rows
from support_console.users.forms import ReasonForm, SearchForm
from support_console.users.page import another_user_or_refusal, no_longer_possible, user_or_404
from support_console.users.queries import dossier_of

bp = Blueprint("users", __name__, url_prefix="/users", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_USERS)
def search() -> ResponseReturnValue:
    """Ask whom they are looking for."""
    return render_template("support/users/search.html", search=SearchForm(), users=None)


@bp.post("")
@require(Permission.VIEW_USERS)
def search_for() -> ResponseReturnValue:
    """Who it may be."""
    form = SearchForm()
    if not form.validate():
        return render_template("support/users/search.html", search=form, form=form, users=None), 422
    with transaction():
        users = people.find(str(form.q.data))
        shown = {"users": [str(each.id) for each in users]}
        audit.record(
            "users_searched", Subject("user", "list"), actor=Actor.of(me()), now=ports().clock.now(), change=({}, shown)
        )
    return render_template(
        "support/users/search.html", search=form, users=users, most=people.MOST_SHOWN, standing=rows.lookup_standing
    )


@bp.get("/<uuid:user_id>")
@require(Permission.VIEW_USERS)
def show(user_id: UUID) -> ResponseReturnValue:
    """Everything about one person. That somebody looked is written down."""
    with transaction():
        user = user_or_404(user_id)
        dossier = dossier_of(user)
        audit.record("user_viewed", Subject("user", user.id), actor=Actor.of(me()), now=ports().clock.now())
    return render_template(
        "support/users/user.html",
        user=user,
        dossier=dossier,
        details=rows.details_of(user, dossier.merged),
        stated=rows.stated_by(user),
        links=[rows.link(each) for each in dossier.links],
        lookups=[rows.lookup(each) for each in dossier.lookups],
        sessions=[rows.session(each) for each in dossier.sessions],
        awards=[_award_row(each) for each in awards.held_by(user)],
        checks=identity_checks.rows_of(user),
        check_head=identity_checks.head(),
        changes=change_requests.sent_by(user),
        words=change_words,
        label_of=label_of,
        own=identities.is_own(user, me()),
        may_open_case=case_work.may_open_case(user),
        merge=merging.standing_merge_of(user),
        now=ports().clock.now(),
    )


def _award_row(award: Award) -> list[str]:
    now = ports().clock.now()
    in_use = sum(each.is_usable(now) for each in award_codes.codes_of(award))
    return rows.award(award, in_use, len(award_codes.looks_at(award)))


@bp.get("/<uuid:user_id>/detach")
@require(Permission.ATTACH_TRN)
def detach(user_id: UUID) -> ResponseReturnValue:
    """Ask whether to end the link of this person."""
    return render_template("support/users/detach.html", user=_linked(user_id), form=ReasonForm())


@bp.post("/<uuid:user_id>/detach")
@require(Permission.ATTACH_TRN)
def end_link(user_id: UUID) -> ResponseReturnValue:
    """End it; a case is opened, so that the person is not forgotten."""
    form, user = ReasonForm(), _linked(user_id)
    if not form.validate():
        return render_template("support/users/detach.html", user=user, form=form), 422
    try:
        with transaction():
            case = case_work.detach(user, staff=me(), reason=str(form.reason.data), now=ports().clock.now())
    except IllegalMove:
        return no_longer_possible(user)
    flash(_("TRN detached, and a case opened. We will email the user."), "success")
    return redirect(url_for("support.cases.show", case_id=case.id), 303)


@bp.get("/<uuid:user_id>/case")
@require(Permission.WORK_CASES)
def case(user_id: UUID) -> ResponseReturnValue:
    """Ask whether the helpdesk shall look for the record of this person."""
    user = another_user_or_refusal(user_id)
    return _why_no_case(user) or render_template("support/users/open_case.html", user=user, form=ReasonForm())


@bp.post("/<uuid:user_id>/case")
@require(Permission.WORK_CASES)
def open_case(user_id: UUID) -> ResponseReturnValue:
    """Open it: from now on nobody takes them for a person without a record until a colleague has looked."""
    form, user = ReasonForm(), another_user_or_refusal(user_id)
    if not form.validate():
        return render_template("support/users/open_case.html", user=user, form=form), 422
    try:
        with transaction():
            opened = case_work.open_case(accounts.held(user_id), staff=me(), reason=form.words, now=ports().clock.now())
    except IllegalMove:
        return _why_no_case(user) or no_longer_possible(user)
    flash(_("Case opened. We will email the user."), "success")
    return redirect(url_for("support.cases.show", case_id=opened.id), 303)


def _why_no_case(user: User) -> ResponseReturnValue | None:
    """What stands in the way of a case of this person's: the one that they have, or what else their page shows."""
    there = support_tickets.open_case_of(user)
    if there is not None:
        flash(_("This person has an open case already: this one. No other was opened."))
        return redirect(url_for("support.cases.show", case_id=there.id), 303)
    return None if case_work.may_open_case(user) else no_longer_possible(user)


def _linked(user_id: UUID) -> User:
    """The user, if there is a link that this agent may end: not their own (attack 33)."""
    user = another_user_or_refusal(user_id)
    if user.trn is None:
        abort(404)
    return user
