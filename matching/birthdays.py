"""How two dates of birth relate: the same, a slip away, or another."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from matching.blocking import GENERATION, as_digits, date_slips
from matching.comparisons import Level
from matching.normalise import is_unknown_birthday

ROWS_OF_A_CALENDAR: Final = (timedelta(days=1), timedelta(days=7))
"""How far the next day is from the right one, and the next row: nobody's sibling is born then."""


def dates(stated: date | None, held: date | None) -> Level:
    """Relation of two dates of birth."""
    if stated is None or held is None or is_unknown_birthday(stated) or is_unknown_birthday(held):
        return Level.MISSING
    return Level.SAME if stated == held else _other_dates(stated, held)


@lru_cache(maxsize=1 << 12)
def _other_dates(stated: date, held: date) -> Level:
    one, other = as_digits(stated), as_digits(held)
    if one[:4] == other[:4] and one[4:6] == other[6:] and one[6:] == other[4:6]:
        return Level.DAY_MONTH_SWAPPED
    if other in date_slips(stated.year, stated.month, stated.day):
        return _date_slip(one, other)
    if abs(stated.year - held.year) >= GENERATION:
        return Level.DIFFERENT
    if abs(stated - held) in ROWS_OF_A_CALENDAR or _is_year_alone(stated, held):
        return Level.TWO_PARTS
    parts = sum(one[part] == other[part] for part in (slice(0, 4), slice(4, 6), slice(6, 8)))
    return Level.TWO_PARTS if parts == 2 else Level.DIFFERENT


def _is_year_alone(one: date, other: date) -> bool:
    """Whether one of two days of a year is its first, which is written where the year is all that is known."""
    return one.year == other.year and (1, 1) in ((one.month, one.day), (other.month, other.day))


def _date_slip(one: str, other: str) -> Level:
    differing = [at for at in range(8) if one[at] != other[at]]
    if len(differing) == 2 and sorted(one) == sorted(other):
        return Level.YEAR_DIGITS_SWAPPED if differing[1] < 4 else Level.DIGITS_SWAPPED
    another_century = differing == [0, 1]
    another_decade = differing == [0, 1, 2]  # 1991 for 2001
    return Level.ONE_DIGIT if len(differing) == 1 or another_century or another_decade else Level.TWO_PARTS
