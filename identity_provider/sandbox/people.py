"""A seeded, fast generator of register records: people who do not exist, with the troubles of real ones."""

import csv
import gzip
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from io import TextIOWrapper
from pathlib import Path
from typing import Final, TextIO

import numpy as np
from numpy.typing import NDArray

from identity_provider.sandbox.people_names import DECADES, Words, cultures
from identity_provider.sandbox.people_troubles import with_troubles

COLUMNS: Final = (
    "trn", "first_name", "middle_name", "last_name", "previous_last_names", "date_of_birth", "nino", "email",
    "status", "merged_into", "previous_first_names", "has_qts", "has_open_alert",
)  # fmt: skip

BLOCK: Final = 50_000
"""People are made in blocks of so many, each with a seed of its own, so that memory stays small."""

BLOCKS: Final = 200
"""So many blocks have National Insurance numbers of their own: as many as there are TRNs."""

ALL_TRNS: Final = 9_999_999
_OLDEST: Final = date(1945, 1, 1)
_DAYS: Final = [_OLDEST + timedelta(days=n) for n in range((date(2004, 12, 31) - _OLDEST).days)]
_PREFIXES: Final = "ABCEGHJKLMNOPRSTWXYZ"
_SECOND: Final = "ABCEGHJKLMNPRSTWXYZ"
_SPREAD: Final = 101_160_409
_ISSUED: Final = sorted(
    {one + other for one in _PREFIXES for other in _SECOND} - {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
)

Row = tuple[str, ...]
_Flags = NDArray[np.bool_]


def write_register(path: Path, count: int, seed: int) -> None:
    """Write a register of so many records; the same seed gives the same file. Compressed when named .gz."""
    with _opened(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for rows in generate_blocks(count, seed):
            writer.writerows(rows)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    if path.suffix != ".gz":
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
        return
    # No name and no time in the header, so that equal content is an equal file.
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", 5, raw, 0) as packed,
        TextIOWrapper(packed, encoding="utf-8", newline="") as file,
    ):
        yield file


def generate_blocks(count: int, seed: int) -> Iterator[list[Row]]:
    """Give the rows of a register, block by block, in the order of COLUMNS."""
    trns = _trns(count, seed)
    for start in range(0, count, BLOCK):
        size = min(BLOCK, count - start)
        rng = np.random.default_rng([seed, start])
        rows = _Block(start // BLOCK, rng, trns[start : start + size]).rows()
        yield with_troubles(rows, np.random.default_rng([seed, start, 11]))


def _trns(count: int, seed: int) -> Sequence[str]:
    if count > ALL_TRNS:
        raise ValueError(f"there are only {ALL_TRNS} TRNs")
    numbers = np.random.default_rng([seed, 7]).permutation(ALL_TRNS)[:count] + 1
    return [f"{number:07d}" for number in numbers.tolist()]


class _Block:
    """One block of people, in columns; its number keeps its National Insurance numbers apart."""

    def __init__(self, number: int, rng: np.random.Generator, trns: Sequence[str]) -> None:
        self._number = number
        self._rng = rng
        self._count = len(trns)
        self._trn = list(trns)
        self._born = self._birthdays()
        self._culture = rng.choice(len(cultures()), size=self._count, p=_shares())
        self._woman = rng.random(self._count) < 0.74
        self._first = self._given(self._culture)
        self._middle = self._middles()
        self._last, self._previous = self._families()
        self._nino = self._numbers(0.77)
        self._email = self._addresses()
        self._status = ["active"] * self._count
        self._merged_into = [""] * self._count
        self._relatives()
        self._capitals()

    def rows(self) -> list[Row]:
        """Every record as a row, in the order of COLUMNS."""
        qts = np.where(self._rng.random(self._count) < 0.93, "true", "false").tolist()
        alerts = np.where(self._rng.random(self._count) < 0.002, "true", "false").tolist()
        renamed = self._chance(0.004)
        earlier = [name if flag else "" for name, flag in zip(self._middle, renamed.tolist(), strict=True)]
        days = [_DAYS[day].isoformat() for day in self._born]
        return list(
            zip(
                self._trn, self._first, self._middle, self._last, self._previous, days, self._nino,
                self._email,
                self._status, self._merged_into, earlier, qts, alerts, strict=True,
            )
        )  # fmt: skip

    def _chance(self, share: float) -> _Flags:
        flags: _Flags = self._rng.random(self._count) < share
        return flags

    def _birthdays(self) -> list[int]:
        """Ages as in the workforce, with the 1 January of those whose birthday nobody wrote down."""
        days = (self._rng.beta(1.9, 1.6, self._count) * len(_DAYS)).astype(np.int64)
        for at in np.flatnonzero(self._chance(0.002)).tolist():
            days[at] = (date(_DAYS[int(days[at])].year, 1, 1) - _OLDEST).days
        return [int(day) for day in days]

    def _given(self, culture: NDArray[np.int64]) -> list[str]:
        decades = np.array([max(DECADES[0], _DAYS[day].year // 10 * 10) for day in self._born])
        drawn = np.empty(self._count, dtype=object)
        for number, names in enumerate(cultures()):
            for decade in DECADES:
                for woman, lists in ((True, names.women), (False, names.men)):
                    here = (culture == number) & (decades == decade) & (self._woman == woman)
                    drawn[here] = lists[decade].draw(self._rng, int(here.sum()))
        return [str(name) for name in drawn]

    def _middles(self) -> list[str]:
        """Two thirds have one; half of those of other cultures have a British one."""
        british = np.where(self._chance(0.5), 0, self._culture)
        held = self._chance(0.65)
        return [name if flag else "" for name, flag in zip(self._given(british), held.tolist(), strict=True)]

    def _surnames(self, culture: NDArray[np.int64]) -> Words:
        drawn = np.empty(self._count, dtype=object)
        for number, names in enumerate(cultures()):
            here = culture == number
            drawn[here] = names.families.draw(self._rng, int(here.sum()))
        return drawn

    def _families(self) -> tuple[list[str], list[str]]:
        """Last and previous last names: marriages, and double-barrels."""
        born, married = (
            self._surnames(self._culture),
            self._surnames(np.where(self._chance(0.15), 0, self._culture)),
        )
        changed = self._woman & self._chance(0.28)
        double = self._chance(0.05)
        sign = np.where(self._chance(0.8), "-", " ")
        last, previous = [], []
        for own, other, change, both, join in zip(born, married, changed, double, sign, strict=True):
            last.append(f"{own}{join}{other}" if both else str(other) if change else str(own))
            previous.append(str(own) if change else "")
        return last, previous

    def _numbers(self, share: float) -> list[str]:
        """National Insurance numbers in the right form, at random."""
        held = self._chance(share).tolist()
        return [_nino(code) if flag else "" for code, flag in zip(self._codes(), held, strict=True)]

    def _codes(self) -> list[int]:
        """Numbers that no other block draws, so that nobody shares one by chance."""
        span = len(_ISSUED) * 10**6 // BLOCKS
        first = self._number % BLOCKS * span
        drawn = first + self._rng.choice(span, self._count, replace=False)
        return [int(code) for code in drawn]

    def _addresses(self) -> list[str]:
        held, school, office = self._chance(0.42), self._chance(0.3), self._chance(0.02)
        numbers = self._rng.integers(1, 9999, self._count).tolist()
        found = []
        for at in range(self._count):
            if not held[at]:
                found.append("")
            elif office[at]:
                found.append(f"office@school{numbers[at]}.example.org")
            else:
                local = f"{_plain(self._first[at])}.{_plain(self._last[at])}"
                place = f"@school{numbers[at]}.example.org" if school[at] else f"{numbers[at]}@example.com"
                found.append(local + place)
        return found

    def _relatives(self) -> None:
        """Every second record may be a relative, a namesake or an earlier record of the one before it."""
        kinds = {
            self._twin: 0.012, self._sibling: 0.02, self._child: 0.01, self._namesake: 0.0004,
            self._duplicate: 0.002, self._merged: 0.016, self._closed: 0.012,
        }  # fmt: skip
        drawn = self._rng.random(self._count // 2)
        floor = 0.0
        for relate, share in kinds.items():
            for at in np.flatnonzero((drawn >= floor) & (drawn < floor + share)).tolist():
                relate(2 * at, 2 * at + 1)
            floor += share

    def _twin(self, one: int, other: int) -> None:
        self._last[other], self._born[other] = self._last[one], self._born[one]
        self._share_email(one, other)

    def _sibling(self, one: int, other: int) -> None:
        self._last[other] = self._last[one]
        self._born[other] = _near(self._born[one], int(self._rng.integers(330, 2500)))
        self._share_email(one, other)

    def _child(self, one: int, other: int) -> None:
        self._last[other] = self._last[one]
        self._born[other] = _near(self._born[one], int(self._rng.integers(7500, 12000)))
        if self._rng.random() < 0.3:
            self._first[other] = self._first[one]
        self._share_email(one, other)

    def _share_email(self, one: int, other: int) -> None:
        if self._rng.random() < 0.3:
            self._email[one] = self._email[other] = f"{_plain(self._last[one])}.family{one}@example.com"

    def _namesake(self, one: int, other: int) -> None:
        for column in (self._first, self._last):
            column[other] = column[one]
        self._born[other] = self._born[one]

    def _duplicate(self, one: int, other: int) -> None:
        self._namesake(one, other)
        self._middle[other], self._nino[other] = self._middle[one], self._nino[one]

    def _merged(self, one: int, other: int) -> None:
        """Make the second part of the first; it may still have the name before a marriage."""
        self._duplicate(one, other)
        if self._previous[one] and self._rng.random() < 0.5:
            self._last[other], self._previous[other] = self._previous[one], ""
        self._status[other], self._merged_into[other] = "merged", self._trn[one]

    def _closed(self, _: int, other: int) -> None:
        self._status[other] = "deactivated"

    def _capitals(self) -> None:
        for at in np.flatnonzero(self._chance(0.08)).tolist():
            for column in (self._first, self._middle, self._last, self._previous):
                column[at] = column[at].upper()


def _near(day: int, distance: int) -> int:
    """Find a birthday so many days away, inside the range of the register."""
    return day + distance if day + distance < len(_DAYS) else max(0, day - distance)


def _nino(code: int) -> str:
    """Write a number; far apart for codes that are near, so that one slip seldom hits somebody else."""
    prefix, digits = divmod(code * _SPREAD % (len(_ISSUED) * 10**6), 10**6)
    return f"{_ISSUED[prefix % len(_ISSUED)]}{digits:06d}{'ABCD'[code % 4]}"


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return "".join(c for c in text if c.isalpha()).lower() or "teacher"


def _shares() -> NDArray[np.float64]:
    shares = np.array([culture.share for culture in cultures()], dtype=np.float64)
    return np.asarray(shares / shares.sum(), dtype=np.float64)
