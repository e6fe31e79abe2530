"""The pages on which a person changes their email address or mobile number."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain import mailboxes
from identity_provider.domain.authentication import BY_CODE
from identity_provider.kit import session
from identity_provider.kit.app import ports, settings
from identity_provider.kit.csrf import csrf_of_browser
from identity_provider.kit.languages import current_language
from identity_provider.kit.persons import for_person_lately
from identity_provider.kit.requests import visitor
from identity_provider.models import CodeChallenge, Contact, User
from identity_provider.services import account_sign_in, accounts, code_limits, contact_changes, rate_limits
from identity_provider.services.code_limits import Door
from identity_provider.services.contact_changes import Here
from identity_provider.web.account.codes import code_page, here
from identity_provider.web.account.entrance import bp
from identity_provider.web.account.forms import CodeForm, MobileForm, NewEmailForm, TextCodeForm
from identity_provider.web.account.second_clicks import or_second_click, second_click


@bp.route("/email", methods=["GET", "POST"])
@for_person_lately
def email(person: User) -> ResponseReturnValue:
    """Which address it shall be; one that others read, too, is asked about twice."""
    form = NewEmailForm()
    if not form.validate_for(person):
        return render_template("account/new_email.html", form=form, back_url=url_for(".home")), _status(form)
    address = str(form.email.data)
    if mailboxes.is_shared(address) and form.keep.data != "yes":
        return render_template("account/shared_mailbox.html", address=address, back_url=url_for(".email"))
    _ask(person, Contact.EMAIL, address)
    return redirect(url_for(".email_code"), 303)


@bp.route("/email/code", methods=["GET", "POST"])
@or_second_click
@for_person_lately
def email_code(person: User) -> ResponseReturnValue:
    """The code that went to the new address."""
    return _code(person, Contact.EMAIL, CodeForm())


@bp.post("/email/code/again")
@for_person_lately
def another_email_code(person: User) -> ResponseReturnValue:
    """Another code to the same address."""
    return _again(person, Contact.EMAIL)


@bp.route("/mobile", methods=["GET", "POST"])
@for_person_lately
def mobile(person: User) -> ResponseReturnValue:
    """Which number it shall be."""
    form = MobileForm(data={"mobile": person.mobile_number})
    if not form.validate_for(person):
        known = {"person": person, "offered": settings().sends_texts}
        return render_template("account/new_mobile.html", form=form, back_url=url_for(".home"), **known), _status(form)
    _ask(person, Contact.MOBILE, str(form.mobile.data))
    return redirect(url_for(".mobile_code"), 303)


@bp.route("/mobile/code", methods=["GET", "POST"])
@csrf_of_browser
@for_person_lately
def mobile_code(person: User) -> ResponseReturnValue:
    """The code that went to the new number."""
    return _code(person, Contact.MOBILE, TextCodeForm())


@bp.post("/mobile/code/again")
@for_person_lately
def another_mobile_code(person: User) -> ResponseReturnValue:
    """Another code to the same number."""
    return _again(person, Contact.MOBILE)


@bp.route("/mobile/remove", methods=["GET", "POST"])
@for_person_lately
def remove_mobile(person: User) -> ResponseReturnValue:
    """Ask, and then hold no mobile number any more."""
    if request.method != "POST":
        return render_template("account/remove_mobile.html", person=person, back_url=url_for(".mobile"))
    now = ports().clock.now()
    with transaction():
        rate_limits.count(contact_changes.CHANGES_PER_PERSON, str(person.id), now=now)
    with transaction():
        contact_changes.set_mobile(accounts.held(person.id), "", _here(), now=now)
    flash(_("We do not hold your mobile number any more"), "success")
    return redirect(url_for(".home"), 303)


def _here() -> Here:
    return Here(here(), current_language())


def _status(form: NewEmailForm | MobileForm) -> int:
    return 422 if form.errors else 200


def _ask(person: User, contact: Contact, value: str) -> None:
    """Count and send a code. Raises RateLimited."""
    now = ports().clock.now()
    with transaction():
        if contact is Contact.MOBILE:
            contact_changes.count_text(value, str(person.id), visitor(), now=now)
        rate_limits.count(contact_changes.CHANGES_PER_PERSON, str(person.id), now=now)
        code_limits.count_sending(Door.PERSON, value, visitor(), now=now)
    with transaction():
        contact_changes.ask(person, contact, value, _here(), now=now)


def _again(person: User, contact: Contact) -> ResponseReturnValue:
    challenge = contact_changes.waiting(contact, here(), now=ports().clock.now())
    if challenge is None:
        return redirect(url_for(f".{contact.value}"), 303)
    _ask(person, contact, challenge.address)
    return redirect(url_for(f".{contact.value}_code"), 303)


def _code(person: User, contact: Contact, form: CodeForm) -> ResponseReturnValue:
    challenge = contact_changes.waiting(contact, here(), now=ports().clock.now())
    if form.validate_on_submit():
        typed = str(form.code.data)
        if challenge is not None and _is_proved(person, challenge, typed):
            flash(_said()[contact], "success")
            return redirect(url_for(".home"), 303)
        led_on = second_click(typed, counted=challenge is not None)
        if led_on is not None:
            return led_on
        form.code.errors = [_("The code you entered is not correct or can no longer be used")]
    if challenge is None:
        return redirect(url_for(f".{contact.value}"), 303)
    return code_page(
        challenge,
        form,
        again_url=url_for(f".another_{contact.value}_code"),
        back_url=url_for(f".{contact.value}"),
        by_text=contact is Contact.MOBILE,
    )


def _is_proved(person: User, challenge: CodeChallenge, typed: str) -> bool:
    now, address = ports().clock.now(), challenge.address
    with transaction():
        code_limits.count_guess(Door.PERSON, address, visitor(), now=now)
    with transaction():
        person = accounts.held(person.id)
        if not person.is_live or not contact_changes.prove(person, challenge, typed, _here(), now=now):
            return False
        code_limits.forgive_guess(Door.PERSON, address, visitor(), now=now)
        account_sign_in.keep(challenge, session.browser_secret())
        if challenge.purpose == contact_changes.PURPOSES[Contact.EMAIL]:
            # The address that they sign in with was proved just now: the session goes on, under another secret.
            session.sign_in(person, amr=list(BY_CODE))
    return True


def _said() -> dict[Contact, str]:
    return {
        Contact.EMAIL: str(_("You sign in with your new email address from now on")),
        Contact.MOBILE: str(_("We have your new mobile number")),
    }
