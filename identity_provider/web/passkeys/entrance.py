"""Signing in to one's account with a passkey, and proving once more who one is before something is changed there."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.authentication import BY_PASSKEY
from identity_provider.domain.errors import RateLimited
from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.passkeys import answer_sent, as_options, this_place
from identity_provider.kit.persons import ACCOUNT, account_path, for_person, refuse_while_off
from identity_provider.kit.requests import visitor
from identity_provider.models import User
from identity_provider.services import audit, passkeys
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.passkeys import Purpose

bp = Blueprint("passkeys", __name__, url_prefix="/account", template_folder="templates")
bp.before_request(refuse_while_off)


@bp.post("/sign-in/passkey/options")
@open_to(Audience.ANYONE)
def options_to_sign_in() -> Response:
    """What the browser is to ask the device for: any passkey for this site, whoever it is of."""
    count_try()
    with transaction():
        options = passkeys.options_to_show(Purpose.PERSON_SHOWS, this_place(), now=ports().clock.now())
    return as_options(options)


@bp.post("/sign-in/passkey")
@open_to(Audience.ANYONE)
def sign_in() -> ResponseReturnValue:
    """Let in whoever holds a passkey of a live account; everything else looks alike."""
    count_try()
    with transaction():
        person = _person_shown()
        if person is not None:
            _let_in(person)
    if person is None:
        flash(_("We could not sign you in with that passkey. Try again, or use your email address"))
    # Whoever is signed in by now is led from there to the first page of the account.
    return redirect(url_for("account.sign_in", next=_way_on()), 303)


@bp.post("/prove-again/passkey")
@for_person
def prove_again(person: User) -> ResponseReturnValue:
    """The person's own passkey; another one proves nothing here."""
    count_try()
    with transaction():
        shown = _person_shown()
        if shown is not None and shown.id == person.id:
            session.sign_in(shown, amr=list(BY_PASSKEY))
    if shown is None or shown.id != person.id:
        flash(_("That passkey did not work. Try again, or use a code by email"))
        return redirect(url_for("account.prove_again", next=_way_on()), 303)
    return redirect(_way_on(), 303)


@bp.errorhandler(RateLimited)
def too_often(limited: RateLimited) -> ResponseReturnValue:
    """When to come back, in words and for software."""
    seconds = max(1, int(limited.retry_after.total_seconds()))
    response = make_response(render_template("passkeys/too_often.html", minutes=-(-seconds // 60)), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def count_try() -> None:
    """Count one challenge or answer of this visitor. Raises RateLimited."""
    with transaction():
        passkeys.count_try(visitor(), now=ports().clock.now())


def _person_shown() -> User | None:
    """Whose passkey was shown, if they may come in."""
    shown = passkeys.shown(answer_sent(), Purpose.PERSON_SHOWS, this_place(), now=ports().clock.now())
    person = passkeys.person_of(shown) if shown is not None else None
    return person if person is not None and person.is_live else None


def _let_in(person: User) -> None:
    now = ports().clock.now()
    session.sign_in(person, amr=list(BY_PASSKEY))
    audit.record("signed_in", Subject("user", person.id), actor=Actor.of(person), now=now, reason="own account")


def _way_on() -> str:
    return account_path(request.values.get("next", ACCOUNT))
