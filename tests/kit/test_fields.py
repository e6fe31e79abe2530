"""Fields take what people type, and refuse the rest in their words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from identity_provider.kit.fields import CleanText
from identity_provider.kit.forms import Form
from tests.kit.gallery import EverythingForm, a_gallery

GALLERY = a_gallery()
RIGHT = {
    "email": "a@example.com",
    "code": "123456",
    "first_name": "Siân",
    "date_of_birth-day": "27",
    "date_of_birth-month": "3",
    "date_of_birth-year": "1985",
    "changed": "no",
    "provider": "1",
}


@dataclass
class Outcome:
    """A form after it was posted, and what its error summary would say."""

    form: EverythingForm
    summary: list[dict[str, object]]


def post(**replaced: str) -> Outcome:
    """RIGHT with some answers replaced."""
    with GALLERY.test_request_context("/everything", method="POST"):
        form = EverythingForm(MultiDict(RIGHT | replaced))
        form.validate()
        return Outcome(form, form.error_list())


def post_date(day: str, month: str, year: str) -> Outcome:
    return post(**{"date_of_birth-day": day, "date_of_birth-month": month, "date_of_birth-year": year})


def error_for(field: str, text: str) -> str:
    """What the field says to a wrong text; blank when it takes it."""
    errors = post(**{field: text}).form[field].errors
    return str(errors[0]) if errors else ""


def test_right_answers_are_taken() -> None:
    outcome = post()
    assert outcome.summary == []
    assert outcome.form.date_of_birth.data == date(1985, 3, 27)


@pytest.mark.parametrize("month", ["3", "03", "mar", "March", "MARCH.", "３", " 3 ", "Mawrth"])
def test_a_month_may_be_a_number_or_a_name(month: str) -> None:
    assert post_date("27", month, "1985").form.date_of_birth.data == date(1985, 3, 27)


@pytest.mark.parametrize(
    ("typed", "part", "words"),
    [
        (("", "", ""), "day", "Enter your date of birth"),
        (("27", "", "1985"), "month", "Your date of birth must include a month"),
        (("27", "", ""), "month", "Your date of birth must include a month and a year"),
        (("32", "3", "1985"), "day", "Day must be a number from 1 to 31"),
        (("x", "y", "z"), "day", "Day must be a number from 1 to 31"),
        (("27", "13", "1985"), "month", "Month must be a number from 1 to 12, or a name like January"),
        (("27", "foo", "1985"), "month", "Month must be a number from 1 to 12, or a name like January"),
        (("27", "3", "85"), "year", "Year must have 4 numbers, like 1985"),
        (("27", "3", "0000"), "day", "Enter a date that exists"),
        (("31", "2", "1985"), "day", "Enter a date that exists"),
        (("27", "3", "2999"), "day", "Your date of birth must be in the past"),
        (("27", "3", "1899"), "year", "Your date of birth must be in 1900 or later"),
    ],
)
def test_a_wrong_date_is_refused_at_the_box_to_mend(typed: tuple[str, str, str], part: str, words: str) -> None:
    outcome = post_date(*typed)
    assert outcome.summary == [{"text": words, "href": f"#date_of_birth-{part}"}]
    assert outcome.form.date_of_birth.data is None


def test_a_date_that_is_known_fills_the_boxes() -> None:
    with GALLERY.test_request_context("/everything"):
        form = EverythingForm(data={"date_of_birth": date(1985, 3, 27)})
    assert form.date_of_birth.parts == {"day": "27", "month": "3", "year": "1985"}


@given(*[st.text(max_size=30)] * 3)
def test_no_date_whatever_it_says_breaks_the_form(day: str, month: str, year: str) -> None:
    found = post_date(day, month, year).form.date_of_birth.data
    assert found is None or isinstance(found, date)


@given(st.sampled_from(["email", "code", "first_name", "notes", "changed", "provider", "trn"]), st.text(max_size=300))
def test_no_text_whatever_it_says_breaks_the_form(field: str, text: str) -> None:
    kept = post(**{field: text}).form.data[field]
    assert "\0" not in (kept or "")


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "１２３４５６", "12\u200b3456", "123–456"])
def test_a_code_may_be_typed_in_many_ways(typed: str) -> None:
    assert post(code=typed).form.code.data == "123456"


def test_a_code_with_letters_is_refused() -> None:
    assert error_for("code", "12E456") == "Enter the code using numbers only"


@pytest.mark.parametrize(
    "typed", [" Anna@Example.COM ", "mailto:anna@example.com", "<anna@example.com>", "ａnna@example.com"]
)
def test_an_email_address_is_tidied(typed: str) -> None:
    assert post(email=typed).form.email.data == "anna@example.com"


@pytest.mark.parametrize(
    "typed", ["anna", "anna@", "@example.com", "a b@example.com", "anna@example", "a@b@example.com"]
)
def test_what_could_not_be_an_email_address_is_refused(typed: str) -> None:
    assert error_for("email", typed) == "Enter an email address in the correct format, like name@example.com"


@pytest.mark.parametrize("name", ["Siân", "O’Neill", "Nguyễn Thị Minh", "محمد", "李小龍", "Åsa-Marie", "X Æ"])
def test_a_name_may_be_in_any_alphabet(name: str) -> None:
    assert post(first_name=name).form.first_name.data == name


def test_text_is_trimmed_and_its_invisible_characters_removed() -> None:
    assert post(first_name="  Anna \u200b  Maria\ufeff ").form.first_name.data == "Anna Maria"


@pytest.mark.parametrize("bad", ["An\0na", "An\x07na", "An\ud800na"])
def test_text_that_cannot_be_read_is_refused_and_not_kept(bad: str) -> None:
    assert error_for("first_name", bad) == "Remove characters that cannot be read, then try again"
    assert post(first_name=bad).form.first_name.data == "Anna"


def test_text_that_is_too_long_is_refused() -> None:
    assert error_for("first_name", "a" * 200) == ""
    assert error_for("first_name", "a" * 201) == "Enter 200 characters or fewer"


def test_several_lines_are_kept_where_they_are_asked_for() -> None:
    assert post(notes="one\r\n\r\n two \r\n").form.notes.data == "one\n\ntwo"


def test_an_empty_answer_is_refused_in_the_words_of_the_question() -> None:
    assert error_for("first_name", " ") == "Enter your first name"
    assert error_for("changed", "") == "Select yes if your name has changed"


def test_an_answer_that_was_not_offered_is_refused() -> None:
    assert error_for("changed", "forged") == "Select yes if your name has changed"
    assert error_for("provider", "forged") == "Choose one"


def test_a_value_refuses_in_its_own_words() -> None:
    assert error_for("trn", "12") == "A TRN is 7 digits long, for example 1234567 or RP12/34567"
    assert error_for("trn", "") == ""


def test_a_form_that_was_not_posted_is_empty_and_not_none() -> None:
    class NotesForm(Form):
        notes = CleanText("Notes")

    with GALLERY.test_request_context("/everything"):
        assert NotesForm().notes.data == ""
