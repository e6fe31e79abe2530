"""One's own ways in: what is signed in where, passkeys, and proving who one is before something dangerous."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports
from identity_provider.kit.passkeys import answer_sent, as_options, this_place
from identity_provider.kit.requests import visitor
from identity_provider.kit.session import current_staff_session
from identity_provider.models import BrowserSession, Passkey
from identity_provider.services import passkeys, staff_sessions
from identity_provider.services.audit import Actor
from identity_provider.services.passkeys import Purpose, TooManyPasskeys
from support_console import step_up as proof
from support_console.auth import HOME, local_path, me, require
from support_console.labels import way_in
from support_console.me.forms import NewPasskeyForm

bp = Blueprint("me", __name__, template_folder="templates")


@bp.get("/me")
@require(Permission.OWN_SIGN_IN)
def show() -> ResponseReturnValue:
    """Everything with which one gets in, and where one is in at the moment."""
    return render_template(
        "support/me/show.html",
        sessions=staff_sessions.live_of(me(), now=_now()),
        here=_here().id,
        way_in=way_in,
        passkeys=passkeys.of(me()),
        full=len(passkeys.of(me())) >= passkeys.MOST,
    )


@bp.post("/me/sessions/<uuid:session_id>/end")
@require(Permission.OWN_SIGN_IN)
def end_session(session_id: UUID) -> ResponseReturnValue:
    """Sign out elsewhere."""
    with transaction():
        staff_sessions.end(me(), session_id, actor=Actor.of(me()), now=_now())
    return redirect(url_for(".show"), 303)


@bp.post("/me/sessions/end-others")
@require(Permission.OWN_SIGN_IN)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere else."""
    with transaction():
        staff_sessions.end_all_but(me(), _here().id, actor=Actor.of(me()), now=_now())
    flash(_("You are signed out everywhere else"), "success")
    return redirect(url_for(".show"), 303)


@bp.get("/me/passkeys/new")
@require(Permission.OWN_SIGN_IN, fresh=True)
def new_passkey() -> ResponseReturnValue:
    """Ask what to call it; the page's script does the rest."""
    return render_template("support/me/new_passkey.html", form=NewPasskeyForm())


@bp.post("/me/passkeys/new/options")
@require(Permission.OWN_SIGN_IN, fresh=True)
def options_to_add() -> ResponseReturnValue:
    """What the browser is to ask the device for."""
    _count()
    try:
        with transaction():
            options = passkeys.options_to_add(me(), this_place(), now=_now())
    except TooManyPasskeys:
        return Response(status=409)
    return as_options(options)


@bp.post("/me/passkeys/new")
@require(Permission.OWN_SIGN_IN, fresh=True)
def add_passkey() -> ResponseReturnValue:
    """Keep what the device made."""
    _count()
    form = NewPasskeyForm()
    if form.validate():
        with transaction():
            made = passkeys.add(me(), answer_sent(), this_place(), name=str(form.name.data), now=_now())
        if made is not None:
            flash(_("You can sign in with this passkey from now on"), "success")
            return redirect(url_for(".show"), 303)
        form.form_errors.append(_("That passkey could not be added. You can try again"))
    return render_template("support/me/new_passkey.html", form=form), 422


@bp.post("/me/passkeys/<uuid:passkey_id>/remove")
@require(Permission.OWN_SIGN_IN, fresh=True)
def remove_passkey(passkey_id: UUID) -> ResponseReturnValue:
    """It opens nothing any more."""
    with transaction():
        passkeys.remove(_own_or_404(passkey_id), now=_now())
    flash(_("Passkey removed"), "success")
    return redirect(url_for(".show"), 303)


@bp.get("/step-up")
@require(Permission.OWN_SIGN_IN)
def step_up() -> ResponseReturnValue:
    """Ask for a proof, before a page that is dangerous."""
    return proof.page(proof.StepUpForm(), action=url_for(".check_step_up", next=_way_on()))


@bp.post("/step-up")
@require(Permission.OWN_SIGN_IN)
def check_step_up() -> ResponseReturnValue:
    """The proof, and on to the page."""
    refused = proof.answer(_here(), action=url_for(".check_step_up", next=_way_on()))
    return redirect(_way_on(), 303) if refused is None else refused


@bp.post("/step-up/options")
@require(Permission.OWN_SIGN_IN)
def step_up_options() -> ResponseReturnValue:
    """What the browser is to ask the device for: one of this person's passkeys."""
    _count()
    with transaction():
        options = passkeys.options_to_show(Purpose.STAFF_SHOW, this_place(), now=_now(), known=me())
    return as_options(options)


def _own_or_404(passkey_id: UUID) -> Passkey:
    found = next((each for each in passkeys.of(me()) if each.id == passkey_id), None)
    if found is None:
        abort(404)
    return found


def _here() -> BrowserSession:
    session = current_staff_session()
    if session is None:
        abort(403)
    return session


def _way_on() -> str:
    return local_path(request.args.get("next", HOME))


def _count() -> None:
    with transaction():
        passkeys.count_try(visitor(), now=_now())


def _now() -> datetime:
    return ports().clock.now()
