"""The mobile number of somebody new, if their service asks for one and they like to give it: a second contact."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from identity_provider.domain.questions import Answers
from identity_provider.models import Journey
from identity_provider.services import consents


def with_mobile(answers: Answers, journey: Journey) -> Answers:
    """The answers with what is known of a number."""
    number = journey.mobile_number
    return replace(
        answers,
        wants_mobile="phone" in consents.asked_for(journey.authorization_request),
        has_mobile=None if number is None else bool(number),
        mobile_proved=journey.mobile_proved_at is not None,
    )


def state(journey: Journey, number: str) -> None:
    """Take a number that is to be proved; an empty one says that they want to give none."""
    if number != journey.mobile_number:
        journey.mobile_number, journey.mobile_proved_at = number, None


def prove(journey: Journey, *, now: datetime) -> None:
    """The code that went to the number came back."""
    journey.mobile_proved_at = now
