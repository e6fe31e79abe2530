"""What the pages about one user have in common."""

from __future__ import annotations

from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.kit.app import ports
from identity_provider.models import User
from identity_provider.services import audit, identities
from identity_provider.services.audit import Actor, Subject
from support_console.auth import me


def user_or_404(user_id: UUID) -> User:
    """The user of an address."""
    user = db.session.get(User, user_id)
    if user is None:
        abort(404, _("No such user"))
    return user


def another_user_or_refusal(user_id: UUID) -> User:
    """The user, if this agent may change them: nobody changes what is their own (attack 33)."""
    user = user_or_404(user_id)
    if identities.is_own(user, me()):
        with transaction():
            audit.record("own_link_refused", Subject("user", user.id), actor=Actor.of(me()), now=ports().clock.now())
        abort(403)
    note_viewed(user)
    return user


def note_viewed(*users: User) -> None:
    """Write down that this agent sees these people: every page about somebody says who it is."""
    with transaction():
        for each in users:
            audit.record("user_viewed", Subject("user", each.id), actor=Actor.of(me()), now=ports().clock.now())


def no_longer_possible(user: User) -> ResponseReturnValue:
    """The person changed since the page was shown; nothing was done."""
    return render_template("support/users/changed.html", user=user), 409
