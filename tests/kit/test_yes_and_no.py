"""Yes and no in Welsh: the verb of the question comes back, and never one word for all of them."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale

from identity_provider.domain.absence import SchoolWork, Training
from identity_provider.kit.forms import Form
from identity_provider.kit.written import written
from identity_provider.kit.yes_and_no import COULD_IT, HAVE_YOU, IS_THERE, NO, WAS_IT, YES
from identity_provider.web.sign_in import forms


def said(answers: dict[str, object], language: str) -> tuple[str, str]:
    with force_locale(language):
        return str(answers[YES]), str(answers[NO])


@pytest.mark.parametrize(
    ("answers", "welsh"),
    [
        (HAVE_YOU, ("Ydw", "Nac ydw")),
        (IS_THERE, ("Oes", "Nac oes, neu nid wyf yn ei wybod")),
        (COULD_IT, ("Gallai", "Na allai")),
        (WAS_IT, ("Do", "Naddo")),
    ],
)
def test_each_question_is_answered_by_its_verb(app: Flask, answers: dict[str, object], welsh: tuple[str, str]) -> None:
    with app.test_request_context():
        assert said(answers, "cy") == welsh
        assert said(answers, "en") == ("Yes", (welsh[1].startswith("Nac oes") and "No, or I do not know it") or "No")


def test_no_form_of_the_journey_says_yes_or_no_without_its_question(app: Flask) -> None:
    with app.test_request_context(), force_locale("cy"):
        words = {
            str(choice.label)
            for form in vars(forms).values()
            if isinstance(form, type) and issubclass(form, Form)
            for field in form()
            for choice in getattr(field, "choices", None) or ()
        }
        assert words & {"Ie", "Na", "Yes", "No"} == set()
        assert {written(Training.NO.words), written(SchoolWork.NO.words)} == {"Nac ydw"}
