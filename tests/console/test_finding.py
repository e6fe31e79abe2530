"""Finding people by name: what was typed to the letter comes first, and slips are forgiven."""

from __future__ import annotations

import pytest
from flask import Flask

from support_console import people
from tests.builders import a_user


def found(text: str) -> list[str]:
    return [f"{each.first_name} {each.last_name}" for each in people.find(text)]


def test_what_was_typed_to_the_letter_comes_before_what_resembles_it(app: Flask) -> None:
    for number in range(people.MOST_SHOWN + 10):
        a_user(first_name=f"Ann{number}", last_name="Fetherston")
    a_user(first_name="Featherston", last_name="Other")
    a_user(first_name="Zoe", last_name="Featherston")
    assert set(found("Featherston")[:2]) == {"Featherston Other", "Zoe Featherston"}


@pytest.mark.parametrize("typed", ["Featherstone", "Fetherston", "Faetherston", "featherstn", "FEATHERSTON Zoe", "Zoe"])
def test_a_slip_is_forgiven(app: Flask, typed: str) -> None:
    a_user(first_name="Zoe", last_name="Featherston")
    a_user(first_name="Bob", last_name="Brown")
    assert found(typed) == ["Zoe Featherston"]


def test_a_name_of_which_everybody_has_the_beginning_does_not_hide_the_one_that_is_meant(app: Flask) -> None:
    for number in range(120):
        a_user(first_name="Ann", last_name=f"Smithers{chr(97 + number % 26)}{chr(97 + number // 26)}")
    a_user(first_name="Ann", last_name="Smythe")
    assert "Ann Smythe" in found("Smyth")


def test_names_as_long_as_any_may_be_are_kept_and_found(app: Flask) -> None:
    """They stand in an index, whose rows have a greatest length."""
    long = "\U00010400" * 200
    a_user(first_name=long, last_name=long, preferred_name=long)
    assert found("\U00010400" * 200) == [f"{long} {long}"]


def test_one_word_of_several_is_enough_where_nobody_has_them_all(app: Flask) -> None:
    a_user(first_name="Zoe", last_name="Featherston")
    assert found("Featherston Zo") == ["Zoe Featherston"]
