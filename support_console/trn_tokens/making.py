"""Making a TRN token by hand: the address and the TRN are checked against the register before it is made."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.domain.errors import RegisterUnavailable
from identity_provider.domain.features import Feature
from identity_provider.domain.values import Trn
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import accounts, audit, features, leaked_trns, trn_links, trn_tokens
from identity_provider.services.audit import Actor, Subject
from matching.records import RecordStatus, TeachingRecord
from support_console.auth import me, require
from support_console.trn_tokens import rows
from support_console.trn_tokens.forms import NewTokenForm

bp = Blueprint("trn_tokens_made", __name__, url_prefix="/trn-tokens/new", template_folder="templates")


@bp.get("")
@require(Permission.ISSUE_TRN_TOKENS)
def new() -> ResponseReturnValue:
    """Ask for an address and a TRN."""
    return _form_page(NewTokenForm())


@bp.post("/check")
@require(Permission.ISSUE_TRN_TOKENS)
def check() -> ResponseReturnValue:
    """Show the record and the account that the token would bring together; nothing is made yet."""
    form = NewTokenForm()
    record = _record_for(form)
    if record is None:
        return _form_page(form), 422
    user = accounts.by_address(str(form.email.data))
    with transaction():
        subject, actor = Subject("record", record.trn), Actor.of(me())
        audit.record("record_viewed", subject, actor=actor, now=ports().clock.now(), reason="TRN token")
    return render_template(
        "support/trn_tokens/check.html",
        form=form,
        details=rows.checked(record, str(form.email.data), user),
        leaked=leaked_trns.is_listed(record.trn),
        alert=record.has_open_alert,
    )


@bp.post("")
@require(Permission.ISSUE_TRN_TOKENS, fresh=True)
def make() -> ResponseReturnValue:
    """Make it; it is shown on the page that follows, and never again."""
    form = NewTokenForm()
    if _record_for(form) is None:
        return _form_page(form), 422
    with transaction():
        row, token = trn_tokens.make(
            form.parsed_trn,
            str(form.email.data),
            actor=Actor.of(me()),
            now=ports().clock.now(),
            reason=form.words,
        )
    return render_template("support/trn_tokens/made.html", row=row, token=token)


def _record_for(form: NewTokenForm) -> TeachingRecord | None:
    """The record of the TRN, if a token for it makes sense; what is wrong is said beside the fields otherwise."""
    if not features.is_on(Feature.TRN_TOKENS):
        form.form_errors.append(str(_("TRN tokens are switched off.")))
        return None
    if not form.validate():
        return None
    trn, user = form.parsed_trn, accounts.by_address(str(form.email.data))
    refused = _refused_by_accounts(trn, user)
    if refused:
        form.trn.errors = [refused]
        return None
    try:
        with transaction():
            pass  # no connection of ours is held open while the register is asked
        found = ports().register.find_by_identifiers(trn.digits, "")
    except RegisterUnavailable:
        form.form_errors.append(str(_("The register of teachers did not answer. Try again in a minute.")))
        return None
    record = next((each for each in found if each.trn == trn.digits), None)
    if record is None or record.status is not RecordStatus.ACTIVE:
        form.trn.errors = [str(_("The register has no open record with this TRN"))]
        return None
    return record


def _refused_by_accounts(trn: Trn, user: User | None) -> str:
    holder = trn_links.holder_of(trn.digits)
    if holder is not None and holder.id != (user.id if user else None):
        return str(_("Another user is linked to this TRN"))
    if user is not None and user.trn == trn.digits:
        return str(_("The user with this email address is linked to this TRN already"))
    if user is not None and user.trn is not None:
        return str(_("The user with this email address is linked to another TRN"))
    return ""


def _form_page(form: NewTokenForm) -> str:
    return render_template("support/trn_tokens/new.html", form=form)
