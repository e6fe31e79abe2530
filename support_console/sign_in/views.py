"""Signing in to the console: an address, the code sent to it, and a code from an authenticator app."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import segno
from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from identity_provider.db import transaction
from identity_provider.domain.authentication import BY_CODE_AND_APP, BY_PASSKEY, acr_of
from identity_provider.domain.errors import CodeRefused
from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.passkeys import answer_sent, as_options, this_place
from identity_provider.kit.requests import visitor
from identity_provider.models import StaffUser
from identity_provider.services import audit, code_limits, passkeys, rate_limits, staff_enrolment
from identity_provider.services import staff as staff_service
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.code_limits import Door
from identity_provider.services.passkeys import Purpose
from support_console.auth import HOME, local_path
from support_console.sign_in import half_way
from support_console.sign_in.forms import CodeForm, EmailForm, EnrolmentForm, Onward

bp = Blueprint("sign_in", __name__, template_folder="templates")


@bp.get("/sign-in")
@open_to(Audience.ANYONE)
def start() -> ResponseReturnValue:
    """Who is it? Somebody who is signed in goes straight on."""
    way_on = local_path(request.args.get("next", HOME))
    if session.current_staff() is not None:
        return redirect(way_on, 303)
    return render_template("support/sign_in/email.html", form=EmailForm(next=way_on))


@bp.post("/sign-in")
@open_to(Audience.ANYONE)
def send_code() -> ResponseReturnValue:
    """Send a code, if the address is of somebody who may enter; the answer is the same for everybody."""
    form = EmailForm()
    if not form.validate():
        return render_template("support/sign_in/email.html", form=form), 422
    _send(str(form.email.data).lower())
    return redirect(url_for(".code", next=form.way_on), 303)


@bp.get("/sign-in/code")
@open_to(Audience.ANYONE)
def code() -> ResponseReturnValue:
    """Ask for the code that was sent."""
    challenge = half_way.waiting(now=ports().clock.now())
    if challenge is None:
        return _from_the_start()
    form = CodeForm(next=local_path(request.args.get("next", HOME)))
    return render_template("support/sign_in/code.html", form=form, again=Onward(next=form.next.data))


@bp.post("/sign-in/code")
@open_to(Audience.ANYONE)
def check_code() -> ResponseReturnValue:
    """The first factor. A wrong code and a code for nobody look alike."""
    form, now = CodeForm(), ports().clock.now()
    challenge = half_way.waiting(now=now)
    if challenge is None:
        return _from_the_start()
    if half_way.proved(now=now) is not None:
        # The answer to the first click was lost; what it proved is this browser's already, whatever was sent now.
        return redirect(url_for(".authenticator", next=form.way_on), 303)
    if form.validate():
        with transaction():
            code_limits.count_guess(Door.STAFF, challenge.address, visitor(), now=now)
        with transaction():
            right = half_way.prove_address(challenge, str(form.code.data), now=now)
            if right:
                code_limits.forgive_guess(Door.STAFF, challenge.address, visitor(), now=now)
        if right or half_way.proved(now=now) is not None:
            return redirect(url_for(".authenticator", next=form.way_on), 303)
        form.code.errors = [_("The code is wrong or has run out. Check it, or have a new one sent")]
    return render_template("support/sign_in/code.html", form=form, again=Onward(MultiDict({"next": form.way_on}))), 422


@bp.post("/sign-in/code/again")
@open_to(Audience.ANYONE)
def send_again() -> ResponseReturnValue:
    """Send another code to the same address."""
    challenge = half_way.waiting(now=ports().clock.now())
    if challenge is None:
        return _from_the_start()
    _send(challenge.address)
    return redirect(url_for(".code", next=Onward().way_on), 303)


@bp.get("/sign-in/authenticator")
@open_to(Audience.ANYONE)
def authenticator() -> ResponseReturnValue:
    """Ask for the second factor; at the first sign-in, show what the app has to scan, to who has an enrolment code."""
    now = ports().clock.now()
    member = half_way.proved(now=now)
    if member is None:
        return _from_the_start()
    if not _may_show_app(member, now):
        return redirect(url_for(".enrolment", next=local_path(request.args.get("next", HOME))), 303)
    return _authenticator_page(member, CodeForm(next=local_path(request.args.get("next", HOME))))


@bp.post("/sign-in/authenticator")
@open_to(Audience.ANYONE)
def check_authenticator() -> ResponseReturnValue:
    """The second factor, and in."""
    form, now = CodeForm(), ports().clock.now()
    member = half_way.proved(now=now)
    if member is None or not _may_show_app(member, now):
        return _from_the_start()
    if form.validate():
        with transaction():
            rate_limits.count(staff_service.TOTP_TRIES, str(member.id), now=now)
        try:
            with transaction():
                staff_service.verify_totp(member, str(form.code.data), now=now)
                staff_enrolment.done(member)
                _let_in(member, BY_CODE_AND_APP)
        except CodeRefused:
            form.code.errors = [_("The code is wrong. Wait for the next one if you have used it already")]
        else:
            return redirect(form.way_on, 303)
    return _authenticator_page(member, form), 422


@bp.get("/sign-in/enrolment")
@open_to(Audience.ANYONE)
def enrolment() -> ResponseReturnValue:
    """Ask who sets up their first app for the code that an administrator handed over."""
    if half_way.proved(now=ports().clock.now()) is None:
        return _from_the_start()
    form = EnrolmentForm(next=local_path(request.args.get("next", HOME)))
    return render_template("support/sign_in/enrolment.html", form=form)


@bp.post("/sign-in/enrolment")
@open_to(Audience.ANYONE)
def check_enrolment() -> ResponseReturnValue:
    """Let this browser set up the app."""
    form, now = EnrolmentForm(), ports().clock.now()
    member = half_way.proved(now=now)
    if member is None:
        return _from_the_start()
    if form.validate():
        with transaction():
            rate_limits.count(staff_enrolment.TRIES, str(member.id), now=now)
        try:
            with transaction():
                staff_enrolment.show_code(member, str(form.code.data), session.browser_secret(), now=now)
        except CodeRefused:
            form.code.errors = [_("The code is wrong or has run out. Ask an administrator for a new one")]
        else:
            return redirect(url_for(".authenticator", next=form.way_on), 303)
    return render_template("support/sign_in/enrolment.html", form=form), 422


@bp.post("/sign-in/passkey/options")
@open_to(Audience.ANYONE)
def passkey_options() -> Response:
    """What the browser is to ask the device for: any passkey for this site, whoever it is of."""
    _count_passkey()
    with transaction():
        options = passkeys.options_to_show(Purpose.STAFF_SHOW, this_place(), now=ports().clock.now())
    return as_options(options)


@bp.post("/sign-in/passkey")
@open_to(Audience.ANYONE)
def sign_in_with_passkey() -> ResponseReturnValue:
    """Both factors in one: what they hold, and what their device knows them by."""
    form = EmailForm()
    _count_passkey()
    with transaction():
        shown = passkeys.shown(answer_sent(), Purpose.STAFF_SHOW, this_place(), now=ports().clock.now())
        member = shown.staff if shown is not None else None
        may_enter = member is not None and member.disabled_at is None
        if member is not None and may_enter:
            _let_in(member, BY_PASSKEY)
    if may_enter:
        return redirect(form.way_on, 303)
    form.form_errors.append(_("That passkey did not work. Try again, or use your email address"))
    return render_template("support/sign_in/email.html", form=form), 422


@bp.post("/sign-out")
@open_to(Audience.ANYONE)
def sign_out() -> ResponseReturnValue:
    """End the session on the server."""
    with transaction():
        session.sign_out(staff=True)
    return redirect(url_for(".start"), 303)


def _let_in(member: StaffUser, amr: Sequence[str]) -> None:
    half_way.forget()
    session.sign_in(member, amr=list(amr))
    now, how = ports().clock.now(), acr_of(amr)
    audit.record("staff_signed_in", Subject("staff", member.id), actor=Actor.of(member), now=now, reason=str(how))


def _may_show_app(member: StaffUser, now: datetime) -> bool:
    """Whether there is an app to be asked about, or this browser may set one up."""
    set_up = member.totp_confirmed_at is not None
    return set_up or staff_enrolment.may_set_up(member, session.browser_secret(), now=now)


def _count_passkey() -> None:
    with transaction():
        passkeys.count_try(visitor(), now=ports().clock.now())


def _send(address: str) -> None:
    now = ports().clock.now()
    with transaction():
        code_limits.count_sending(Door.STAFF, address, visitor(), now=now)
    with transaction():
        half_way.begin(address, now=now)


def _authenticator_page(member: StaffUser, form: CodeForm) -> str:
    with transaction():
        secret = staff_service.secret_to_show(member)
    if secret is None:
        return render_template("support/sign_in/authenticator.html", form=form)
    picture = segno.make(staff_service.provisioning_uri(member, secret)).svg_data_uri(scale=5, border=2)
    spaced = " ".join(secret[each : each + 4] for each in range(0, len(secret), 4))
    return render_template("support/sign_in/enrol.html", form=form, picture=picture, secret=spaced)


def _from_the_start() -> ResponseReturnValue:
    return redirect(url_for(".start"), 303)
