"""Names that a program or a reader of paper wrote otherwise than they were meant."""

from datetime import date

import pytest

from matching import normalise
from tests.kit.people import a_person, a_record, outcome_of
from tests.matching.test_unseen_mistakes import linked


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("O&#39;Brien", "O'Brien"), ("O&apos;Brien", "O'Brien"), ("O&amp;apos;Brien", "O'Brien"),
        ("O&#x27;Brien", "O'Brien"),
        ("O&APOS;BRIEN", "O'Brien"), ("Fran&ccedil;ois", "François"), ("Smith &amp; Jones", "Smith Jones"),
        ("SinÃ©ad", "Sinéad"), ("SINÃ‰AD", "Sinéad"), ("Å\x81ukasz", "Łukasz"), ("TuÄŸba", "Tuğba"),
        ("Oâ€™Carroll", "O'Carroll"),
        ("ÃƒÂ©lodie", "Élodie"),
        ("A1exander", "Alexander"), ("Este1le", "Estelle"), ("0’Brien", "O'Brien"), ("R0bert", "Robert"),
        ("Jame5on", "Jameson"),
        ("Brian™", "Brian"),
    ],
)  # fmt: skip
def test_what_programs_and_scanners_make_of_a_name_is_read_as_the_name(written: str, meant: str) -> None:
    assert normalise.family_name(written) == normalise.family_name(meant)
    assert normalise.given_name(written) == normalise.given_name(meant)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("André’s", "andres"), ("Smith2", "smith"), ("John 2nd", "john nd"), ("Ann 0 Lee", "ann lee"),
        ("José Núñez", "jose nunez"),
        ("Ã", "a"), ("\xc0\xaf", "a"), ("Smith & Jones", "smith jones"), ("&#xD800;", ""),
    ],
)  # fmt: skip
def test_what_only_looks_like_that_stays_as_it_is(written: str, read: str) -> None:
    assert normalise.fold(written) == read


def test_a_digit_for_a_letter_is_no_second_given_name() -> None:
    estelle = a_record(first_name="Estelle", middle_name="Moira")
    assert linked(outcome_of(a_person(estelle, first_name="Este1le", trn=estelle.trn), estelle)) == estelle.trn


@pytest.mark.parametrize(("typed", "held"), [("AurÃ©lie", "Aurélie"), ("Aurélie", "AurÃ©lie")])
def test_a_name_in_another_encoding_is_linked_on_either_side(typed: str, held: str) -> None:
    record = a_record(first_name=held)
    assert linked(outcome_of(a_person(record, first_name=typed), record)) == record.trn


MISREAD = [
    ("Jarnes", "James"), ("Zelcla", "Zelda"), ("Micliael", "Michael"), ("Rovvena", "Rowena"), ("Anclrew", "Andrew"),
    ("Irnogen", "Imogen"), ("Parnela", "Pamela"), ("Miliai", "Mihai"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "held"), MISREAD)
def test_two_letters_that_look_like_one_are_one_slip(typed: str, held: str) -> None:
    record = a_record(first_name=held, middle_name="")
    assert linked(outcome_of(a_person(record, first_name=typed, trn=record.trn), record)) == record.trn


def test_a_name_that_looks_like_another_and_is_one_is_another() -> None:
    clara = a_record(first_name="Dara", middle_name="")
    few = [
        a_record(trn=f"300000{n}", first_name="Clara", date_of_birth=date(1960 + n, 2, 3), nino="") for n in range(5)
    ]
    assert linked(outcome_of(a_person(clara, first_name="Clara", trn=clara.trn), clara, *few)) is None
