"""Retention: how long everything is kept, what is due to go, and having it go now instead of within five minutes."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.access import Permission
from identity_provider.kit.app import ports
from identity_provider.services import retention
from identity_provider.services.audit import Actor
from identity_provider.services.retention import Due
from support_console.auth import me, require
from support_console.retention.words import OTHERS, TABLES

bp = Blueprint("retention", __name__, url_prefix="/retention", template_folder="templates")


@bp.get("")
@require(Permission.RUN_RETENTION)
def show() -> ResponseReturnValue:
    """Every rule, and how many rows have lived their time and are still there."""
    due = [_row(each) for each in retention.due(ports().clock.now())]
    others = [[_(each.what), _(each.until), "–"] for each in OTHERS]
    return render_template("support/retention/show.html", rows=[*due, *others])


@bp.post("")
@require(Permission.RUN_RETENTION, fresh=True)
def run() -> ResponseReturnValue:
    """Have the worker delete what is due; nobody waits for it here."""
    with transaction():
        retention.ask_for_a_round(actor=Actor.of(me()), now=ports().clock.now())
    flash(_("The worker deletes what is due now. Open this page again to see what is left."), "success")
    return redirect(url_for(".show"), 303)


def _row(due: Due) -> list[str]:
    kept = TABLES[due.table]
    return [_(kept.what), _(kept.until), f"{due.rows:,}" if due.rows < retention.COUNTED else f"{due.rows:,}+"]
