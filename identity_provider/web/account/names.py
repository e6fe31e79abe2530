"""The name that a person likes to be called; the official one is changed with evidence, elsewhere."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.kit.persons import for_person
from identity_provider.models import User
from identity_provider.services import accounts
from identity_provider.web.account.entrance import bp
from identity_provider.web.account.forms import PreferredNameForm


@bp.route("/preferred-name", methods=["GET", "POST"])
@for_person
def preferred_name(person: User) -> ResponseReturnValue:
    """One of the forms of the official name, or another one."""
    offered = {key: text for key, text in _forms_of_name(person).items() if text}
    known = person.preferred_name
    chosen = next((key for key, text in offered.items() if text == known), "other" if known else None)
    form = PreferredNameForm(data={"choice": chosen, "other": known if chosen == "other" else ""})
    form.choice.offer(offered | {"other": _("Something else")})
    if not form.validate_on_submit():
        page = render_template("account/preferred_name.html", form=form, back_url=url_for(".home"))
        return page, 422 if form.errors else 200
    name = offered.get(str(form.choice.data)) or str(form.other.data)
    with transaction():
        accounts.call(accounts.held(person.id), name, now=ports().clock.now())
    flash(_("We will call you %(name)s", name=name), "success")
    return redirect(url_for(".home"), 303)


def _forms_of_name(person: User) -> dict[str, str]:
    short = f"{person.first_name} {person.last_name}"[:200]
    return {"short": short, "full": person.name.full[:200] if person.middle_name else ""}
