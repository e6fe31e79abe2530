"""The page that asks whether the GOV.UK One Login somebody came by shall open their account."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.app import ports
from identity_provider.kit.session import current_session
from identity_provider.models import Journey
from identity_provider.services import journeys, one_login_journeys
from identity_provider.web.sign_in.forms import EmptyForm
from identity_provider.web.sign_in.steps import answers_of, page, search_for_known, show, to_next


@page(Question.CONNECT_ONE_LOGIN)
def connect_one_login(journey: Journey) -> ResponseReturnValue:
    told = one_login_journeys.told_in(journey)
    if request.method != "POST" and told is not None:
        account = journey.user.email if journey.user is not None else ""
        return show(journey, Question.CONNECT_ONE_LOGIN, EmptyForm(), address=told.email, account=account)
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.CONNECT_ONE_LOGIN):
            return to_next(journey)
        wanted = request.form.get("next") == "connect"
        one_login_journeys.answer(journey, current_session(), connect=wanted, now=ports().clock.now())
    search_for_known(journey)
    return to_next(journey)
