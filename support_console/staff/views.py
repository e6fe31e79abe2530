"""Staff: who may enter the console, and what they may do there. Administrators only, and never about themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import Select, select

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import EmailInUse
from identity_provider.kit.app import ports
from identity_provider.models import StaffUser
from identity_provider.services import passkeys, staff_enrolment, staff_sessions
from identity_provider.services import staff as staff_service
from identity_provider.services.audit import Actor
from support_console.auth import me, require
from support_console.labels import roles_of, way_in
from support_console.staff.forms import NewStaffForm, RolesForm

bp = Blueprint("staff", __name__, url_prefix="/staff", template_folder="templates")

ACTIONS: dict[str, Callable[..., None]] = {
    "disable": staff_service.disable,
    "enable": staff_service.enable,
    "reset-authenticator": staff_service.reset_totp,
    "enrolment-code": lambda person, *, actor, now: None,  # noqa: ARG005  # the code itself is made below
    "end-sessions": lambda person, *, actor, now: staff_sessions.end_all_but(person, None, actor=actor, now=now),
}
"""What a button on a person's page does."""

_GIVES_CODE = frozenset({"enable", "reset-authenticator", "enrolment-code"})
"""After which somebody sets up an app anew, and needs a code for that."""


@bp.get("")
@require(Permission.EDIT_STAFF)
def show_all() -> ResponseReturnValue:
    """Everybody, by address."""
    everybody = db.session.scalars(_by_address()).all()
    return render_template("support/staff/list.html", everybody=everybody, roles_of=roles_of)


@bp.get("/new")
@require(Permission.EDIT_STAFF)
def new() -> ResponseReturnValue:
    """Ask who is to be let in."""
    return render_template("support/staff/new.html", form=NewStaffForm())


@bp.post("/new")
@require(Permission.EDIT_STAFF, fresh=True)
def add() -> ResponseReturnValue:
    """Let somebody in; they enrol an authenticator app at their first sign-in."""
    form = NewStaffForm()
    if not form.validate():
        return render_template("support/staff/new.html", form=form), 422
    try:
        with transaction():
            added = staff_service.add(
                str(form.email.data), form.chosen, name=str(form.name.data), actor=Actor.of(me()), now=_now()
            )
            code = staff_enrolment.give_code(added, actor=Actor.of(me()), now=_now())
    except EmailInUse:
        form.email.errors = [_("Somebody with this address is a member of staff already")]
        return render_template("support/staff/new.html", form=form), 422
    return render_template("support/staff/enrolment.html", person=added, code=code)


@bp.get("/<uuid:staff_id>")
@require(Permission.EDIT_STAFF)
def show(staff_id: UUID) -> ResponseReturnValue:
    """One member of staff."""
    person = _person_or_404(staff_id)
    return _page(person, RolesForm(roles=person.roles))


@bp.post("/<uuid:staff_id>/roles")
@require(Permission.EDIT_STAFF, fresh=True)
def change_roles(staff_id: UUID) -> ResponseReturnValue:
    """Give other roles; they count from the next click."""
    person, form = _person_or_404(staff_id), RolesForm()
    if not form.validate():
        return _page(person, form), 422
    with transaction():
        staff_service.change_roles(person, form.chosen, actor=Actor.of(me()), now=_now())
    return redirect(url_for(".show", staff_id=staff_id), 303)


@bp.post("/<uuid:staff_id>/<any('disable', 'enable', 'reset-authenticator', 'enrolment-code', 'end-sessions'):action>")
@require(Permission.EDIT_STAFF, fresh=True)
def act(staff_id: UUID, action: str) -> ResponseReturnValue:
    """Shut somebody out or let them in again, have them enrol a new device, or end their sessions."""
    person, actor = _person_or_404(staff_id), Actor.of(me())
    code = None
    with transaction():
        ACTIONS[action](person, actor=actor, now=_now())
        if action in _GIVES_CODE and person.totp_confirmed_at is None:
            code = staff_enrolment.give_code(person, actor=actor, now=_now())
    if code is not None:
        return render_template("support/staff/enrolment.html", person=person, code=code)
    return redirect(url_for(".show", staff_id=staff_id), 303)


@bp.post("/<uuid:staff_id>/sessions/<uuid:session_id>/end")
@require(Permission.EDIT_STAFF)
def end_session(staff_id: UUID, session_id: UUID) -> ResponseReturnValue:
    """Sign somebody out in one browser."""
    with transaction():
        staff_sessions.end(_person_or_404(staff_id), session_id, actor=Actor.of(me()), now=_now())
    return redirect(url_for(".show", staff_id=staff_id), 303)


@bp.errorhandler(staff_service.OwnAccount)
def own_account(_error: staff_service.OwnAccount) -> ResponseReturnValue:
    """Another administrator has to do it."""
    return render_template("support/forbidden.html"), 403


def _page(person: StaffUser, form: RolesForm) -> str:
    return render_template(
        "support/staff/person.html",
        person=person,
        form=form,
        own=person.id == me().id,
        roles_of=roles_of,
        way_in=way_in,
        passkeys=len(passkeys.of(person)),
        sessions=staff_sessions.live_of(person, now=_now()),
    )


def _person_or_404(staff_id: UUID) -> StaffUser:
    person = db.session.get(StaffUser, staff_id)
    if person is None:
        abort(404)
    return person


def _by_address() -> Select[StaffUser]:
    return select(StaffUser).order_by(StaffUser.email)


def _now() -> datetime:
    return ports().clock.now()
