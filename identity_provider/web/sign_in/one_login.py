"""The page that asks whether the GOV.UK One Login somebody came by shall open their account."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.questions import Question, may_enter
from identity_provider.kit.app import ports
from identity_provider.kit.session import current_session
from identity_provider.models import Journey
from identity_provider.services import browser_sessions, journeys, one_login_journeys
from identity_provider.web.sign_in.forms import EmptyForm
from identity_provider.web.sign_in.steps import answers_of, page, prove_again, search_for_known, show, to_next


@page(Question.CONNECT_ONE_LOGIN)
def connect_one_login(journey: Journey) -> ResponseReturnValue:
    told, session, now = one_login_journeys.told_in(journey), current_session(), ports().clock.now()
    if request.method != "POST" and told is not None:
        account = journey.user.email if journey.user is not None else ""
        return show(journey, Question.CONNECT_ONE_LOGIN, EmptyForm(), address=told.email, account=account)
    wanted = request.form.get("next") == "connect"
    if wanted and (session is None or not browser_sessions.is_recent(session, now=now)):
        return prove_again(journey)
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.CONNECT_ONE_LOGIN):
            return to_next(journey)
        one_login_journeys.answer(journey, session, connect=wanted, now=now)
    search_for_known(journey)
    return to_next(journey)
