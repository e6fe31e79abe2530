"""Entering a page of a journey, writing its answer, and going on to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from uuid import UUID

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.authentication import BY_CODE
from identity_provider.domain.errors import RateLimited
from identity_provider.domain.features import Feature
from identity_provider.domain.questions import Answers, Question, may_enter, next_question, previous_question
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports, settings
from identity_provider.kit.forms import Form
from identity_provider.kit.headers import allow_form_to_lead_to
from identity_provider.kit.languages import current_language, speak
from identity_provider.kit.session import browser_secret, current_user, sign_in
from identity_provider.models import Journey, User
from identity_provider.services import (
    accounts,
    contact_changes,
    features,
    journey_codes,
    journey_mobile,
    journey_standing,
    journeys,
    lookups,
    one_login_facts,
    one_login_journeys,
    rate_limits,
    submissions,
    trn_token_use,
)
from identity_provider.services.journey_codes import CodeFor
from identity_provider.services.register_search import Occasion, Search
from identity_provider.services.trn_token_use import AddressUnproved

bp = Blueprint("sign_in", __name__, url_prefix="/sign-in", template_folder="templates")

PageView = Callable[[Journey], ResponseReturnValue]

_CHECK = Question.CHECK_ANSWERS
_CHANGING = "changing"
"""Says in an address that its page was entered from the list of answers."""


def page(question: Question) -> Callable[[PageView], PageView]:
    """Serve a question's page to whom the journey belongs to, whenever the question may be asked.

    Whoever comes to a page that may not be entered is led to the one that waits for an answer.
    """

    def serve(view: PageView) -> PageView:
        @open_to(Audience.TRAVELLER)
        @wraps(view)
        def entered(journey_id: UUID) -> ResponseReturnValue:
            journey = enter(journey_id)
            if not may_enter(answers_of(journey), question):
                return to_next(journey)
            return view(journey)

        path = f"/<uuid:journey_id>/{question.value}"
        bp.add_url_rule(path, endpoint=question.name.lower(), view_func=entered, methods=["GET", "POST"])
        return view

    return serve


def enter(journey_id: UUID) -> Journey:
    """The journey of this address, for this browser. Raises JourneyOutOfReach."""
    journey = journeys.find(journey_id, browser_secret(), ports().clock.now())
    g.journey = journey
    speak(str(journey.authorization_request.parameters.get("ui_locales", "")))
    # A form may also find the request answered already: then it leads to where the service begins.
    service = journey.client
    for uri in (journey.authorization_request.redirect_uri, service.initiate_login_uri, service.service_url):
        if uri:
            allow_form_to_lead_to(uri)
    return journey


def answers_of(journey: Journey) -> Answers:
    """What was answered, as this browser may know it."""
    answers = journey_standing.answers_of(journey, current_user())
    return journey_mobile.with_mobile(answers, journey) if settings().sends_texts else answers


def show(journey: Journey, question: Question, form: Form, **values: object) -> ResponseReturnValue:
    """A question's page; 422 when its form came back with something to mend."""
    back = _back_from(answers_of(journey), question)
    html = render_template(
        f"sign_in/{question.name.lower()}.html",
        journey=journey,
        form=form,
        service_name=journey.client.name,
        back_url=url_of(journey, back) if back else None,
        seconds_left=int((journey.expires_at - ports().clock.now()).total_seconds()),
        one_login=ports().broker if features.is_on(Feature.ONE_LOGIN, journey.client) else None,
        one_login_waits=journey.one_login_attempt_id is not None,
        proved=journey.one_login_attempt_id is not None and one_login_facts.speaks_of(journey),
        **values,
    )
    return html, 422 if form.errors else 200


def _back_from(answers: Answers, question: Question) -> Question | None:
    """Where Back leads: to the list of answers for whoever came from there to change one."""
    if _CHANGING in request.args and question is not _CHECK and may_enter(answers, _CHECK):
        return _CHECK
    return previous_question(answers, question)


def url_of(journey: Journey, question: Question) -> str:
    """The address of a question's page."""
    return url_for(f"sign_in.{question.name.lower()}", journey_id=journey.id)


def url_to_change(journey: Journey, question: Question) -> str:
    """The address of a question's page for whoever changes an answer; a form that comes back keeps it."""
    return f"{url_of(journey, question)}?{_CHANGING}=yes"


def to(journey: Journey, question: Question) -> ResponseReturnValue:
    """Go to a question's page."""
    return redirect(url_of(journey, question), code=303)


def to_next(journey: Journey) -> ResponseReturnValue:
    """Go to the page that waits for an answer, or back to the service when there is none."""
    question = next_question(answers_of(journey))
    if question is not Question.DONE:
        return to(journey, question)
    with transaction():
        journeys.finish(journeys.held(journey), now=ports().clock.now())
    return redirect(f"/connect/authorize/{journey.authorization_request_id}/answer", code=303)


def answered(journey: Journey, question: Question, write: Callable[[Journey], None]) -> ResponseReturnValue:
    """Write an answer, see whether it is enough to find the record, and go on to the next page.

    Another tab may have gone on meanwhile: then nothing is written, and this one is led to where that one stands.
    """
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), question):
            return to_next(journey)
        before, searched = journey_standing.facts(journey), lookups.person_of_journey(journey)
        write(journey)
        news = lookups.person_of_journey(journey) != searched
        if news:
            journeys.person_changed(journey)
        if journey_standing.facts(journey) != before:
            journeys.answers_changed(journey)
    if news:
        search_silently(journey)
    return to_next(journey)


