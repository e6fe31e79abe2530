"""The pages at the end: nothing found, a record that another account has, what comes next, and the way back."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.lookup import LookupReason, LookupStatus
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.app import ports, settings
from identity_provider.models import Journey
from identity_provider.services import journey_standing, journeys, submissions, support_tickets
from identity_provider.services.journey_codes import CodeFor
from identity_provider.web.sign_in.codes import code_page
from identity_provider.web.sign_in.forms import ChooseEmailForm, EmptyForm
from identity_provider.web.sign_in.steps import answers_of, page, search_for_known, show, sign_in_here, to, to_next


@page(Question.NO_MATCH)
def no_match(journey: Journey) -> ResponseReturnValue:
    form = EmptyForm()
    if request.method != "POST":
        return show(journey, Question.NO_MATCH, form, tries_left=journey_standing.SUBMISSIONS - journey.submissions)
    change = request.form.get("next") == "change"
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.NO_MATCH):
            return to_next(journey)
        if change:
            journeys.answers_changed(journey)
        else:
            submissions.go_on(journey, now=ports().clock.now())
    return to(journey, Question.CHECK_ANSWERS) if change else to_next(journey)


@page(Question.TRN_IN_USE)
def trn_in_use(journey: Journey) -> ResponseReturnValue:
    if request.form.get("next") != "no-access":
        return code_page(journey, Question.TRN_IN_USE, CodeFor.TRN_HOLDER, journeys.prove_other)
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.TRN_IN_USE):
            return to_next(journey)
        submissions.give_up_holder(journey, now=ports().clock.now())
        if journey.user is not None and not answers_of(journey).proved:
            sign_in_here(journey, journey.user)
    return to_next(journey)


@page(Question.CHOOSE_EMAIL)
def choose_email(journey: Journey) -> ResponseReturnValue:
    form = ChooseEmailForm(data={"email": journey.email})
    form.email.offer({address: address for address in submissions.addresses(journey)})
    if not form.validate_on_submit():
        return show(journey, Question.CHOOSE_EMAIL, form)
    with transaction():
        journey = journeys.held_with_other(journey)
        if not may_enter(answers_of(journey), Question.CHOOSE_EMAIL):
            return to_next(journey)
        person = submissions.keep_address(journey, str(form.email.data), now=ports().clock.now())
        sign_in_here(journey, person)
    search_for_known(journey)
    return to_next(journey)


@page(Question.OUTCOME)
def outcome(journey: Journey) -> ResponseReturnValue:
    form = EmptyForm()
    if request.method != "POST":
        return _show_outcome(journey, form)
    with transaction():
        journey = journeys.held(journey)
        if request.form.get("next") == "change" and journey_standing.may_look_again(journey):
            journeys.answers_changed(journey)
        elif journey_standing.lets_return(journey):
            journey.outcome_seen_at = ports().clock.now()
    return to_next(journey)


def _show_outcome(journey: Journey, form: EmptyForm) -> ResponseReturnValue:
    user = journey.user
    case = support_tickets.open_case_of(user) if user is not None else None
    return show(
        journey,
        Question.OUTCOME,
        form,
        status=user.lookup_status if user else LookupStatus.PENDING,
        unavailable=user is not None and user.lookup_reason is LookupReason.REGISTER_UNAVAILABLE,
        contested=journey_standing.is_left_to_helpdesk(journey),
        reference=case.reference if case else None,
        address=user.email if user else "",
        lets_return=journey_standing.lets_return(journey),
        weak=journey_standing.is_step_up(journey),
        may_change=journey_standing.may_look_again(journey),
        refuse_url=f"/connect/authorize/{journey.authorization_request_id}/refuse",
        support=settings().support_email,
    )
