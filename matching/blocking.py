"""Blocking keys: equality look-ups that find every record worth comparing, without a database extension.

Keys are short text, stable between runs and machines, so that a register may store them (or a hash of them).
The kinds, by their first letter:

    t:TRN   n:NINO (first 8)   e:email   d:date of birth            answerable from a column of the record
    l:date:sound of a surname  f:date:sound of a first name         stored per record
    y:birth year:first name:surname                                 stored per record; also counts namesakes
    u:sound of first name:sound of surname                          only for records without a date of birth
"""

from calendar import isleap, monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, overload

from matching import normalise
from matching.given_names import other_forms
from matching.normalise import CountedNames, is_unknown_birthday, name_forms
from matching.records import PAIR_YEARS, NamePair, TeachingRecord
from matching.statements import Statement

FIRST_YEAR_WITHOUT_A_DATE: Final = 1900
PAIRS_OF_ANY_YEAR: Final = 4
ONE_DAY: Final = timedelta(days=1)
CENTURY: Final = 100
GENERATION: Final = 12
"""Years apart from which two birthdays in one year's day are two people, perhaps parent and child."""

_SOUNDS: Final = (
    ("ph", "f"), ("gh", ""), ("kn", "n"), ("wr", "r"), ("ck", "k"), ("ce", "se"), ("ci", "si"), ("cy", "sy"),
    ("sch", "s"), ("sh", "s"), ("ch", "k"), ("x", "ks"), ("tz", "s"), ("cz", "s"), ("dg", "g"),
)  # fmt: skip
_CLASSES: Final = {
    c: digit
    for digit, letters in {"1": "bpfvw", "2": "cgjkqsz", "3": "dt", "4": "l", "5": "mn", "6": "r"}.items()
    for c in letters
}
_SOUND_LENGTH: Final = 4

_FIRST_YEAR, _LAST_YEAR = str(normalise.OLDEST_BIRTH_YEAR), "2099"
LEAP_DAY: Final = "0229"
_DAYS_OF_ANY_YEAR: Final = frozenset(f"{date(2001, 1, 1) + timedelta(days):%m%d}" for days in range(365))


def as_digits(day: date) -> str:
    """A day as keys have it, YYYYMMDD: strftime takes three times as long, and is asked for at every turn."""
    return day.isoformat().replace("-", "")


@lru_cache(maxsize=1 << 15)
def sound(name: str) -> str:
    """Code how a name sounds, coarsely: equal for most misspellings and transliterations of one name."""
    text = name
    text = text[:1] + text[1:].replace("w", "")
    for written, said in _SOUNDS:
        if written in text:
            text = text.replace(written, said)
    code = ""
    last = ""
    for letter in text:
        digit = _CLASSES.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "h":
            last = digit
    first = text[:1]
    lead = "a" if first in "aeiouyh" else _CLASSES.get(first, first)
    if code[:1] == lead:
        code = code[1:]
    return (lead + code)[:_SOUND_LENGTH]


def counted_names(record: TeachingRecord) -> CountedNames:
    """Name forms of a record: concatenations and the tokens that could stand for them."""
    firsts = (record.first_name, *record.previous_first_names)
    lasts = (record.last_name, *record.previous_last_names)
    return CountedNames(name_forms(map(normalise.given_name, firsts)), name_forms(map(normalise.family_name, lasts)))


def pair_year_keys(first: str, last: str, birth_year: int) -> tuple[str, ...]:
    """Keys whose records, counted, are the namesakes of `NameStatistics.pairs`."""
    years = range(birth_year - PAIR_YEARS, birth_year + PAIR_YEARS + 1)
    return tuple(f"y:{year}:{first}:{last}" for year in years)


def record_keys(record: TeachingRecord, names: CountedNames | None = None) -> tuple[str, ...]:
    """Every key under which a record must be found; about nine, of which four are columns.

    `names` are its `counted_names`, where they are known already.
    """
    keys = [f"t:{record.trn}"]
    if number := normalise.nino(record.nino):
        keys.append(f"n:{number.value}")
    if address := normalise.email(record.email):
        keys.append(f"e:{address}")
    born = record.date_of_birth
    names = names or counted_names(record)
    if born is None:
        return (*keys, *_undated_keys(names))
    day = as_digits(born)
    keys.append(f"d:{day}")
    keys += dict.fromkeys(f"l:{day}:{sound(name)}" for name in names.last_names)
    keys += dict.fromkeys(f"f:{day}:{sound(name)}" for name in names.first_names)
    keys += [f"y:{born.year}:{first}:{last}" for first, last in names.pairs]
    if is_unknown_birthday(born):
        keys += _undated_keys(names)
    return tuple(keys)


