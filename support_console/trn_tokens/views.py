"""TRN tokens: which there are, what became of them, making one by hand, and ending one."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import TrnToken
from identity_provider.services import audit, trn_tokens
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me, require
from support_console.paging import page_asked
from support_console.people import trn_in
from support_console.trn_tokens import queries, rows
from support_console.trn_tokens.forms import ReasonForm, SearchForm
from support_console.trn_tokens.queries import State

bp = Blueprint("trn_tokens", __name__, url_prefix="/trn-tokens", template_folder="templates")


@bp.get("")
@require(Permission.VIEW_TRN_TOKENS)
def show_all() -> ResponseReturnValue:
    """The tokens, the newest first; all of them, or those that stand somewhere."""
    asked, number = request.args.get("state", ""), page_asked()
    state = State(asked) if asked in set(State) else None
    return _list_page(queries.page_of(state, number, ports().clock.now()), state=state, number=number)


@bp.post("")
@require(Permission.VIEW_TRN_TOKENS)
def search_for() -> ResponseReturnValue:
    """The tokens of one address, or of one TRN."""
    form = SearchForm()
    if not form.validate():
        return _list_page([], search=form), 422
    text = str(form.q.data)
    found = queries.find(email=text.lower()) if "@" in text else queries.find(trn=trn_in(text) or text)
    return _list_page(found, search=form, searched=True)


@bp.get("/<uuid:token_id>")
@require(Permission.VIEW_TRN_TOKENS)
def show(token_id: UUID) -> ResponseReturnValue:
    """One token. That somebody looked is written down."""
    token = _token_or_404(token_id)
    with transaction():
        subject = Subject("trn_token", token.id)
        audit.record("trn_token_viewed", subject, actor=Actor.of(me()), now=ports().clock.now())
    return _token_page(token, ReasonForm())


@bp.post("/<uuid:token_id>/revoke")
@require(Permission.ISSUE_TRN_TOKENS)
def revoke(token_id: UUID) -> ResponseReturnValue:
    """End a token that nobody has used."""
    token, form = _token_or_404(token_id), ReasonForm()
    if not form.validate():
        return _token_page(token, form), 422
    try:
        with transaction():
            trn_tokens.revoke(token, reason=form.words, actor=Actor.of(me()), now=ports().clock.now())
    except IllegalMove:
        flash(_("The token has been used or ended since you opened the page."))
    else:
        flash(_("Token revoked."), "success")
    return redirect(url_for(".show", token_id=token_id), 303)


def _token_page(token: TrnToken, form: ReasonForm) -> str:
    now = ports().clock.now()
    return render_template(
        "support/trn_tokens/token.html",
        token=token,
        details=rows.details_of(token, now),
        leaked=token.is_good(now) and trn_tokens.is_of_leaked(token),
        may_revoke=token.is_good(now) and Permission.ISSUE_TRN_TOKENS in me().permissions,
        form=form,
    )


def _list_page(
    found: list[TrnToken],
    *,
    state: State | None = None,
    number: int = 1,
    search: SearchForm | None = None,
    searched: bool = False,
) -> str:
    now = ports().clock.now()
    if found:
        with transaction():
            audit.record("trn_tokens_listed", Subject("trn_token", "list"), actor=Actor.of(me()), now=now)
    return render_template(
        "support/trn_tokens/list.html",
        search=search or SearchForm(),
        searched=searched,
        found=[rows.listed(each, now) for each in found],
        state=state,
        states={each: rows.in_words(each) for each in State},
        page=number,
        pages=1 if searched else max(1, -(-queries.number_of(state, now) // queries.PER_PAGE)),
        page_address=partial(_page_address, state),
        may_issue=Permission.ISSUE_TRN_TOKENS in me().permissions,
    )


def _page_address(state: State | None, page: int) -> str:
    return url_for(".show_all", page=page, state=state.value if state else None)


def _token_or_404(token_id: UUID) -> TrnToken:
    return db.session.get(TrnToken, token_id) or abort(404)
