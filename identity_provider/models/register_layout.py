"""How one generation of the register's replica lies in PostgreSQL: its tables, and its keys as numbers.

Each import fills tables of its own, `register_gen_N_records`, `_keys` and `_names`; they never change once they are
current. Alembic leaves them alone (migrations/env.py): they live as long as their generation.

- `records` lies in the order of birthdays, so that the 175 people of a day share four or five pages.
- `keys` holds every blocking key that is not a column of the record, as eight bytes. The number starts with the kind
  and the day, or ends with the birth year, so that keys which are asked for together lie together in the index, and
  the namesakes of eleven birth years are one stretch of it.
- `names` counts in how many records a first or a last name occurs.

National Insurance numbers stand here in clear: the matcher weighs near misses, which no keyed hash allows, and the
whole table may be read by nobody but the service's own database role.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from matching.blocking import AskedKeys, date_slips
from matching.held import SEPARATOR
from matching.records import PAIR_YEARS, NamePair, TeachingRecord
from matching.rows import FIELD_SEPARATOR

COLUMNS = (
    "trn",
    "first_name",
    "middle_name",
    "last_name",
    "previous_first_names",
    "previous_last_names",
    "date_of_birth",
    "nino",
    "email",
    "status",
    "merged_into",
    "has_qts",
    "has_open_alert",
)
"""The columns of `records` beside its `id`, in the order of TeachingRecord's fields."""

KEYS_VERSION = 1
"""Which keys are stored, and which names are counted: raise it with every change of what a record is found by.

That is `stored_key` here, and `record_keys`, `counted_names` and `sound` in `matching.blocking` with all that they read
names by. Kept with each generation: one of another version is searched, but never says that somebody is not in it.
0 are registers of before this was kept.
"""

IN_COLUMNS = frozenset("td")
"""Kinds of key that are answered from a column of `records`, not from `keys`."""

ALL_LAST_NAMES = ("all", "l")
"""Kind and name of the row of `names` that says how many last names are counted altogether."""

_TOLD_AS: dict[str, LiteralString] = {
    "date_of_birth": "coalesce({}::text, '')",
    "merged_into": "coalesce({}, '')",
    "has_qts": "coalesce(left({}::text, 1), '')",
    "has_open_alert": "coalesce(left({}::text, 1), '')",
}
"""How the columns stand in a line that may be NULL; all others are text."""

_KINDS = {"n": 1, "e": 2, "l": 3, "f": 4, "y": 5}
_OTHER_KIND = 6
_KIND_SHIFT = 60
_OF_A_DAY = {kind: _KINDS[kind] << _KIND_SHIFT for kind in "lf"}
_DAY_SHIFT = 35  # a day as eight digits takes 25 bits, up to the kind
_PLACES_OF_DIGITS = 10 ** np.arange(6, -1, -1)
_NO_KEYS = np.empty(0, np.int64)
_FIRST_YEAR = 1900
_LAST_YEAR = _FIRST_YEAR + 255


@dataclass(frozen=True, slots=True)
class Generation:
    """The tables of one generation, as identifiers for psycopg.sql."""

    number: int

    @property
    def loaded(self) -> sql.Identifier:
        """Records in the order of the file; gone once `records` is there."""
        return self._table("loaded")

    @property
    def records(self) -> sql.Identifier:
        """Records in the order of their birthdays."""
        return self._table("records")

    @property
    def keys(self) -> sql.Identifier:
        """Blocking keys."""
        return self._table("keys")

    @property
    def counted(self) -> sql.Identifier:
        """Names counted batch by batch; gone once `names` is there."""
        return self._table("counted")

    @property
    def names(self) -> sql.Identifier:
        """How many records bear a name."""
        return self._table("names")

    @property
    def tables(self) -> tuple[sql.Identifier, ...]:
        """Every table that this generation may have."""
        return (self.loaded, self.records, self.keys, self.counted, self.names)

    def index(self, name: str) -> sql.Identifier:
        """The name of an index of this generation."""
        return self._table(name)

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier(f"register_gen_{self.number}_{name}")


def stored_key(key: str) -> int:
    """A blocking key as the positive 64-bit number that is stored for it.

    A clash of two keys only brings one record more to compare: nobody is linked by a key.
    """
    if key[:1] in _OF_A_DAY and (of_a_day := _of_a_day(key[:11])):
        return of_a_day | _hashed(key[11:], _DAY_SHIFT)
    kind, _, rest = key.partition(":")
    first, _, last = rest.partition(":")
    number = _KINDS.get(kind, _OTHER_KIND) << _KIND_SHIFT
    if kind == "y" and len(first) == 4 and first.isdecimal() and first.isascii():
        return number | _hashed(last, _KIND_SHIFT - 8) << 8 | _year(int(first))
    return number | _hashed(rest, _KIND_SHIFT)


def stored_keys(keys: Sequence[str]) -> NDArray[np.int64]:
    """The numbers of all of these keys that are not in columns."""
    return stored_keys_of_all([keys])[0]


