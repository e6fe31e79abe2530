"""A person's passkeys: what there is, a new one, another name, and removal."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.kit.passkeys import answer_sent, as_options, this_place
from identity_provider.kit.persons import for_person, for_person_lately
from identity_provider.kit.written import written_date
from identity_provider.models import Passkey, User
from identity_provider.services import accounts, passkeys
from identity_provider.services.passkeys import TooManyPasskeys
from identity_provider.web.passkeys.entrance import bp, count_try
from identity_provider.web.passkeys.forms import NewPasskeyForm, RenameForm

__all__ = ["bp"]


@bp.get("/passkeys")
@for_person
def show_all(person: User) -> ResponseReturnValue:
    """What there is, oldest first."""
    held = passkeys.of(person)
    full = len(held) >= passkeys.MOST
    return render_template("passkeys/list.html", passkeys=[_shown(each) for each in held], full=full)


@bp.get("/passkeys/new")
@for_person_lately
def new(person: User) -> ResponseReturnValue:
    """Ask what to call it; the page's script does the rest."""
    if len(passkeys.of(person)) >= passkeys.MOST:
        return redirect(url_for(".show_all"), 303)
    return render_template("passkeys/new.html", form=NewPasskeyForm(), back_url=url_for(".show_all"))


@bp.post("/passkeys/new/options")
@for_person_lately
def options_to_add(person: User) -> ResponseReturnValue:
    """What the browser is to ask the device for."""
    count_try()
    try:
        with transaction():
            options = passkeys.options_to_add(person, this_place(), now=ports().clock.now())
    except TooManyPasskeys:
        return Response(status=409)
    return as_options(options)


@bp.post("/passkeys/new")
@for_person_lately
def add(person: User) -> ResponseReturnValue:
    """Keep what the device made."""
    count_try()
    form = NewPasskeyForm()
    if form.validate():
        with transaction():
            name = str(form.name.data) or _("Passkey")
            made = passkeys.add(
                accounts.held(person.id), answer_sent(), this_place(), name=name, now=ports().clock.now()
            )
        if made is not None:
            flash(_("You have a new passkey. You can use it the next time you sign in."), "success")
            return redirect(url_for(".show_all"), 303)
        form.form_errors.append(_("That passkey could not be added. You can try again"))
    return render_template("passkeys/new.html", form=form, back_url=url_for(".show_all")), 422


@bp.route("/passkeys/<uuid:passkey_id>/rename", methods=["GET", "POST"])
@for_person
def rename(person: User, passkey_id: UUID) -> ResponseReturnValue:
    """Call it something else."""
    passkey = _theirs_or_404(person, passkey_id)
    form = RenameForm(data={"name": passkey.name})
    if not form.validate_on_submit():
        page = render_template("passkeys/rename.html", form=form, back_url=url_for(".show_all"))
        return page, 422 if form.errors else 200
    with transaction():
        passkeys.rename(passkey, str(form.name.data), now=ports().clock.now())
    return redirect(url_for(".show_all"), 303)


@bp.route("/passkeys/<uuid:passkey_id>/remove", methods=["GET", "POST"])
@for_person_lately
def remove(person: User, passkey_id: UUID) -> ResponseReturnValue:
    """Ask, and then remove it."""
    passkey = _theirs_or_404(person, passkey_id)
    if request.method != "POST":
        return render_template("passkeys/remove.html", passkey=_shown(passkey), back_url=url_for(".show_all"))
    with transaction():
        passkeys.remove(passkey, now=ports().clock.now())
    flash(_("You removed the passkey. You may also want to delete it on your device."), "success")
    return redirect(url_for(".show_all"), 303)


def _theirs_or_404(person: User, passkey_id: UUID) -> Passkey:
    found = next((each for each in passkeys.of(person) if each.id == passkey_id), None)
    if found is None:
        abort(404)
    return found


def _shown(passkey: Passkey) -> dict[str, object]:
    return {
        "id": passkey.id,
        "name": passkey.name,
        "created": written_date(passkey.created_at.date()),
        "used": written_date(passkey.last_used_at.date()) if passkey.last_used_at else None,
        "synchronised": passkey.synchronised,
    }
