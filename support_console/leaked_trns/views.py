"""Leaked TRNs: which there are, who is linked to one, and adding or removing them after seeing what that changes."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove
from identity_provider.domain.values import Trn, ValueRefused
from identity_provider.kit.app import ports
from identity_provider.services import audit, leaked_trns
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me, require
from support_console.leaked_trns import queries, rows
from support_console.leaked_trns.forms import ListForm, SearchForm
from support_console.leaked_trns.queries import Listed
from support_console.paging import page_asked

bp = Blueprint("leaked_trns", __name__, url_prefix="/leaked-trns", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_LEAKED_TRNS)
def show_all() -> ResponseReturnValue:
    """The list, the newest first, all of it or what somebody is linked to."""
    number = page_asked()
    linked_only = request.args.get("show") == "linked"
    return _list_page(queries.page_of(number, linked_only=linked_only), number=number, linked_only=linked_only)


@bp.post("")
@require(Permission.VIEW_LEAKED_TRNS)
def search_for() -> ResponseReturnValue:
    """Whether one number is on the list."""
    form = SearchForm()
    if not form.validate():
        return _list_page(queries.page_of(1, linked_only=False), search=form), 422
    try:
        trn = Trn.parse(str(form.trn.data))
    except ValueRefused as refused:
        form.trn.errors = [_(refused.reason.value)]
        return _list_page(queries.page_of(1, linked_only=False), search=form), 422
    return _list_page(queries.find(trn.digits), search=form, searched=True)


@bp.get("/change")
@require(Permission.EDIT_LEAKED_TRNS)
def change() -> ResponseReturnValue:
    """Ask for numbers."""
    return render_template("support/leaked_trns/change.html", form=ListForm())


@bp.post("/change")
@require(Permission.EDIT_LEAKED_TRNS)
def check() -> ResponseReturnValue:
    """Say what would happen; nothing does yet."""
    form = ListForm()
    if not form.validate():
        return render_template("support/leaked_trns/change.html", form=form), 422
    effect = leaked_trns.effect_of(form.told.trns)
    return render_template(
        "support/leaked_trns/check.html",
        form=form,
        effect=rows.effect(effect, adds=form.adds),
        nothing=effect.listed == (effect.numbers if form.adds else 0),
        numbers="\n".join(form.told.trns),
    )


@bp.post("/change/save")
@require(Permission.EDIT_LEAKED_TRNS)
def save() -> ResponseReturnValue:
    """Add or remove them."""
    form = ListForm()
    if not form.validate():
        return render_template("support/leaked_trns/change.html", form=form), 422
    try:
        with transaction():
            number = _apply(form)
    except IllegalMove:
        abort(409)
    flash(_("TRNs added: %(num)s.", num=number) if form.adds else _("TRNs removed: %(num)s.", num=number), "success")
    return redirect(url_for(".show_all"), 303)


def _page_address(linked_only: bool, page: int) -> str:
    return url_for(".show_all", page=page, show="linked" if linked_only else None)


def _apply(form: ListForm) -> int:
    actor, now = Actor.of(me()), ports().clock.now()
    if form.adds:
        source = str(form.source.data)
        return leaked_trns.add(form.told.trns, source=source, reason=form.words, actor=actor, now=now)
    return leaked_trns.remove(form.told.trns, reason=form.words, actor=actor, now=now)


def _list_page(
    found: list[Listed],
    *,
    number: int = 1,
    linked_only: bool = False,
    search: SearchForm | None = None,
    searched: bool = False,
) -> str:
    """The page; whose names it shows is written down."""
    with transaction():
        for each in found:
            if each.holder is not None:
                subject = Subject("user", each.holder.id)
                audit.record("leaked_trn_viewed", subject, actor=Actor.of(me()), now=ports().clock.now())
    total, linked = queries.counts()
    shown = linked if linked_only else total
    return render_template(
        "support/leaked_trns/list.html",
        search=search or SearchForm(),
        searched=searched,
        found=[rows.listed(each) for each in found],
        total=total,
        linked=linked,
        linked_only=linked_only,
        page=number,
        pages=1 if searched else max(1, -(-shown // queries.PER_PAGE)),
        page_address=partial(_page_address, linked_only),
        may_edit=Permission.EDIT_LEAKED_TRNS in me().permissions,
    )
