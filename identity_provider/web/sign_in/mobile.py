"""The pages on which somebody new may give a mobile number; nothing waits for it, nor for a text message."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from identity_provider.domain.questions import Question
from identity_provider.kit.app import ports
from identity_provider.models import Journey
from identity_provider.services import journey_mobile
from identity_provider.services.journey_codes import CodeFor
from identity_provider.web.sign_in.codes import code_page
from identity_provider.web.sign_in.forms import MobileForm
from identity_provider.web.sign_in.steps import answered, page, send_quietly, show


@page(Question.MOBILE)
def mobile(journey: Journey) -> ResponseReturnValue:
    if _goes_on_without():
        return _without(journey, Question.MOBILE)
    form = MobileForm(data={"mobile": journey.mobile_number})
    if not form.validate_on_submit():
        return show(journey, Question.MOBILE, form)
    number = str(form.mobile.data)
    is_new = number != journey.mobile_number

    def write(journey: Journey) -> None:
        journey_mobile.state(journey, number)

    response = answered(journey, Question.MOBILE, write)
    if is_new:
        send_quietly(journey, CodeFor.MOBILE)
    return response


@page(Question.MOBILE_CODE)
def mobile_code(journey: Journey) -> ResponseReturnValue:
    if _goes_on_without():
        return _without(journey, Question.MOBILE_CODE)
    return code_page(journey, Question.MOBILE_CODE, CodeFor.MOBILE, _prove)


def _goes_on_without() -> bool:
    return request.method == "POST" and request.form.get("next") == "without"


def _without(journey: Journey, question: Question) -> ResponseReturnValue:
    def write(journey: Journey) -> None:
        journey_mobile.state(journey, "")

    return answered(journey, question, write)


def _prove(journey: Journey) -> None:
    journey_mobile.prove(journey, now=ports().clock.now())
