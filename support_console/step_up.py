"""Proving once more who one is, before something dangerous: a code of the authenticator app, or a passkey.

A form that was sent too late is not lost: the page that asks carries all that it said, and it is answered as soon as
the proof is right.
"""

from __future__ import annotations

from flask import current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from identity_provider.db import transaction
from identity_provider.domain.authentication import BY_PASSKEY
from identity_provider.domain.errors import CodeRefused
from identity_provider.kit import csrf, passkeys
from identity_provider.kit import session as browser
from identity_provider.kit.app import ports
from identity_provider.kit.fields import Answered, CleanString
from identity_provider.kit.forms import Form
from identity_provider.kit.requests import visitor
from identity_provider.models import BrowserSession, StaffUser
from identity_provider.services import audit, browser_sessions, rate_limits, staff
from identity_provider.services import passkeys as passkey_service
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.passkeys import Purpose

MARK = "step_up"
"""The field that says that a form is the answer to the page of this module."""

CODE = "step_up_code"
_OURS = frozenset({csrf.FIELD, passkeys.ANSWER, MARK, CODE})


class StepUpForm(Form):
    """The code of the authenticator app."""

    step_up_code = CleanString(_l("Code from your authenticator app"), [Answered(_l("Enter the code"))], max_length=100)


def demand(session: BrowserSession) -> ResponseReturnValue | None:
    """The page that asks for a proof; None when there is a recent one, or this request brings it.

    Raises RateLimited.
    """
    if browser_sessions.is_recent(session, now=ports().clock.now()):
        return None
    if request.method != "POST" or any(each.filename for each in request.files.values()):
        # A file cannot be carried along: it is chosen again on the page that is shown afterwards.
        return redirect(url_for("support.me.step_up", next=_page_asked_for()), 303)
    return answer(session, action=request.path)


def answer(session: BrowserSession, *, action: str) -> ResponseReturnValue | None:
    """Judge the proof that a form brought; None when it is right. `action` is where the page's forms are sent."""
    form = StepUpForm()
    if MARK not in request.form:
        return page(StepUpForm(MultiDict()), action=action), 422
    if CODE not in request.form:
        if _proved_by_passkey(session):
            return None
        form.form_errors = [_("That passkey did not work. Try again, or use your authenticator app")]
    elif form.validate():
        if _proved_by_app(session, str(form.step_up_code.data)):
            return None
        form.step_up_code.errors = [_("The code is wrong. Wait for the next one if you have used it already")]
    return page(form, action=action), 422


def page(form: StepUpForm, *, action: str) -> str:
    """The page, with all that the form said which it stands in the way of."""
    member: StaffUser = g.staff
    carried = [(name, value) for name, values in request.form.lists() if name not in _OURS for value in values]
    has_passkey = bool(passkey_service.of(member))
    return render_template("support/step_up.html", form=form, action=action, carried=carried, has_passkey=has_passkey)


def _proved_by_app(session: BrowserSession, typed: str) -> bool:
    member, now = session.staff, ports().clock.now()
    if member is None or member.totp_confirmed_at is None:
        return False
    with transaction():
        rate_limits.count(staff.TOTP_TRIES, str(member.id), now=now)
    try:
        with transaction():
            staff.verify_totp(member, typed, now=now)
            _renew(member, list(session.amr))
    except CodeRefused:
        return False
    return True


def _proved_by_passkey(session: BrowserSession) -> bool:
    member, now = session.staff, ports().clock.now()
    with transaction():
        passkey_service.count_try(visitor(), now=now)
    with transaction():
        shown = passkey_service.shown(passkeys.answer_sent(), Purpose.STAFF_SHOW, passkeys.this_place(), now=now)
        own = member is not None and shown is not None and shown.staff_id == member.id
        if own and member is not None:
            _renew(member, list(BY_PASSKEY))
    return own


def _renew(member: StaffUser, amr: list[str]) -> None:
    """The session goes on under a new secret (OWASP ASVS 3.2.1), and what was proved is written down."""
    browser.sign_in(member, amr=amr)
    where, now = str(request.endpoint), ports().clock.now()
    audit.record("staff_stepped_up", Subject("staff", member.id), actor=Actor.of(member), now=now, reason=where)


def _page_asked_for() -> str:
    """The page itself, or the one that a form with a file stood on."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    addresses = current_app.create_url_adapter(request)
    has_page = addresses is not None and addresses.test(request.path, method="GET")
    return request.path if has_page else "/support"
