"""The page on which a code is entered, whatever it proves, and the button that sends another one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from identity_provider.db import transaction
from identity_provider.domain.errors import CodeRefused
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_of_browser
from identity_provider.kit.session import current_session
from identity_provider.models import Journey
from identity_provider.services import journey_codes, journeys
from identity_provider.services.journey_codes import CodeFor
from identity_provider.web.sign_in.forms import CodeForm, TextCodeForm
from identity_provider.web.sign_in.steps import (
    answers_of,
    bp,
    enter,
    search_for_known,
    send_code,
    show,
    sign_in_here,
    to,
    to_next,
    use_trn_token,
    visitor,
)

CODE_PAGES = {
    Question.CODE: CodeFor.SIGN_IN,
    Question.EXISTING_ACCOUNT_CODE: CodeFor.EXISTING_ACCOUNT,
    Question.TRN_IN_USE: CodeFor.TRN_HOLDER,
    Question.MOBILE_CODE: CodeFor.MOBILE,
}


def code_page(
    journey: Journey, question: Question, purpose: CodeFor, accept: Callable[[Journey], None]
) -> ResponseReturnValue:
    """Show the page, or compare what was typed; `accept` writes what a right code proves.

    A wrong try counts, so it is committed. Wrong, old and used codes look alike (attack 29 of oidc.md).
    """
    form = TextCodeForm() if purpose is CodeFor.MOBILE else CodeForm()
    if not form.validate_on_submit():
        return _show(journey, question, form)
    with transaction():
        address = journey_codes.address_of(journey, purpose)
        journey_codes.count_guess(address, visitor(), now=ports().clock.now())
    with transaction():
        journey = journeys.held(journey)
        if journey_codes.is_passed(journey, purpose):
            return _already_entered(journey, purpose, str(form.code.data))
        if not may_enter(answers_of(journey), question):
            return to_next(journey)
        accepted = _is_accepted(journey, purpose, str(form.code.data), accept)
    if accepted is None:
        raise journeys.AccountLocked
    if not accepted:
        form.code.errors = [_("The code you entered is not correct or can no longer be used")]
        return _show(journey, question, form)
    use_trn_token(journey)
    search_for_known(journey)
    return to_next(journey)


@bp.post("/<uuid:journey_id>/<page_name>/another-code", endpoint="another_code")
@open_to(Audience.TRAVELLER)
def another_code(journey_id: UUID, page_name: str) -> ResponseReturnValue:
    """Send another code for the page that the person is on."""
    journey = enter(journey_id)
    question = next((each for each in CODE_PAGES if each.value == page_name), None)
    if question is None:
        abort(404)
    if not may_enter(answers_of(journey), question):
        return to_next(journey)
    send_code(journey, CODE_PAGES[question])
    return to(journey, question)


@bp.post("/<uuid:journey_id>/code/carry-on", endpoint="carry_on")
@open_to(Audience.TRAVELLER)
@csrf_of_browser
def carry_on(journey_id: UUID) -> ResponseReturnValue:
    """Go on where a code was accepted, but the answer that said so never came to this browser: no other is needed."""
    journey = enter(journey_id)
    with transaction():
        journey = journeys.held(journey)
        person, proof = journey.user, request.form.get("proof", "")
        may = journey_codes.may_carry_on(journey, proof, now=ports().clock.now())
        if person is not None and current_session() is None and may:
            if not person.is_live:
                raise journeys.AccountLocked
            sign_in_here(journey, person)
    use_trn_token(journey)
    search_for_known(journey)
    return to_next(journey)


def _is_accepted(journey: Journey, purpose: CodeFor, typed: str, accept: Callable[[Journey], None]) -> bool | None:
    """Whether the code was right; None when it was, but the account is locked."""
    now = ports().clock.now()
    try:
        journey_codes.check(journey, purpose, typed, now=now)
    except CodeRefused:
        return False
    journey_codes.forgive_guess(journey_codes.address_of(journey, purpose), visitor(), now=now)
    try:
        accept(journey)
    except journeys.AccountLocked:
        return None
    return True


def _show(journey: Journey, question: Question, form: CodeForm) -> ResponseReturnValue:
    purpose, now = CODE_PAGES[question], ports().clock.now()
    waiting = journey_codes.is_waiting(journey, purpose, now=now)
    status = 422 if form.errors else 200
    if not waiting:
        # There is no box to mend any more: the page says in words that a new code is needed.
        form = CodeForm(MultiDict())
    page = show(
        journey,
        question,
        form,
        address=journey_codes.address_of(journey, purpose),
        waiting=waiting,
        exhausted=journey_codes.is_exhausted(journey, purpose),
    )
    return make_response(page), status


def _already_entered(journey: Journey, purpose: CodeFor, typed: str) -> ResponseReturnValue:
    """A second click, or another tab, was quicker: nothing is accepted twice, and nobody is stuck."""
    now, proof = ports().clock.now(), ""
    if purpose is CodeFor.SIGN_IN and current_session() is None:
        proof = journey_codes.carry_on_proof(journey, typed, now=now)
    if proof:
        journey_codes.forgive_guess(journey_codes.address_of(journey, purpose), visitor(), now=now)
    page = render_template(
        "kit/code_used.html",
        proof=proof,
        carry_on_url=url_for(".carry_on", journey_id=journey.id),
        go_on_url=url_for(".start", journey_id=journey.id),
        journey=journey,
        service_name=journey.client.name,
    )
    return page, 409
