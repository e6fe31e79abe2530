"""Other forms of names."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import given_names
from matching.given_names import are_family_name_forms, are_given_name_forms, are_often_two_people, given_name_forms
from matching.normalise import given_name

KNOWN = sorted({*given_names._GIVEN, *given_names._SHORT, *given_names._EQUIVALENT})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kate", "katherine"), ("kate", "catherine"), ("bob", "robert"), ("muhammad", "mohammed"),
        ("claire", "clare"), ("stephen", "steven"), ("kate", "katie"), ("aisha", "ayesha"),
    ],
)  # fmt: skip
def test_short_forms_and_spellings_are_one_person_s(one: str, other: str) -> None:
    assert are_given_name_forms(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("albert", "alan"), ("susan", "hannah"), ("alexander", "sandra"), ("emma", "gemma")]
)
def test_two_formal_names_stay_two(one: str, other: str) -> None:
    assert not are_given_name_forms(one, other)


def test_family_names_have_spellings() -> None:
    assert are_family_name_forms("choudhry", "chowdhury")
    assert not are_family_name_forms("smith", "jones")
    for one, other in (("mckay", "mackay"), ("macpherson", "mcpherson")):
        assert are_family_name_forms(one, other)
        assert are_family_name_forms(other, one)
    assert not are_family_name_forms("macey", "mcey")


@settings(deadline=None)
@given(st.sampled_from(KNOWN))
def test_forms_are_mutual_and_never_the_name_itself(name: str) -> None:
    forms = given_name_forms(name)
    assert name not in forms
    assert all(name in given_name_forms(form) for form in forms)


def test_every_listed_name_is_in_canonical_form() -> None:
    assert all(name.isalpha() and name.isascii() and name.islower() for name in KNOWN)


@pytest.mark.parametrize(
    ("short", "formal"),
    [
        ("gill", "gillian"), ("kath", "kathleen"), ("cath", "catherine"), ("pippa", "philippa"), ("bev", "beverley"),
        ("raj", "rajesh"), ("shaz", "sharon"), ("seun", "oluwaseun"), ("kasia", "katarzyna"),
        ("costas", "konstantinos"), ("iain", "ian"), ("alasdair", "alistair"),
    ],
)  # fmt: skip
def test_short_forms_that_are_usual_in_britain_are_known(short: str, formal: str) -> None:
    assert are_given_name_forms(short, formal)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vari", "mhairi"),
        ("ailey", "eilidh"),
        ("owen", "eoin"),
        ("dermot", "diarmuid"),
        ("basil", "vasileios"),
        ("efa", "aoife"),
    ],
)
def test_names_from_elsewhere_are_spelled_as_they_sound(one: str, other: str) -> None:
    assert are_given_name_forms(one, other)
    assert not are_often_two_people(one, given_name(other))


@pytest.mark.parametrize(
    ("one", "other"), [("sean", "john"), ("sinead", "jane"), ("hamish", "james"), ("mairead", "margaret")]
)
def test_an_english_name_beside_one_in_another_tongue_may_be_a_brother_s(one: str, other: str) -> None:
    assert are_given_name_forms(one, other)
    assert are_often_two_people(one, given_name(other))
    assert not are_given_name_forms("sean", "jack"), "that Sean is John makes him no Jack"


@pytest.mark.parametrize(("one", "other"), [("bethan", "bethany"), ("charlotte", "charles"), ("gillian", "gilbert")])
def test_a_short_form_that_two_names_share_makes_them_no_forms_of_each_other(one: str, other: str) -> None:
    assert not are_given_name_forms(one, other)
