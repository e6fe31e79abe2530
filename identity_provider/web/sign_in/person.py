"""The pages on which a new person says who they are."""

from __future__ import annotations

from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.domain.questions import Question
from identity_provider.kit.yes_and_no import NO, YES
from identity_provider.models import Journey
from identity_provider.services import journeys
from identity_provider.services.journey_codes import CodeFor
from identity_provider.web.sign_in.codes import code_page
from identity_provider.web.sign_in.forms import (
    DateOfBirthForm,
    ExistingAccountForm,
    NameForm,
    PreferredNameForm,
    PreviousNamesForm,
)
from identity_provider.web.sign_in.steps import answered, may_look_for_namesake, page, send_quietly, show


@page(Question.NAME)
def name(journey: Journey) -> ResponseReturnValue:
    form = NameForm(
        data={
            "first_name": journey.first_name,
            "middle_name": journey.middle_name,
            "last_name": journey.last_name,
        }
    )
    if not form.validate_on_submit():
        return show(journey, Question.NAME, form)

    stated = (str(form.first_name.data), str(form.middle_name.data), str(form.last_name.data))
    changed = stated != (journey.first_name, journey.middle_name, journey.last_name)
    offer = changed and may_look_for_namesake(journey)

    def write(journey: Journey) -> None:
        if not changed:
            return
        journey.first_name, journey.middle_name, journey.last_name = stated
        # The name to use was chosen among forms of the old one.
        journey.preferred_name = None
        journeys.identity_changed(journey, offer=offer)

    return answered(journey, Question.NAME, write)


@page(Question.PREVIOUS_NAMES)
def previous_names(journey: Journey) -> ResponseReturnValue:
    form = PreviousNamesForm(data=_previous_names(journey))
    if not form.validate_on_submit():
        return show(journey, Question.PREVIOUS_NAMES, form)

    def write(journey: Journey) -> None:
        journey.has_previous_names = form.changed.data == YES
        journey.previous_names = form.names()

    return answered(journey, Question.PREVIOUS_NAMES, write)


@page(Question.PREFERRED_NAME)
def preferred_name(journey: Journey) -> ResponseReturnValue:
    offered = _forms_of_name(journey)
    known = journey.preferred_name
    chosen = next((key for key, text in offered.items() if text == known), "other" if known else None)
    form = PreferredNameForm(data={"choice": chosen, "other": known if chosen == "other" else ""})
    form.choice.offer(offered | {"other": _("Something else")})
    if not form.validate_on_submit():
        return show(journey, Question.PREFERRED_NAME, form)

    def write(journey: Journey) -> None:
        journey.preferred_name = offered.get(str(form.choice.data)) or str(form.other.data)

    return answered(journey, Question.PREFERRED_NAME, write)


@page(Question.DATE_OF_BIRTH)
def date_of_birth(journey: Journey) -> ResponseReturnValue:
    form = DateOfBirthForm(data={"date_of_birth": journey.date_of_birth})
    if not form.validate_on_submit():
        return show(journey, Question.DATE_OF_BIRTH, form)

    changed = journey.date_of_birth != form.date_of_birth.data
    offer = changed and may_look_for_namesake(journey)

    def write(journey: Journey) -> None:
        if not changed:
            return
        journey.date_of_birth = form.date_of_birth.data
        journeys.identity_changed(journey, offer=offer)

    return answered(journey, Question.DATE_OF_BIRTH, write)


@page(Question.EXISTING_ACCOUNT)
def existing_account(journey: Journey) -> ResponseReturnValue:
    declined = journey.existing_account_declined
    form = ExistingAccountForm(data={"mine": None if declined is None else NO if declined else YES})
    if not form.validate_on_submit():
        address = journey.existing_account.email if journey.existing_account else ""
        return show(journey, Question.EXISTING_ACCOUNT, form, address=address)
    mine = form.mine.data == YES

    def write(journey: Journey) -> None:
        journey.existing_account_declined = not mine

    response = answered(journey, Question.EXISTING_ACCOUNT, write)
    if mine:
        send_quietly(journey, CodeFor.EXISTING_ACCOUNT)
    return response


@page(Question.EXISTING_ACCOUNT_CODE)
def existing_account_code(journey: Journey) -> ResponseReturnValue:
    return code_page(journey, Question.EXISTING_ACCOUNT_CODE, CodeFor.EXISTING_ACCOUNT, journeys.prove_other)


def _previous_names(journey: Journey) -> dict[str, str | None]:
    kept = [*journey.previous_names, {}, {}]
    changed = journey.has_previous_names
    return {
        "changed": None if changed is None else YES if changed else NO,
        "previous_first_name": kept[0].get("first_name", ""),
        "previous_last_name": kept[0].get("last_name", ""),
        "other_last_name": kept[1].get("last_name", ""),
    }


def _forms_of_name(journey: Journey) -> dict[str, str]:
    short = f"{journey.first_name} {journey.last_name}"
    full = f"{journey.first_name} {journey.middle_name} {journey.last_name}"
    return {"short": short[:200]} | ({"full": full[:200]} if journey.middle_name else {})
