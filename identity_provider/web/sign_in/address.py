"""The pages on which a person proves an address: email, code, and a word about shared mailboxes."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_of_browser
from identity_provider.kit.session import current_session, current_user
from identity_provider.models import Journey
from identity_provider.services import journeys, passkey_offers
from identity_provider.services.journey_codes import CodeFor
from identity_provider.web.sign_in.codes import code_page
from identity_provider.web.sign_in.forms import EmailForm, SharedMailboxForm
from identity_provider.web.sign_in.steps import (
    answered,
    answers_of,
    bp,
    enter,
    page,
    search_for_known,
    send_code,
    show,
    sign_in_here,
    to,
    to_next,
    use_trn_token,
)


@bp.get("/<uuid:journey_id>", endpoint="start")
@open_to(Audience.TRAVELLER)
def start(journey_id: UUID) -> ResponseReturnValue:
    """Begin or go on: whoever is signed in already, and may stay so, is not asked for an address."""
    journey = enter(journey_id)
    session, person = current_session(), current_user()
    if session and person and journeys.may_enter_signed_in(journey, session):
        with transaction():
            journey = journeys.held(journey)
            by_passkey = passkey_offers.was_shown(session.amr)
            journeys.enter_signed_in(journey, person, by_passkey=by_passkey, now=ports().clock.now())
        use_trn_token(journey)
        search_for_known(journey)
    return to_next(journey)


@page(Question.EMAIL)
def email(journey: Journey) -> ResponseReturnValue:
    person = current_user() if journey.keeps_account is not False else None
    hint = journey.authorization_request.login_hint or (person.email if person else "")
    form = EmailForm(data={"email": journey.email or hint})
    if not form.validate_on_submit():
        return show(journey, Question.EMAIL, form)
    address = str(form.email.data)
    if journey.email_proved_at is not None and journey.email == address:
        return to_next(journey)
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.EMAIL):
            return to_next(journey)
        journeys.change_address(journey, address)
    send_code(journey, CodeFor.SIGN_IN)
    return to(journey, Question.CODE)


@page(Question.CODE)
@csrf_of_browser
def code(journey: Journey) -> ResponseReturnValue:
    return code_page(journey, Question.CODE, CodeFor.SIGN_IN, _prove)


@page(Question.SHARED_MAILBOX)
def shared_mailbox(journey: Journey) -> ResponseReturnValue:
    kept = "keep" if journey.shared_mailbox_accepted else None
    form = SharedMailboxForm(data={"choice": kept})
    if not form.validate_on_submit():
        return show(journey, Question.SHARED_MAILBOX, form)
    if form.choice.data == "another":
        with transaction():
            journey = journeys.held(journey)
            if not may_enter(answers_of(journey), Question.SHARED_MAILBOX):
                return to_next(journey)
            journeys.drop_address(journey)
        return redirect(url_for("sign_in.email", journey_id=journey.id), code=303)

    def keep(journey: Journey) -> None:
        journey.shared_mailbox_accepted = True

    return answered(journey, Question.SHARED_MAILBOX, keep)


def _prove(journey: Journey) -> None:
    person = journeys.prove_address(journey, now=ports().clock.now())
    # The page's script says whether this device could hold a passkey; without one none is offered.
    journey.passkey_possible = request.form.get("passkey_possible") == "yes"
    if person is not None:
        sign_in_here(journey, person)
