"""Comparison levels, field by field."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import comparisons
from matching.birthdays import dates
from matching.comparisons import Level
from matching.normalise import family_name, given_name

NOBODY = given_name("")
names = st.text(alphabet="abcdefghij", min_size=2, max_size=9)


@pytest.mark.parametrize(
    ("stated", "held", "level"),
    [
        ("Featherstone", "featherstone", Level.SAME), ("Brown Baker", "Baker-Brown", Level.SAME),
        ("Baker", "Brown-Baker", Level.PART), ("Baker-Brown", "Brown", Level.PART),
        ("Hussain", "Hussein", Level.VARIANT), ("Fetherstone", "Featherstone", Level.NEARLY),
        ("Featehrstnoe", "Featherstone", Level.NEARLY), ("Smyth", "Smith", Level.VARIANT),
        ("Feath", "Featherstone", Level.SIMILAR), ("Al-Amin", "Al-Farsi", Level.DIFFERENT),
        ("Jones", "Featherstone", Level.DIFFERENT), ("", "Featherstone", Level.MISSING),
    ],
)  # fmt: skip
def test_last_names_relate(stated: str, held: str, level: Level) -> None:
    assert comparisons.last_names([family_name(stated)], [family_name(held)]).level is level


@pytest.mark.parametrize(
    ("stated", "middle", "held", "held_middle", "level"),
    [
        ("Alex", "", "alex", "", Level.SAME), ("Kate", "", "Katherine", "", Level.VARIANT),
        ("Mohamed", "", "Muhammad", "", Level.VARIANT), ("Janice Helen", "", "Janice", "Helen", Level.SAME),
        ("Mary Ann", "", "Mary Jane", "", Level.SIMILAR), ("Mary", "", "Mary Jane", "", Level.PART),
        ("Wing-Yam", "", "Wing-Yan", "", Level.PART), ("Rose", "Anne", "Anne", "Rose", Level.MIDDLE),
        ("J", "", "Janet", "", Level.INITIAL), ("K", "", "Janet", "", Level.DIFFERENT),
        ("Emna", "", "Emma", "", Level.NEARLY), ("Gareth", "", "Emma", "", Level.DIFFERENT),
        ("Rebeccaanne", "", "Rebecca", "Anne", Level.PART), ("Rebecca", "Anne Jane", "Rebeccaanne", "", Level.PART),
        ("Km", "", "Kim", "", Level.NEARLY), ("Kt", "", "Karen", "", Level.INITIAL),
    ],
)  # fmt: skip
def test_first_names_relate(stated: str, middle: str, held: str, held_middle: str, level: Level) -> None:
    found = comparisons.first_names(
        [given_name(stated)], given_name(middle), [given_name(held)], given_name(held_middle)
    )
    assert found.level is level


@pytest.mark.parametrize(
    ("stated", "held", "level"),
    [
        ("1984-05-17", "1984-05-17", Level.SAME), ("1984-07-05", "1984-05-07", Level.DAY_MONTH_SWAPPED),
        ("1948-05-17", "1984-05-17", Level.YEAR_DIGITS_SWAPPED),
        ("1984-05-12", "1984-05-21", Level.DIGITS_SWAPPED),
        ("1984-05-18", "1984-05-17", Level.ONE_DIGIT), ("1984-05-17", "1984-05-29", Level.TWO_PARTS),
        ("1960-05-17", "1959-05-17", Level.TWO_PARTS), ("1984-05-10", "1984-05-09", Level.TWO_PARTS),
        ("1984-05-31", "1984-06-07", Level.TWO_PARTS), ("1984-05-31", "1984-06-08", Level.DIFFERENT),
        ("1991-05-17", "1984-05-17", Level.TWO_PARTS), ("2013-05-17", "1984-05-17", Level.DIFFERENT),
        ("1970-01-02", "1984-05-17", Level.DIFFERENT),
    ],
)  # fmt: skip
def test_dates_relate(stated: str, held: str, level: Level) -> None:
    assert dates(date.fromisoformat(stated), date.fromisoformat(held)) is level


@settings(deadline=None)
@given(st.dates(date(1930, 1, 1), date(2008, 1, 1)), st.dates(date(1930, 1, 1), date(2008, 1, 1)))
def test_dates_relate_both_ways_alike(one: date, other: date) -> None:
    assert dates(one, other) is dates(other, one)


@settings(deadline=None)
@given(names, names)
def test_last_names_relate_both_ways_alike(one: str, other: str) -> None:
    there = comparisons.last_name(family_name(one), family_name(other))
    back = comparisons.last_name(family_name(other), family_name(one))
    assert (there.level, there.slips, there.alike) == (back.level, back.slips, back.alike)


@settings(deadline=None)
@given(names, names)
def test_first_names_relate_both_ways_alike(one: str, other: str) -> None:
    there = comparisons.first_name(given_name(one), NOBODY, given_name(other), NOBODY)
    back = comparisons.first_name(given_name(other), NOBODY, given_name(one), NOBODY)
    assert (there.level, there.slips) == (back.level, back.slips)


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{7}", fullmatch=True), st.from_regex(r"[0-9]{7}", fullmatch=True))
def test_identifiers_relate_both_ways_alike(one: str, other: str) -> None:
    assert comparisons.identifiers(one, other) is comparisons.identifiers(other, one)


def test_the_best_of_current_and_previous_names_counts() -> None:
    held = [family_name("Jones"), family_name("Okafor")]
    assert comparisons.last_names([family_name("Smith"), family_name("Okafor")], held).level is Level.SAME


def test_swapped_names_are_seen_only_when_both_stand_in_the_other_field() -> None:
    alex, stone = given_name("Alexandra"), family_name("Featherstone")
    assert comparisons.swapped(stone, alex, alex, [stone])
    assert not comparisons.swapped(alex, stone, alex, [stone])
    assert not comparisons.swapped(stone, family_name("Jones"), alex, [stone])


def test_an_address_that_several_share_says_nothing() -> None:
    assert comparisons.emails("a@b.c", "a@b.c", shared=True) is Level.SHARED
    assert comparisons.emails("a@b.c", "x@b.c", shared=False) is Level.MISSING
