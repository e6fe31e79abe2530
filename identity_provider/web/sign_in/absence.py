"""The pages that are asked before anybody is taken for a person without a record (domain/absence.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask.typing import ResponseReturnValue

from identity_provider.domain.absence import FurtherAnswers, SchoolWork, Training
from identity_provider.domain.questions import Question
from identity_provider.kit.yes_and_no import NO, YES
from identity_provider.models import Journey
from identity_provider.web.sign_in.forms import (
    OtherNamesForm,
    SchoolWorkForm,
    TeacherTrainingForm,
    TrainingDetailsForm,
)
from identity_provider.web.sign_in.steps import answered, page, show


@page(Question.OTHER_NAMES)
def other_names(journey: Journey) -> ResponseReturnValue:
    names = FurtherAnswers.of(journey.further_answers).other_names
    first = names[0] if names else {}
    form = OtherNamesForm(
        data={
            "other_names": None if names is None else YES if names else NO,
            "other_first_name": first.get("first_name", ""),
            "other_last_name": first.get("last_name", ""),
        }
    )
    if not form.validate_on_submit():
        return show(journey, Question.OTHER_NAMES, form)
    name = {"first_name": str(form.other_first_name.data), "last_name": str(form.other_last_name.data)}
    given = (name,) if form.other_names.data == YES else ()
    return _answered(journey, Question.OTHER_NAMES, lambda before: replace(before, other_names=given))


@page(Question.TEACHER_TRAINING)
def teacher_training(journey: Journey) -> ResponseReturnValue:
    form = TeacherTrainingForm(data={"training": FurtherAnswers.of(journey.further_answers).training})
    if not form.validate_on_submit():
        return show(journey, Question.TEACHER_TRAINING, form)
    training = Training(str(form.training.data))

    def write(before: FurtherAnswers) -> FurtherAnswers:
        if training is before.training:
            return before
        # Where and when was said of another answer.
        return replace(before, training=training, training_where=None, training_when="", recognised=None)

    return _answered(journey, Question.TEACHER_TRAINING, write)


@page(Question.TRAINING_DETAILS)
def training_details(journey: Journey) -> ResponseReturnValue:
    known = FurtherAnswers.of(journey.further_answers)
    said = None if known.recognised is None else YES if known.recognised else NO
    form = TrainingDetailsForm(
        data={"where": known.training_where, "when": known.training_when, "recognised": said},
    )
    if known.training is not Training.ELSEWHERE:
        del form.recognised
    if not form.validate_on_submit():
        return show(journey, Question.TRAINING_DETAILS, form, elsewhere=known.training is Training.ELSEWHERE)
    where, when = str(form.where.data), str(form.when.data)
    recognised = None if known.training is not Training.ELSEWHERE else form.recognised.data == YES

    def write(before: FurtherAnswers) -> FurtherAnswers:
        if before.training is not known.training:
            # Another tab has changed what this is about.
            return before
        return replace(before, training_where=where, training_when=when, recognised=recognised)

    return _answered(journey, Question.TRAINING_DETAILS, write)


@page(Question.SCHOOL_WORK)
def school_work(journey: Journey) -> ResponseReturnValue:
    known = FurtherAnswers.of(journey.further_answers)
    form = SchoolWorkForm(data={"work": known.school_work, "role": known.school_role})
    if not form.validate_on_submit():
        return show(journey, Question.SCHOOL_WORK, form)
    work = SchoolWork(str(form.work.data))
    role = str(form.role.data) if work is SchoolWork.OTHER else ""
    return _answered(journey, Question.SCHOOL_WORK, lambda before: replace(before, school_work=work, school_role=role))


def _answered(
    journey: Journey, question: Question, change: Callable[[FurtherAnswers], FurtherAnswers]
) -> ResponseReturnValue:
    """Write one answer beside the others as they are by then: another tab may have answered meanwhile."""

    def write(journey: Journey) -> None:
        journey.further_answers = change(FurtherAnswers.of(journey.further_answers)).as_kept()

    return answered(journey, question, write)