@dataclass(frozen=True, slots=True)
class AskedKeys(Sequence[str]):
    """Every key to ask a register for, each once.

    They are of TRNs, other `plain` ones, of `pairs` of names in each of these `years`, and of `sounds` on each day a
    slip from `born`. The first, which are `trn` and all a slip from it, and the last two are nine tenths of all; a
    register that knows how they are made need not read each.
    """

    plain: tuple[str, ...]
    born: date | None = None
    sounds: tuple[str, ...] = ()
    trn: str = ""
    pairs: tuple[NamePair, ...] = ()
    years: range = range(0)

    @property
    def trns(self) -> tuple[str, ...]:
        """The stated TRN and every one that is a slip from it; none where none was stated."""
        return (self.trn, *trn_slips(self.trn)) if self.trn else ()

    def __bool__(self) -> bool:
        return bool(self.trn or self.plain or self.pairs or self.sounds)

    def __iter__(self) -> Iterator[str]:
        yield from (f"t:{trn}" for trn in self.trns)
        yield from self.plain
        yield from (f"y:{year}:{first}:{last}" for first, last in self.pairs for year in self.years)
        if self.born:
            days = date_slips(self.born.year, self.born.month, self.born.day)
            for code in self.sounds:
                kind, _, said = code.partition(":")
                for day in days:
                    yield f"{kind}:{day}:{said}"

    def __len__(self) -> int:
        days = len(date_slips(self.born.year, self.born.month, self.born.day)) if self.born else 0
        return len(self.trns) + len(self.plain) + len(self.pairs) * len(self.years) + days * len(self.sounds)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        return tuple(self)[at]


def person_keys(statement: Statement, today: date) -> AskedKeys:
    """Every key to ask a register for."""
    names, born = statement.names, statement.born
    keys: list[str] = []
    if statement.nino:
        keys.append(f"n:{statement.nino}")
    if statement.email:
        keys.append(f"e:{statement.email}")
    years = range(born.year, born.year + 1) if born else _any_year(today)
    if born:
        keys.append(f"d:{as_digits(born)}")
    keys += _undated_keys(names)
    sounds = tuple(f"{kind}:{said}" for kind, said in _sounds(names)) if born else ()
    return AskedKeys(
        tuple(dict.fromkeys(keys)), born, sounds, statement.trn,
        _both_ways(names), years,
    )  # fmt: skip


def keys_of_last_look(statement: Statement, today: date) -> AskedKeys:
    """Keys for the last look before nobody is found: this name, whenever born, and its forms, of no known day.

    And what sounds like either name, of the days that agree with the stated one in two of three parts: who mistyped
    the day and is called by another form, or has a slip in a name as well, must not hear that there is nobody.
    """
    names, born = statement.names, statement.born
    forms = [form for name in names.first_names for form in other_forms(name, given=True)]
    keys = _undated_keys(CountedNames(tuple(forms), names.last_names))
    if born:
        days = two_parts_of(born.year, born.month, born.day)
        keys += [f"{kind}:{day}:{said}" for kind, said in _sounds(names) for day in days]
    return AskedKeys(tuple(keys), pairs=_both_ways(names)[:PAIRS_OF_ANY_YEAR], years=_any_year(today))


def _sounds(names: CountedNames) -> tuple[tuple[str, str], ...]:
    """How the names sound, with the kind of key that has it."""
    lasts = [("l", sound(name)) for name in names.last_names]
    firsts = [("f", sound(name)) for name in names.first_names]
    return tuple(dict.fromkeys((*lasts, *firsts)))


def _any_year(today: date) -> range:
    return range(FIRST_YEAR_WITHOUT_A_DATE, today.year - 15)


def _undated_keys(names: CountedNames) -> list[str]:
    """Key both names by sound: a record without a birthday has nothing else to be found by."""
    firsts, lasts = dict.fromkeys(map(sound, names.first_names)), dict.fromkeys(map(sound, names.last_names))
    return [f"u:{first}:{last}" for first in firsts for last in lasts]


