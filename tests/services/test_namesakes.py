"""Whether somebody may have an account already: names are compared by the matcher's own comparisons."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from identity_provider.models import Journey
from identity_provider.services.accounts import namesake
from tests.builders import NOW, a_user

BORN = date(1985, 3, 4)


def says(first: str, last: str, born: date | None = BORN) -> Journey:
    return Journey(first_name=first, middle_name="", last_name=last, date_of_birth=born, email="new@example.com")


@pytest.mark.parametrize(
    ("first", "last"),
    [("Katherine", "Bush"), ("kate", "BUSH"), ("Catherine", "Bush"), ("Kathryn Rose", "Bush"), ("Kate", "Bush-Jones")],
)
def test_another_form_of_the_name_is_the_same_person_s(app: Flask, first: str, last: str) -> None:
    known = a_user(first_name="Kate", last_name="Bush", date_of_birth=BORN, email_verified_at=NOW)
    assert namesake(says(first, last)) == known


@pytest.mark.parametrize(
    ("first", "last", "born"),
    [("Kate", "Bushe", BORN), ("Gareth", "Bush", BORN), ("Kate", "Jones", BORN), ("Kate", "Bush", date(1985, 3, 5)),
     ("Kate", "Bush", None), ("", "", BORN), ("K", "Bush", BORN)],
)  # fmt: skip
def test_another_name_or_birthday_is_another_person_s(app: Flask, first: str, last: str, born: date | None) -> None:
    a_user(first_name="Kate", last_name="Bush", date_of_birth=BORN, email_verified_at=NOW)
    assert namesake(says(first, last, born)) is None
