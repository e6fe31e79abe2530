"""The pages with questions that help to find the teaching record, and the check of all answers."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from identity_provider.db import transaction
from identity_provider.domain.absence import FurtherAnswers
from identity_provider.domain.questions import Question, may_enter
from identity_provider.domain.values import NationalInsuranceNumber, Trn
from identity_provider.kit.app import ports
from identity_provider.kit.written import written, written_date, written_number
from identity_provider.kit.yes_and_no import HAVE_YOU, NO, YES
from identity_provider.models import Journey
from identity_provider.services import journey_standing, journeys, lookups, statements, submissions
from identity_provider.services.register_search import Occasion
from identity_provider.services.statements import Stated
from identity_provider.vault import vault
from identity_provider.web.sign_in.forms import UNKNOWN, EmptyForm, NinoForm, QtsForm, TrainingForm, TrnForm
from identity_provider.web.sign_in.steps import (
    answered,
    answers_of,
    count_submission,
    page,
    search_register,
    send_to_holder,
    show,
    sign_in_here,
    to,
    to_next,
    url_to_change,
)

_ASKED_BEFORE_NONE = {
    Stated.OTHER_NAMES: Question.OTHER_NAMES,
    Stated.TEACHER_TRAINING: Question.TEACHER_TRAINING,
    Stated.SCHOOL_WORK: Question.SCHOOL_WORK,
}


@page(Question.NINO)
def nino(journey: Journey) -> ResponseReturnValue:
    form = NinoForm(data={"has": _chosen(journey.has_nino), "number": _nino(journey)})
    if not form.validate_on_submit():
        return show(journey, Question.NINO, form)

    def write(journey: Journey) -> None:
        journey.has_nino = form.has.data == YES
        stated = NationalInsuranceNumber.parse(str(form.number.data)).text if journey.has_nino else ""
        if stated != _nino(journey):
            journey.nino_encrypted = vault.seal(stated, statements.NINO_CONTEXT) if stated else None

    return answered(journey, Question.NINO, write)


@page(Question.TRN)
def trn(journey: Journey) -> ResponseReturnValue:
    unknown = journey.has_trn is True and journey.stated_trn is None
    form = TrnForm(data={"has": UNKNOWN if unknown else _chosen(journey.has_trn), "number": journey.stated_trn})
    if not form.validate_on_submit():
        return show(journey, Question.TRN, form)

    def write(journey: Journey) -> None:
        journey.has_trn = form.has.data != NO
        journey.stated_trn = Trn.parse(str(form.number.data)).digits if form.has.data == YES else None

    return answered(journey, Question.TRN, write)


@page(Question.QTS)
def qts(journey: Journey) -> ResponseReturnValue:
    form = QtsForm(data={"has_qts": _chosen(journey.has_qts)})
    if not form.validate_on_submit():
        return show(journey, Question.QTS, form)

    def write(journey: Journey) -> None:
        journey.has_qts = form.has_qts.data == YES
        if not journey.has_qts:
            journey.training_provider = None

    return answered(journey, Question.QTS, write)


@page(Question.TRAINING)
def training(journey: Journey) -> ResponseReturnValue:
    form = TrainingForm(data={"training_provider": journey.training_provider})
    if not form.validate_on_submit():
        return show(journey, Question.TRAINING, form)

    def write(journey: Journey) -> None:
        journey.training_provider = str(form.training_provider.data)

    return answered(journey, Question.TRAINING, write)


@page(Question.CHECK_ANSWERS)
def check_answers(journey: Journey) -> ResponseReturnValue:
    form = EmptyForm()
    if request.method != "POST":
        return show(journey, Question.CHECK_ANSWERS, form, rows=_rows(journey))
    if journey.submitted_at is not None:
        # A second click: what was sent off is sent off.
        return to_next(journey)
    search = None
    if journey_standing.wants_record(journey):
        count_submission(journey)
        search = search_register(journey, Occasion.CHECK_ANSWERS)
    with transaction():
        journey = journeys.held(journey)
        if not may_enter(answers_of(journey), Question.CHECK_ANSWERS):
            return to_next(journey)
        if search is not None and not lookups.is_about(search, journey):
            # Another tab has changed an answer since the register was asked: what is sent off is looked at first.
            return to(journey, Question.CHECK_ANSWERS)
        if journey.submitted_at is None:
            submissions.submit(journey, search, now=ports().clock.now())
        if journey.user is not None and not answers_of(journey).proved:
            sign_in_here(journey, journey.user)
    send_to_holder(journey)
    return to_next(journey)


def _rows(journey: Journey) -> list[dict[str, object]]:
    """What was answered, in the order of the questions, each with its way back."""
    answers = answers_of(journey)
    rows: list[dict[str, object]] = []
    if not answers.known_account:
        rows += [
            _row(journey, Question.EMAIL, _("Email address"), journey.email, change=not answers.has_account),
            *_mobile_row(journey, asked=answers.wants_mobile and not answers.has_account),
            _row(journey, Question.NAME, _("Name"), _full_name(journey)),
            _row(journey, Question.PREVIOUS_NAMES, _("Previous names"), _previous(journey)),
            _row(journey, Question.PREFERRED_NAME, _("Preferred name"), journey.preferred_name),
        ]
        if journey.date_of_birth:
            born = written_date(journey.date_of_birth)
            rows.append(_row(journey, Question.DATE_OF_BIRTH, _("Date of birth"), born))
    if answers.wants_record:
        rows += _record_rows(journey)
    return rows


def _mobile_row(journey: Journey, *, asked: bool) -> list[dict[str, object]]:
    number = written_number(journey.mobile_number) or _("Not given")
    return [_row(journey, Question.MOBILE, _("Mobile number"), number)] if asked else []


def _record_rows(journey: Journey) -> list[dict[str, object]]:
    rows = []
    if journey.has_nino is not None:
        stated = _nino(journey) or _("I do not have or know it")
        rows.append(_row(journey, Question.NINO, _("National Insurance number"), stated))
    if journey.has_trn is not None:
        said = _("I do not know it, or I am not sure") if journey.has_trn else _("I do not have one")
        stated = journey.stated_trn or said
        rows.append(_row(journey, Question.TRN, _("Teacher reference number (TRN)"), stated))
    if journey.has_qts is not None:
        said = str(HAVE_YOU[YES if journey.has_qts else NO])
        rows.append(_row(journey, Question.QTS, _("Qualified teacher status (QTS)"), said))
    if journey.has_qts and journey.training_provider is not None:
        where = journey.training_provider or _("Not given")
        rows.append(_row(journey, Question.TRAINING, _("Where you trained"), where))
    for line, said in statements.further_lines(FurtherAnswers.of(journey.further_answers)).items():
        rows.append(_row(journey, _ASKED_BEFORE_NONE[line], _(line.value), written(said)))
    return rows


def _row(
    journey: Journey, question: Question, key: str, value: str | None, *, change: bool = True
) -> dict[str, object]:
    row: dict[str, object] = {"key": key, "value": value or ""}
    return row | ({"change": url_to_change(journey, question)} if change else {})


def _full_name(journey: Journey) -> str:
    return " ".join(each for each in (journey.first_name, journey.middle_name, journey.last_name) if each)


def _previous(journey: Journey) -> str:
    named = [f"{each['first_name']} {each['last_name']}".strip() for each in journey.previous_names]
    return ", ".join(named) or _("No previous names")


def _nino(journey: Journey) -> str:
    sealed = journey.nino_encrypted
    return vault.unseal(sealed, statements.NINO_CONTEXT) if sealed else ""


def _chosen(answer: bool | None) -> str | None:
    return None if answer is None else YES if answer else NO