def _both_ways(names: CountedNames) -> tuple[NamePair, ...]:
    """Pair the names as stated, and with first and last name in each other's field; each pair once."""
    pairs = names.pairs
    return tuple(dict.fromkeys((*pairs, *((last, first) for first, last in pairs[:2]))))


@lru_cache(maxsize=1 << 11)
def date_slips(year: int, month: int, day: int) -> tuple[str, ...]:
    """Dates that are one slip away: day and month swapped, neighbouring digits swapped, one digit wrong.

    And the next day and the one before, which often differ in two digits; so do years.
    """
    in_year, of_year = f"{year:04d}", f"{month:02d}{day:02d}"
    slips = [other + of_year for other in _year_slips(in_year)] + [in_year + other for other in _day_slips(of_year)]
    if of_year == LEAP_DAY or in_year + LEAP_DAY in slips:
        slips = [slip for slip in slips if slip[4:] != LEAP_DAY or isleap(int(slip[:4]))]
    born = date(year, month, day)
    slips += [near for near in (as_digits(born - ONE_DAY), as_digits(born + ONE_DAY)) if near not in slips]
    return tuple(sorted(slips))  # where a cap holds, what comes first is found


@lru_cache(maxsize=1 << 9)
def two_parts_of(year: int, month: int, day: int) -> tuple[str, ...]:
    """Dates of which two of three parts are the same, within a generation, and a week before and after; no slips.

    The first of January stands for any day of its year.
    """
    written = [(year, other, day) for other in range(1, 13)] + [(year, month, other) for other in range(1, 32)]
    written += [(other, month, day) for other in range(year - GENERATION + 1, year + GENERATION)]
    days = {f"{a:04d}{b:02d}{c:02d}" for a, b, c in written if c <= monthrange(a, b)[1]}
    if (month, day) == (1, 1):
        days |= {as_digits(date(year, 1, 1) + timedelta(days=apart)) for apart in range(365 + isleap(year))}
    days |= {f"{year:04d}0101"} | {as_digits(date(year, month, day) + timedelta(days=apart)) for apart in (-7, 7)}
    days -= {f"{year:04d}{month:02d}{day:02d}", *date_slips(year, month, day)}
    return tuple(sorted(each for each in days if _FIRST_YEAR <= each[:4] <= _LAST_YEAR))


@lru_cache(maxsize=256)
def _year_slips(digits: str) -> tuple[str, ...]:
    """Years of four digits that are one slip away, in which somebody may be born."""
    written = {f"{century}{digits[2:]}" for century in ("19", "20")}
    written |= {digits[1] + digits[0] + digits[2:], digits[:2] + digits[3] + digits[2]}
    written.update(digits[:at] + str(n) + digits[at + 1 :] for at in (2, 3) for n in range(10))
    written.update(str(int(digits) + years) for years in (-10, -1, 1, 10))
    years = [year for year in sorted(written - {digits}) if _FIRST_YEAR <= year <= _LAST_YEAR]
    # Nobody who teaches was born in 1884: some record says so.
    return (str(int(digits) - CENTURY), *years) if digits.startswith("19") else tuple(years)


@lru_cache(maxsize=512)
def _day_slips(digits: str) -> tuple[str, ...]:
    """Days of a year, as month and day of two digits, that are one slip away; the leap day is among them."""
    written = {digits[2:] + digits[:2], digits[1] + digits[0] + digits[2:], digits[:2] + digits[3] + digits[2]}
    written.update(digits[:at] + str(n) + digits[at + 1 :] for at in range(4) for n in range(10))
    return tuple(day for day in sorted(written - {digits}) if day in _DAYS_OF_ANY_YEAR or day == LEAP_DAY)


def trn_slips(value: str) -> tuple[str, ...]:
    """TRNs that are one slip away: a digit replaced, or neighbours swapped."""
    slips: dict[str, None] = {}
    for at in range(len(value)):
        for digit in "0123456789":
            slips[value[:at] + digit + value[at + 1 :]] = None
        if at + 1 < len(value):
            slips[value[:at] + value[at + 1] + value[at] + value[at + 2 :]] = None
    slips.pop(value, None)
    return tuple(slips)
