"""Passkeys on the way to a service: in place of a code, offered after one, or demanded by the service."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.authentication import BY_PASSKEY
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.forms import Form
from identity_provider.kit.passkeys import answer_sent, as_options, this_place
from identity_provider.kit.session import current_session
from identity_provider.models import Journey, Passkey
from identity_provider.services import accounts, browser_sessions, journeys, passkey_offers, passkeys
from identity_provider.services.passkeys import Purpose, TooManyPasskeys
from identity_provider.web.sign_in.forms import EmailForm, EmptyForm
from identity_provider.web.sign_in.steps import (
    answers_of,
    bp,
    enter,
    page,
    prove_again,
    search_for_known,
    show,
    sign_in_here,
    to_next,
    use_trn_token,
    visitor,
)

SomeForm = TypeVar("SomeForm", bound=Form)


@page(Question.PASSKEY)
def passkey(journey: Journey) -> ResponseReturnValue:
    if request.method != "POST" or passkey_offers.is_demanded(journey):
        return _page(journey, EmptyForm())
    with transaction():
        journey = journeys.held(journey)
        if may_enter(answers_of(journey), Question.PASSKEY):
            passkey_offers.decline(journey, now=ports().clock.now())
    return to_next(journey)


@bp.post("/<uuid:journey_id>/passkey/options")
@open_to(Audience.TRAVELLER)
def passkey_options(journey_id: UUID) -> Response:
    """What the browser is to ask the device for: any passkey for this site, whoever it is of."""
    enter(journey_id)
    _count()
    with transaction():
        options = passkeys.options_to_show(Purpose.PERSON_SHOWS, this_place(), now=ports().clock.now())
    return as_options(options)


@bp.route("/<uuid:journey_id>/passkey/show", methods=["GET", "POST"])
@open_to(Audience.TRAVELLER)
def show_passkey(journey_id: UUID) -> ResponseReturnValue:
    """Sign in with a passkey. Whatever does not fit looks alike, and the page with the other ways is shown again."""
    journey = enter(journey_id)
    if request.method != "POST":
        return to_next(journey)
    _count()
    with transaction():
        journey = journeys.held(journey)
        shown = passkeys.shown(answer_sent(), Purpose.PERSON_SHOWS, this_place(), now=ports().clock.now())
        accepted = _is_accepted(journey, shown)
    if accepted is None:
        raise journeys.AccountLocked
    if not accepted:
        return _not_accepted(journey)
    use_trn_token(journey)
    search_for_known(journey)
    return to_next(journey)


@bp.post("/<uuid:journey_id>/passkey/options-to-add")
@open_to(Audience.TRAVELLER)
def passkey_options_to_add(journey_id: UUID) -> ResponseReturnValue:
    """What the browser is to ask the device for: a new passkey of the person who has just signed in."""
    journey = enter(journey_id)
    _count()
    if journey.user is None or not may_enter(answers_of(journey), Question.PASSKEY):
        return Response(status=409)
    try:
        with transaction():
            options = passkeys.options_to_add(journey.user, this_place(), now=ports().clock.now())
    except TooManyPasskeys:
        return Response(status=409)
    return as_options(options)


@bp.route("/<uuid:journey_id>/passkey/add", methods=["GET", "POST"])
@open_to(Audience.TRAVELLER)
def add_passkey(journey_id: UUID) -> ResponseReturnValue:
    """Keep the passkey that the device made. Whoever signed in too long ago proves the address again first."""
    journey, session, now = enter(journey_id), current_session(), ports().clock.now()
    if request.method != "POST":
        return to_next(journey)
    _count()
    if journey.user is None or session is None or not may_enter(answers_of(journey), Question.PASSKEY):
        return to_next(journey)
    if not browser_sessions.is_recent(session, now=now):
        return prove_again(journey)
    with transaction():
        journey = journeys.held(journey)
        person = accounts.held(journey.user.id) if journey.user is not None else None
        made = passkeys.add(person, answer_sent(), this_place(), name=_("Passkey"), now=now) if person else None
        if made is not None:
            passkey_offers.added(journey)
    if made is None:
        return _page(journey, _with_error(EmptyForm(), _("That passkey could not be added. You can try again")))
    return to_next(journey)


def _is_accepted(journey: Journey, shown: Passkey | None) -> bool | None:
    """Whether the passkey's owner is who this journey may go on as; None when they are, but the account is locked."""
    person = passkeys.person_of(shown) if shown is not None else None
    if person is None:
        return False
    try:
        journeys.enter_by_passkey(journey, accounts.held(person.id), now=ports().clock.now())
    except journeys.JourneyOutOfReach:
        return False
    except journeys.AccountLocked:
        return None
    sign_in_here(journey, person, amr=BY_PASSKEY)
    return True


def _not_accepted(journey: Journey) -> ResponseReturnValue:
    words = _("We could not sign you in with that passkey. Try again, or use your email address")
    if may_enter(answers_of(journey), Question.PASSKEY):
        return _page(journey, _with_error(EmptyForm(), words))
    if may_enter(answers_of(journey), Question.EMAIL):
        return show(journey, Question.EMAIL, _with_error(EmailForm(data={"email": journey.email or ""}), words))
    return to_next(journey)


def _page(journey: Journey, form: EmptyForm) -> ResponseReturnValue:
    held = passkeys.of(journey.user) if journey.user is not None else []
    return show(
        journey,
        Question.PASSKEY,
        form,
        demanded=passkey_offers.is_demanded(journey),
        has_one=bool(held),
        full=len(held) >= passkeys.MOST,
        refuse_url=f"/connect/authorize/{journey.authorization_request_id}/refuse",
    )


def _with_error(form: SomeForm, words: str) -> SomeForm:
    form.form_errors.append(words)
    return form


def _count() -> None:
    with transaction():
        passkeys.count_try(visitor(), now=ports().clock.now())
