"""Canonical forms: the same by whichever way something was written."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import normalise

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O’Brien", "O'Brien"), ("O'Brien", "OBrien"), ("O Brien", "obrien"), ("D’Angelo", "D Angelo"),
        ("Smith-Jones", "Smith Jones"), ("Smith–Jones", "SMITH  JONES"), ("Müller", "Muller"),
        ("Wałęsa", "Walesa"), ("Strauß", "Strauss"), ("Sørensen", "Sorensen"), ("Þórsson", "Thorsson"),
        ("Yılmaz", "Yilmaz"), ("İnce", "ince"), ("Mc Donald", "McDonald"), ("Ｓｍｉｔｈ", "Smith"),
        ("Smith PGCE", "Smith"), ("Dr Smith", "Smith"), ("Smith Jr.", "Smith"),
    ],
)  # fmt: skip
def test_family_names_written_in_two_ways_are_one(one: str, other: str) -> None:
    assert normalise.family_name(one).joined == normalise.family_name(other).joined


def test_a_title_stays_when_nothing_else_remains() -> None:
    assert normalise.family_name("Dr").joined == "dr"


def test_a_double_barrelled_name_is_its_words_and_their_concatenation() -> None:
    assert normalise.family_name("Smith-van der Berg").forms == ("smithvanderberg", "smith", "berg")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("1234567", "1234567"), ("RP 12/34567", "1234567"), ("01/23456", "0123456"), ("12345", "0012345"),
        ("１２３４５６７", "1234567"),
        ("12345678", ""), ("1234", ""), ("0000000", ""), ("", ""), ("none", ""),
    ],
)  # fmt: skip
def test_a_trn_is_the_digits_of_anything(typed: str, read: str) -> None:
    found = normalise.trn(typed)
    assert (found.value if found else "") == read


def test_a_short_trn_is_marked_as_padded() -> None:
    assert normalise.trn("241845") == normalise.Trn("0241845", padded=True, given="241845")


@pytest.mark.parametrize(
    ("typed", "value", "well_formed"),
    [
        ("ab 12 34 56 c", "AB123456", True), ("AB-12-34-56", "AB123456", True),
        ("QQ123456C", "QQ123456", False),
        ("BG123456A", "BG123456", False), ("AB123456Z", "AB123456", False),
    ],
)  # fmt: skip
def test_a_national_insurance_number_is_compared_without_its_suffix(typed: str, value: str, well_formed: bool) -> None:
    assert normalise.nino(typed) == normalise.Nino(value, well_formed)


@pytest.mark.parametrize(("typed", "whole"), [
    ("ab 12-34-56 c", "AB123456C"), ("AB 12 34 56", "AB123456"),
    ("AB12345O C", "AB123450C"), ("QQ123456c", "QQ123456C"),
])  # fmt: skip
def test_a_national_insurance_number_is_written_with_the_suffix_that_was_given(typed: str, whole: str) -> None:
    read = normalise.nino(typed)
    assert read is not None
    assert read.whole == whole


@pytest.mark.parametrize("typed", ["", "AB12345C", "123456789", "AB1234567C", "don't know"])
def test_what_is_no_national_insurance_number_is_not_read(typed: str) -> None:
    assert normalise.nino(typed) is None


@pytest.mark.parametrize("born", [date(1, 1, 1), date(1899, 12, 31), date(9999, 12, 31), date(2026, 11, 23)])
def test_nobody_was_born_then(born: date) -> None:
    assert normalise.birth_date(born, TODAY) is None


@pytest.mark.parametrize("written", [
    "1980-05-09", " 1980-05-09 ", "1980-5-9", "19800509", "9/5/1980", "09/05/1980", "09.05.1980", "9.5.1980",
    "1980-05-09T00:00:00", "1980-05-09 00:00", "1980-05-09T00:00:00.000Z", "09/05/1980 00:00:00",
    "０９／０５／１９８０",
])  # fmt: skip
def test_a_date_is_read_as_people_and_spreadsheets_write_it(written: str) -> None:
    assert normalise.read_date(written) == date(1980, 5, 9)


@pytest.mark.parametrize("written", [
    "", "19800505ab", "1980-05-09ab", "1980-05-0912", "1980-W20-1", "1980W201", "1980-130", "1980-05", "9/5/80",
    "1/2/3", "9 May 1980", "5/23/1980", "31/02/1980", "1980-02-30", "0000-01-01", "9/5.1980", "9-5-1980", "1980/05/09",
    "٩/٥/١٩٨٠", "1980-05-09T", "1980-05-09 or so",
])  # fmt: skip
def test_what_only_resembles_a_date_is_not_read(written: str) -> None:
    assert normalise.read_date(written) is None


def test_an_address_is_lower_case_with_an_ascii_domain() -> None:
    assert normalise.email(" Alex@BÜCHER.example ") == "alex@xn--bcher-kva.example"
    assert normalise.email("alex") == normalise.email("alex@") == normalise.email("a b@c.d") == ""


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_at_all_has_a_canonical_form_which_is_its_own(raw: str) -> None:
    for name in (normalise.given_name(raw), normalise.family_name(raw)):
        assert name.joined == "".join(name.tokens)
        assert all(token.isalpha() for token in name.tokens)
    normalise.trn(raw)
    normalise.nino(raw)
    normalise.email(raw)
    normalise.read_date(raw)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(codec="latin-1"), max_size=40))
def test_folding_twice_is_folding_once(raw: str) -> None:
    assert normalise.fold(normalise.fold(raw)) == normalise.fold(raw)


@pytest.mark.parametrize("raw", ["\x00", "\udc80", "\ud800\udfff", "a" * 10_000, "123", "\u202e", "🙂"])
def test_hostile_text_is_harmless(raw: str) -> None:
    assert len(normalise.family_name(raw).joined) <= 4 * normalise.LONGEST_NAME


@pytest.mark.parametrize("raw", ["AB123456C", "ab 12 34 56 c", "AB12345OC", "AB123456"])
def test_a_number_is_recognised_however_it_is_written(raw: str) -> None:
    read = normalise.nino(raw)
    assert read is not None
    assert normalise.is_nino(raw, read.value)
    assert not normalise.is_nino(raw, "AB123457")


@pytest.mark.parametrize("raw", ["Alex@Example.com", " alex@example.com ", "ａlex@example.com"])
def test_an_address_is_recognised_however_it_is_written(raw: str) -> None:
    assert normalise.is_email(raw, "alex@example.com")
    assert not normalise.is_email(raw, "alec@example.com")