def stored_keys_of_all(asked: Sequence[Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """The numbers of the keys of many questions that are not in columns, and which question each is of.

    Those of many days or years are made together.
    """
    single: list[int] = []
    singles: list[int] = []
    spread: list[NDArray[np.int64]] = []
    begins: list[int] = []
    spreads: list[int] = []
    for keys in asked:
        plain = keys.plain if isinstance(keys, AskedKeys) else keys
        numbers = [stored_key(key) for key in plain if key[0] not in IN_COLUMNS]
        many = list(_of_many_days_or_years(keys)) if isinstance(keys, AskedKeys) else []
        single += numbers
        singles.append(len(numbers))
        spread += [apart for apart, _ in many]
        begins += [begin for _, begin in many]
        spreads.append(sum(len(apart) for apart, _ in many))
    together = np.concatenate([_NO_KEYS, *spread]) | np.repeat(np.array(begins, np.int64), list(map(len, spread)))
    questions = np.arange(len(asked))
    return (
        np.concatenate((np.array(single, np.int64), together)),
        np.concatenate((np.repeat(questions, singles), np.repeat(questions, spreads))),
    )


def _of_many_days_or_years(keys: AskedKeys) -> Iterator[tuple[NDArray[np.int64], int]]:
    """What sets keys of days or years apart in their numbers, and what the numbers have in common."""
    for pair in keys.pairs:
        yield _in_years(keys.years), _of_namesakes(pair)
    if keys.born and keys.sounds:
        days = _slipped(keys.born)
        for code in keys.sounds:
            yield days, _OF_A_DAY[code[0]] | _hashed(code[2:], _DAY_SHIFT)


@lru_cache(maxsize=256)
def _in_years(years: range) -> NDArray[np.int64]:
    """What years are in the numbers of keys."""
    return np.array(list(map(_year, years)), np.int64)


def _of_namesakes(pair: NamePair) -> int:
    """What the keys of two names have in common, whatever the year."""
    return _KINDS["y"] << _KIND_SHIFT | _hashed(f"{pair[0]}:{pair[1]}", _KIND_SHIFT - 8) << 8


def asked_trns(keys: Sequence[str]) -> tuple[str, ...]:
    """The TRNs among these keys."""
    return keys.trns if isinstance(keys, AskedKeys) else tuple(key[2:] for key in keys if key[0] == "t")


def slipped_trns(trns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each TRN, in a row, and all that are one slip away, as `matching.blocking.trn_slips` makes them; some twice."""
    stated = trns[:, None]
    digits = stated // _PLACES_OF_DIGITS % 10
    replaced = (stated - digits * _PLACES_OF_DIGITS)[:, :, None] + np.multiply.outer(_PLACES_OF_DIGITS, np.arange(10))
    swapped = stated + np.diff(digits) * -np.diff(_PLACES_OF_DIGITS)
    return np.concatenate((replaced.reshape(len(trns), replaced.shape[1] * 10), swapped), axis=1)


@lru_cache(maxsize=1 << 12)
def _slipped(born: date) -> NDArray[np.int64]:
    """What each day one slip away is in the numbers of keys."""
    days = date_slips(born.year, born.month, born.day)
    return np.array(list(map(int, days)), np.int64) << _DAY_SHIFT


@lru_cache(maxsize=1 << 15)
def _of_a_day(start: str) -> int:
    """What the key's kind and day are in its number; 0 where this is no day."""
    day = start[2:10]
    if not (start[10:] == ":" and day.isdecimal() and day.isascii()):
        return 0
    return _OF_A_DAY[start[0]] | int(day) << _DAY_SHIFT


def namesake_span(pair: NamePair, birth_year: int | None) -> tuple[int, int]:
    """The first and the last number among which every `y` key of these namesakes lies."""
    start = _of_namesakes(pair)
    first, last = _years_around(birth_year)
    return start | first, start | last


@lru_cache(maxsize=256)
def _years_around(birth_year: int | None) -> tuple[int, int]:
    """The first and the last year in which namesakes are counted, as keys have them."""
    if birth_year is None:
        return _year(_FIRST_YEAR), _year(_LAST_YEAR)
    return _year(birth_year - PAIR_YEARS), _year(birth_year + PAIR_YEARS)


def record_row(record: TeachingRecord) -> tuple[object, ...]:
    """A record as the values of COLUMNS."""
    return (
        record.trn,
        record.first_name,
        record.middle_name,
        record.last_name,
        SEPARATOR.join(record.previous_first_names),
        SEPARATOR.join(record.previous_last_names),
        record.date_of_birth,
        record.nino,
        record.email,
        record.status.value,
        record.merged_into,
        record.has_qts,
        record.has_open_alert,
    )


def line_of(table: str) -> sql.Composed:
    """The SQL that gives a record as one line, as `matching.rows` reads it: thirteen values cost more to send.

    Made with `||`, which takes two thirds of the time that `concat` does.
    """
    told = (sql.SQL(_TOLD_AS.get(column, "{}")).format(sql.Identifier(table, column)) for column in COLUMNS)
    separated = [piece for value in told for piece in (sql.Literal(FIELD_SEPARATOR), value)]
    return sql.SQL("({})").format(sql.SQL(" || ").join(separated[1:]))


def _year(year: int) -> int:
    return min(max(year, _FIRST_YEAR), _LAST_YEAR) - _FIRST_YEAR


@lru_cache(maxsize=1 << 16)
def _hashed(text: str, bits: int) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - bits)
