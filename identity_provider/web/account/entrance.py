"""Signing in to one's own account: an address, and the code that was sent to it."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit import session
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_of_browser
from identity_provider.kit.languages import current_language
from identity_provider.kit.persons import account_path, account_visit, refuse_while_off
from identity_provider.kit.requests import visitor
from identity_provider.models import CodeChallenge, User
from identity_provider.services import account_sign_in, account_visits, audit, code_limits
from identity_provider.services.audit import Actor, Subject
from identity_provider.services.code_limits import Door
from identity_provider.web.account.forms import CodeForm, EmailForm
from identity_provider.web.account.second_clicks import or_second_click, second_click

bp = Blueprint("account", __name__, url_prefix="/account", template_folder="templates")

NEXT = "next"
"""The parameter that holds the page of the account that was asked for, until the person is signed in."""

bp.before_request(refuse_while_off)


@bp.route("/sign-in", methods=["GET", "POST"])
@open_to(Audience.ANYONE)
def sign_in() -> ResponseReturnValue:
    """Who is it? The answer is the same whether or not there is such an account."""
    if session.current_user() is not None:
        return redirect(_asked_for(), 303)
    form = EmailForm()
    if not form.validate_on_submit():
        return render_template("account/email.html", form=form), 422 if form.errors else 200
    _send(str(form.email.data))
    return _to(".code")


@bp.route("/sign-in/code", methods=["GET", "POST"])
@open_to(Audience.ANYONE)
@or_second_click
def code() -> ResponseReturnValue:
    """Ask for the code, and let in whoever knows it."""
    now, form = ports().clock.now(), CodeForm()
    challenge = account_sign_in.waiting(session.browser_secret(), now=now)
    if challenge is None:
        return _to(".sign_in")
    if not form.validate_on_submit():
        return _code_page(challenge, form)
    with transaction():
        code_limits.count_guess(Door.PERSON, challenge.address, visitor(), now=now)
    with transaction():
        person = account_sign_in.prove(challenge, str(form.code.data), now=now)
        if person is not None:
            # By the address that the guess was counted for: the account's own may be another by now.
            code_limits.forgive_guess(Door.PERSON, challenge.address, visitor(), now=now)
            _let_in(person)
    if person is None:
        led_on = second_click(str(form.code.data), counted=True)
        if led_on is not None:
            return led_on
        form.code.errors = [_("The code you entered is not correct or can no longer be used")]
        return _code_page(challenge, form)
    return redirect(_asked_for(), 303)


@bp.post("/sign-in/code/carry-on")
@open_to(Audience.ANYONE)
@csrf_of_browser
def carry_on() -> ResponseReturnValue:
    """Go on where a code was accepted, but the answer that said so never came to this browser: no other is needed."""
    if session.current_session() is not None:
        return redirect(_asked_for(), 303)
    with transaction():
        proof, now = request.form.get("proof", ""), ports().clock.now()
        person = account_sign_in.who_carries_on(session.browser_secret(), proof, now=now)
        if person is not None:
            _let_in(person)
    return _to(".sign_in") if person is None else redirect(_asked_for(), 303)


@bp.post("/sign-in/code/again")
@open_to(Audience.ANYONE)
def another_code() -> ResponseReturnValue:
    """Send another code to the same address."""
    challenge = account_sign_in.waiting(session.browser_secret(), now=ports().clock.now())
    if challenge is not None:
        _send(challenge.address)
    return _to(".code")


@bp.post("/sign-out")
@open_to(Audience.ANYONE)
def sign_out() -> ResponseReturnValue:
    """End the session on the server, and with it what services were granted in it.

    The service that the person came from may have them back, to end its own session.
    """
    visit = account_visit()
    with transaction():
        session.sign_out()
        account_visits.end(session.browser_secret())
    return redirect(visit.sign_out_uri if visit and visit.sign_out_uri else url_for(".sign_in"), 303)


@bp.errorhandler(RateLimited)
def too_often(limited: RateLimited) -> ResponseReturnValue:
    """When to come back, in words and for software."""
    seconds = max(1, int(limited.retry_after.total_seconds()))
    response = make_response(render_template("account/too_often.html", minutes=-(-seconds // 60)), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def _asked_for() -> str:
    return account_path(request.args.get(NEXT, ""))


def _to(endpoint: str) -> ResponseReturnValue:
    """Another page of the entrance; what was asked for is not forgotten on the way."""
    return redirect(_at(endpoint), 303)


def _at(endpoint: str) -> str:
    return url_for(endpoint, next=_asked_for() if NEXT in request.args else None)


def _send(address: str) -> None:
    now = ports().clock.now()
    with transaction():
        code_limits.count_sending(Door.PERSON, address, visitor(), now=now)
    with transaction():
        account_sign_in.begin(address, session.browser_secret(), locale=current_language(), now=now)


def _let_in(person: User) -> None:
    now = ports().clock.now()
    session.sign_in(person, amr=["otp"])
    audit.record("signed_in", Subject("user", person.id), actor=Actor.of(person), now=now, reason="own account")


def _code_page(challenge: CodeChallenge, form: CodeForm) -> ResponseReturnValue:
    exhausted = challenge.tries_left == 0
    page = render_template(
        "account/code.html",
        address=challenge.address,
        # The box is gone with the last try, and so is anything that was wrong in it.
        form=None if exhausted else form,
        again_url=_at(".another_code"),
        back_url=_at(".sign_in"),
    )
    return page, 422 if form.errors else 200