def search_silently(journey: Journey) -> None:
    """Ask the register while the answers come in: a match ends the questions, anything else says nothing."""
    if not (journey.date_of_birth and journey.last_name and journey_standing.wants_record(journey)):
        return
    try:
        search = search_register(journey, Occasion.JOURNEY)
    except RateLimited:
        return
    with transaction():
        submissions.note_silent(journeys.held(journey), search)


def search_for_known(journey: Journey) -> None:
    """Look again for the record of somebody who is known and has none: what they said before may be enough by now.

    A register that does not answer, or a limit that is reached, keeps nobody from signing in.
    """
    if journey.user is None or journey.date_of_birth is None or not journey_standing.wants_record(journey):
        return
    if journey.email_proved_at is None:
        # They are to enter a code first, and the search comes after it.
        return
    if journey_standing.is_step_up(journey) and journey.submitted_at is None and not one_login_facts.speaks_of(journey):
        return
    try:
        search = search_register(journey, Occasion.SIGN_IN)
    except RateLimited:
        return
    with transaction():
        journey = journeys.held(journey)
        submissions.search_again(journey, search, now=ports().clock.now())
    send_to_holder(journey)


def use_trn_token(journey: Journey) -> None:
    """Link the record that a service vouched for, once the person has proved the address that it vouched for.

    A code is sent where the person came by a key of an account whose address nobody has proved. Whatever stands in the
    way, the sign-in goes on as it would without a token.
    """
    now = ports().clock.now()
    step = trn_token_use.next_step(journey, ports().register, now=now)
    if isinstance(step, AddressUnproved):
        _have_address_proved(journey)
    elif step is not None:
        with transaction():
            journey = journeys.held(journey)
            person = trn_token_use.use(journey, step, now=now)
            if person is not None and not answers_of(journey).proved:
                sign_in_here(journey, person)


def search_register(journey: Journey, occasion: Occasion) -> Search:
    """Ask the register about the journey's person, outside any transaction. Raises RateLimited."""
    now = ports().clock.now()
    with transaction():
        person = lookups.person_of_journey(journey)
        lookups.count(person.email, person.trn, now=now)
        policy, proved = journey.client.match_policy, one_login_facts.speaks_of(journey)
        reached = lookups.question_reached(journey)
    search = lookups.look_up(person, ports().register, policy, occasion=occasion, now=now, proved=proved)
    return replace(search, question=reached)


def send_code(journey: Journey, purpose: CodeFor) -> None:
    """Send a code of this journey. Raises RateLimited."""
    now = ports().clock.now()
    with transaction():
        address = journey_codes.address_of(journey, purpose)
        if not address:
            return
        if purpose is CodeFor.MOBILE:
            contact_changes.count_text(address, journey.email or "", visitor(), now=now)
        journey_codes.count_sending(address, visitor(), now=now)
    with transaction():
        journey_codes.send(journeys.held(journey), purpose, locale=current_language(), now=now)


def prove_again(journey: Journey) -> ResponseReturnValue:
    """Have the address of the account proved once more: a session that was left open is not enough for what follows."""
    with transaction():
        journeys.ask_again(journeys.held(journey))
    send_code(journey, CodeFor.SIGN_IN)
    return to(journey, Question.CODE)


def _have_address_proved(journey: Journey) -> None:
    """Send a code and have it entered before anything else, unless too many were sent."""
    now, address = ports().clock.now(), journey_codes.address_of(journey, CodeFor.SIGN_IN)
    try:
        with transaction():
            journey_codes.count_sending(address, visitor(), now=now)
    except RateLimited:
        return
    with transaction():
        trn_token_use.ask_for_code(journeys.held(journey), locale=current_language(), now=now)


def send_to_holder(journey: Journey) -> None:
    """Where the record belongs to another account, a code goes to that account's address."""
    if answers_of(journey).trn_in_use:
        send_quietly(journey, CodeFor.TRN_HOLDER)


def send_quietly(journey: Journey, purpose: CodeFor) -> None:
    """Send a code that the person did not ask for themselves, unless too many were sent.

    The code's page then says that none is on its way, and offers to send one.
    """
    try:
        send_code(journey, purpose)
    except RateLimited:
        return


def may_look_for_namesake(journey: Journey) -> bool:
    """Whether this person may be told of another account: whoever tries many names is not told any more."""
    try:
        with transaction():
            rate_limits.count(accounts.NAMESAKES_PER_ADDRESS, journey.email or "", now=ports().clock.now())
    except RateLimited:
        return False
    return True


def sign_in_here(journey: Journey, person: User, *, amr: Sequence[str] = BY_CODE) -> None:
    """Sign the person in at this browser, in the caller's transaction: they proved the address of the account.

    `amr` is by what they proved it, where that was no code.
    """
    session = sign_in(person, amr=list(amr), client_id=journey.client.id, journey_id=journey.id)
    now = ports().clock.now()
    journeys.note_sign_in(journey, person, now=now)
    one_login_journeys.settle(journey, person, session, now=now)


def count_submission(journey: Journey) -> None:
    """Count one set of answers sent off by this person. Raises RateLimited."""
    with transaction():
        rate_limits.count(rate_limits.SUBMISSIONS_PER_USER, journey.email or "", now=ports().clock.now())


def visitor() -> str:
    """Where the request comes from, for counting."""
    return request.remote_addr or "unknown"
