"""The link that the old contact got: opening it changes nothing, a button takes the change back.

Nobody has to be signed in, and who is counts for nothing: a thief may be (attack 32 for the link's scanners).
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.errors import IdentityError, IllegalMove
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports, settings
from identity_provider.kit.links import LinkExpired, LinkInvalid, read_link
from identity_provider.models import ContactChange
from identity_provider.services import contact_undo, measures

# Not of the account's own blueprint: a thief is thrown out also while the account's pages are switched off.
bp = Blueprint("put_back", __name__, url_prefix="/account/put-back", template_folder="templates")


class LinkOver(IdentityError):
    """The change was taken back already, or its time is over, or the link is not ours."""


@bp.get("/<token>")
@open_to(Audience.ANYONE)
def show(token: str) -> ResponseReturnValue:
    """Say what was changed, and what the button does."""
    change = _usable(token)
    return render_template("account/put_back.html", change=change, support=settings().support_email)


@bp.post("/<token>")
@open_to(Audience.ANYONE)
def do_put_back(token: str) -> ResponseReturnValue:
    """Take it back, once."""
    change = _usable(token)
    try:
        with transaction():
            done = contact_undo.put_back(change.id, now=ports().clock.now())
    except IllegalMove as late:
        raise LinkOver from late
    return render_template("account/was_put_back.html", change=change, done=done, support=settings().support_email)


@bp.errorhandler(LinkOver)
def link_over(_: LinkOver) -> ResponseReturnValue:
    """Words, and whom to ask."""
    sign_in = url_for("account.sign_in")
    return render_template("account/link_over.html", support=settings().support_email, sign_in_url=sign_in), 410


def _usable(token: str) -> ContactChange:
    now = ports().clock.now()
    try:
        change_id = UUID(read_link(contact_undo.PURPOSE, token, now=now)[contact_undo.CHANGE_ID])
    except (LinkInvalid, LinkExpired) as refused:
        measures.refused("put_back_link")
        raise LinkOver from refused
    change = contact_undo.usable(change_id, now=now)
    if change is None:
        raise LinkOver
    return change
