"""Rarer troubles of a register, laid over the rows of a block: chains of merged records, duplicates of closed ones,
twins whose names begin alike, names from other alphabets with patronymics.
"""

from typing import Final

import numpy as np

Row = tuple[str, ...]

_FIRST, _MIDDLE, _LAST, _PREVIOUS, _BORN, _NINO, _EMAIL, _STATUS, _INTO = 1, 2, 3, 4, 5, 6, 7, 8, 9
_PERSON: Final = (_FIRST, _MIDDLE, _LAST, _BORN, _NINO)

NEWCOMERS: Final = 0.004
TWINS_ALIKE: Final = 0.5
CLOSED_AND_OPEN: Final = 0.4
CHAINED: Final = 0.15


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_WOMEN: Final = _words(
    "Oksana Kateryna Natalia Yulia Olena Iryna Tetiana Svitlana Ekaterini Aikaterini Sofia Eleni Zsuzsanna "
    "Ilona Ngoc Huong"
)
_MEN: Final = _words(
    "Oleksandr Serhii Dmytro Volodymyr Mykola Andrii Ioannis Georgios Konstantinos László György Sándor Minh "
    "Duc Yusuf Ibrahim"
)
_FAMILIES: Final = _words(
    "Kovalenko Shevchenko Bondarenko Tkachenko Ivanova Petrov Papadopoulos Papadopoulou Dimitriou Nagy Szabó "
    "Tóth Kovács Nguyen Tran al-Hassan ibn-Saleh ap-Rhys van-der-Berg O'Sullivan MacDonald McDonald Ó-Briain "
    "García-López Fernandes-Costa"
)
_FATHERS: Final = _words("Ivanovych Petrovych Mykolaivna Oleksandrivna Serhiivna Volodymyrovych Dmytrivna Andriivna")


def with_troubles(rows: list[Row], rng: np.random.Generator) -> list[Row]:
    """Give the rows back with rarer troubles among them; as many, each TRN once."""
    changed = [list(row) for row in rows]
    for at in np.flatnonzero(rng.random(len(changed)) < NEWCOMERS).tolist():
        _newcomer(changed[at], rng)
    for at in range(0, len(changed) - 1, 2):
        one, other = changed[at], changed[at + 1]
        if other[_STATUS] == "deactivated" and rng.random() < CLOSED_AND_OPEN:
            _copy(one, other)
        elif other[_STATUS] == "merged" and at + 3 < len(changed) and rng.random() < CHAINED:
            _chain(one, changed[at + 2], changed[at + 3])
        elif _are_twins(one, other) and rng.random() < TWINS_ALIKE:
            other[_FIRST] = _alike(one[_FIRST], changed, rng)
    return [tuple(row) for row in changed]


def _newcomer(row: list[str], rng: np.random.Generator) -> None:
    if row[_STATUS] != "active":
        return
    row[_FIRST] = str(rng.choice(_WOMEN if rng.random() < 0.7 else _MEN))
    row[_LAST] = str(rng.choice(_FAMILIES)).replace("-", " ")
    row[_MIDDLE] = str(rng.choice(_FATHERS)) if rng.random() < 0.4 else ""
    row[_PREVIOUS] = ""


def _copy(one: list[str], other: list[str]) -> None:
    for column in _PERSON:
        other[column] = one[column]


def _chain(one: list[str], last: list[str], beside: list[str]) -> None:
    """Merge the survivor of one pair into the first record of the next, which nothing else is merged into."""
    if last[_STATUS] != "active" or beside[_STATUS] != "active" or one[_STATUS] != "active":
        return
    _copy(one, last)
    last[_PREVIOUS] = one[_PREVIOUS]
    one[_STATUS], one[_INTO] = "merged", last[0]


def _are_twins(one: list[str], other: list[str]) -> bool:
    alike = one[_BORN] == other[_BORN] and one[_LAST].lower() == other[_LAST].lower()
    return alike and one[_FIRST].lower() != other[_FIRST].lower()


def _alike(name: str, rows: list[list[str]], rng: np.random.Generator) -> str:
    """Find another first name with the same first letter."""
    for at in rng.integers(0, len(rows), 200).tolist():
        found = rows[at][_FIRST]
        if found[:1].lower() == name[:1].lower() and found.lower() != name.lower():
            return str(found)
    return name
