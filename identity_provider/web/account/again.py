"""Another code before what counts: a session that somebody left open is not enough to change how one is reached."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.kit import session
from identity_provider.kit.app import ports
from identity_provider.kit.languages import current_language
from identity_provider.kit.persons import account_path, for_person
from identity_provider.kit.requests import visitor
from identity_provider.models import User
from identity_provider.services import account_sign_in, accounts, browser_sessions, code_limits, passkeys
from identity_provider.services.code_limits import Door
from identity_provider.web.account.codes import code_page, here
from identity_provider.web.account.entrance import NEXT, bp
from identity_provider.web.account.forms import CodeForm
from identity_provider.web.account.second_clicks import or_second_click, second_click


@bp.get("/prove-again")
@for_person
def prove_again(person: User) -> ResponseReturnValue:
    """Say why, and to which address the code will go."""
    return render_template(
        "account/prove_again.html",
        person=person,
        has_passkey=passkeys.has_any(person),
        asked_for=_asked_for(),
        back_url=_asked_for(),
    )


@bp.post("/prove-again")
@for_person
def send_proof(person: User) -> ResponseReturnValue:
    """Send a code, or another one."""
    now = ports().clock.now()
    with transaction():
        code_limits.count_sending(Door.PERSON, person.email, visitor(), now=now)
    with transaction():
        account_sign_in.send_again(person, here(), now=now, locale=current_language())
    return redirect(url_for(".prove_code", next=_asked_for()), 303)


@bp.route("/prove-again/code", methods=["GET", "POST"])
@or_second_click
@for_person
def prove_code(person: User) -> ResponseReturnValue:
    """Ask for the code; a right one renews the session, under another secret, and leads on."""
    now, form, session_id = ports().clock.now(), CodeForm(), here()
    challenge = account_sign_in.waiting_again(person, session_id, now=now)
    if challenge is None:
        current = session.current_session()
        proved = current is not None and browser_sessions.is_recent(current, now=now)
        return redirect(_asked_for() if proved else url_for(".prove_again", next=_asked_for()), 303)
    again = url_for(".send_proof", next=_asked_for())
    if not form.validate_on_submit():
        return code_page(challenge, form, again_url=again, back_url=_asked_for())
    typed = str(form.code.data)
    if not _is_proved(person, session_id, typed):
        led_on = second_click(typed, counted=True)
        if led_on is not None:
            return led_on
        form.code.errors = [_("The code you entered is not correct or can no longer be used")]
        return code_page(challenge, form, again_url=again, back_url=_asked_for())
    return redirect(_asked_for(), 303)


def _is_proved(person: User, session_id: UUID, typed: str) -> bool:
    now = ports().clock.now()
    with transaction():
        code_limits.count_guess(Door.PERSON, person.email, visitor(), now=now)
    with transaction():
        challenge = account_sign_in.waiting_again(person, session_id, now=now)
        if challenge is None or not account_sign_in.is_right(challenge, typed, now=now):
            return False
        code_limits.forgive_guess(Door.PERSON, person.email, visitor(), now=now)
        account_sign_in.keep(challenge, session.browser_secret())
        accounts.address_proved(person, now=now)
        session.sign_in(person, amr=["otp"])
    return True


def _asked_for() -> str:
    return account_path(request.args.get(NEXT, ""))
