"""The account's page about GOV.UK One Login: what is connected, since when, and how to end that."""

from __future__ import annotations

from uuid import UUID

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.kit.persons import for_person, for_person_lately
from identity_provider.kit.session import browser_secret, current_session
from identity_provider.kit.written import written_date
from identity_provider.models import OneLoginAttempt, OneLoginIdentity, OneLoginPurpose, User
from identity_provider.services import accounts, identity_checks, one_login, one_login_facts, one_login_links
from identity_provider.services.audit import Actor
from identity_provider.services.one_login_links import AnotherAccount
from identity_provider.services.one_login_told import Told
from identity_provider.web.one_login.trips import Reason, Stopped, bp, broker, set_out


@bp.get("/account/one-login")
@for_person
def connections(person: User) -> ResponseReturnValue:
    """What is connected, and since when."""
    shown = [_shown(each) for each in one_login_links.connections_of(person)]
    return render_template(
        "one_login/connections.html",
        connections=shown,
        proves_identity=bool(broker().terms.identity_did),
        confirmed=one_login_facts.is_confirmed(person),
        contradicts=one_login_facts.contradicts(person),
    )


@bp.post("/account/one-login")
@for_person_lately
def connect(person: User) -> ResponseReturnValue:
    """Leave for One Login: to connect it, and to have name and date of birth proved where that is used.

    It opens the account from then on: a session that somebody left open is not enough for that.
    """
    return set_out(OneLoginPurpose.IDENTITY, user=person)


@bp.get("/account/one-login/confirm/<uuid:attempt_id>")
@for_person
def confirm(person: User, attempt_id: UUID) -> ResponseReturnValue:
    """Ask whether a One Login of another address than the account's is really theirs."""
    told = one_login.told_of(_waiting(person, attempt_id))
    if told is None:
        return redirect(url_for(".connections"), 303)
    back = url_for(".connections")
    return render_template("one_login/confirm.html", address=told.email, person=person, back_url=back)


@bp.post("/account/one-login/confirm/<uuid:attempt_id>")
@for_person
def confirmed(person: User, attempt_id: UUID) -> ResponseReturnValue:
    """Connect it."""
    attempt = _waiting(person, attempt_id)
    told = one_login.told_of(attempt)
    if told is not None:
        _connect(person, attempt, told)
    return redirect(url_for(".connections"), 303)


@bp.get("/account/one-login/<uuid:identity_id>/end")
@for_person_lately
def ask_to_end(person: User, identity_id: UUID) -> ResponseReturnValue:
    """Ask whether it shall really be disconnected."""
    found = next((each for each in one_login_links.connections_of(person) if each.id == identity_id), None)
    if found is None:
        abort(404)
    back = url_for(".connections")
    return render_template("one_login/end.html", connection=_shown(found), person=person, back_url=back)


@bp.post("/account/one-login/<uuid:identity_id>/end")
@for_person_lately
def end(person: User, identity_id: UUID) -> ResponseReturnValue:
    """Disconnect it; wherever it signed them in, but here, they are signed out."""
    session = current_session()
    try:
        with transaction():
            held = accounts.held(person.id)
            here = session.id if session else None
            one_login_links.end(held, identity_id, actor=Actor.of(held), but=here, now=ports().clock.now())
    except IllegalMove:
        # A second click, or another tab, was quicker.
        return redirect(url_for(".connections"), 303)
    flash(_("GOV.UK One Login no longer opens your account."), "success")
    return redirect(url_for(".connections"), 303)


def arrived(attempt: OneLoginAttempt, told: Told) -> ResponseReturnValue:
    """Somebody who was signed in comes back: connected at once where One Login has the address of their account."""
    person, session = attempt.user_id, current_session()
    if session is None or session.user is None or session.user_id != person:
        raise Stopped(Reason.OVER, attempt)
    user = session.user
    known = one_login_links.person_of(told)
    if known is not None and known.id != user.id:
        raise Stopped(Reason.ANOTHER_ACCOUNT, attempt)
    if known is None and told.email != user.email:
        with transaction():
            one_login.keep(db.session.get_one(OneLoginAttempt, attempt.id), told)
        return redirect(url_for(".confirm", attempt_id=attempt.id), 303)
    _connect(user, attempt, told)
    return redirect(url_for(".connections"), 303)


def _connect(person: User, attempt: OneLoginAttempt, told: Told) -> None:
    now = ports().clock.now()
    try:
        with transaction():
            user = accounts.held(person.id)
            one_login_links.connect(user, told, now=now)
            if told.proved is not None:
                identity_checks.take_in(one_login_facts.record(user, told.proved, now=now), user, now=now)
            one_login.settle(db.session.get_one(OneLoginAttempt, attempt.id), now=now)
    except AnotherAccount as clash:
        raise Stopped(Reason.ANOTHER_ACCOUNT, attempt) from clash
    flash(_("GOV.UK One Login is connected to your account."), "success")


def _waiting(person: User, attempt_id: UUID) -> OneLoginAttempt:
    """The trip of this person in this browser that waits for their word; 404 for any other."""
    attempt = db.session.get(OneLoginAttempt, attempt_id)
    if attempt is None or attempt.user_id != person.id or not one_login.is_of_browser(attempt, browser_secret()):
        abort(404)
    return attempt


def _shown(identity: OneLoginIdentity) -> dict[str, object]:
    return {
        "id": identity.id,
        "address": identity.email,
        "since": written_date(identity.linked_at.date()),
        "used": written_date(identity.last_used_at.date()),
    }
