"""Features: what is on, and switching it, for everybody or for one service, with a reason."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.features import FEATURES, Feature
from identity_provider.kit.app import ports
from identity_provider.models import Client
from identity_provider.services import clients, features
from identity_provider.services.audit import Actor
from support_console.auth import me, require
from support_console.features import rows
from support_console.features.forms import SwitchForm
from support_console.features.words import WORDS

bp = Blueprint("features", __name__, url_prefix="/features", template_folder="templates")


@bp.get("")
@require(Permission.SWITCH_FEATURES)
def show_all() -> ResponseReturnValue:
    """Every feature that can be switched, and how it stands."""
    return render_template("support/features/list.html", listed=[rows.listed(each) for each in Feature])


@bp.get("/<feature>")
@require(Permission.SWITCH_FEATURES)
def show(feature: str) -> ResponseReturnValue:
    """One feature: how it stands in general, which services have a switch of their own, and the form."""
    shown = _feature_or_404(feature)
    return _page(shown, SwitchForm().about(FEATURES[shown], _services()))


@bp.post("/<feature>")
@require(Permission.SWITCH_FEATURES, fresh=True)
def switch(feature: str) -> ResponseReturnValue:
    """Switch it; every process hears of it at once."""
    switched = _feature_or_404(feature)
    form = SwitchForm().about(FEATURES[switched], _services())
    if not form.validate():
        return _page(switched, form), 422
    client = clients.find(str(form.client_id.data or ""))
    try:
        with transaction():
            _switch(switched, client, form)
    except IllegalMove:
        abort(409)
    flash(_("Saved. It counts at once."), "success")
    return redirect(url_for(".show", feature=switched.value), 303)


def _switch(feature: Feature, client: Client | None, form: SwitchForm) -> None:
    actor, now = Actor.of(me()), ports().clock.now()
    if form.follows and client is not None:
        features.follow_general(feature, client, reason=form.words, actor=actor, now=now)
    else:
        features.switch(feature, on=form.on, reason=form.words, actor=actor, now=now, client=client)


def _page(feature: Feature, form: SwitchForm) -> str:
    names = _services()
    own = [each for each in features.switched(feature) if each.client_id]
    return render_template(
        "support/features/feature.html",
        feature=feature,
        about=FEATURES[feature],
        off_means=_(WORDS[feature].off_means),
        name=rows.name_in_words(feature),
        details=rows.details_of(feature),
        own=[rows.own_switch(each, names.get(each.client_id, each.client_id)) for each in own],
        form=form,
    )


def _services() -> dict[str, str]:
    every = db.session.scalars(select(Client).order_by(Client.name, Client.id))
    return {each.id: f"{each.name} ({each.id})" for each in every}


def _feature_or_404(name: str) -> Feature:
    return Feature(name) if name in set(Feature) else abort(404)
