"""What the records of an answer hold, in columns: many are looked at, and few ever built."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache
from itertools import chain, islice, repeat
from operator import eq
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from matching.normalise import family_name, given_name, is_email, is_nino, spellings
from matching.records import TeachingRecord

SEPARATOR: Final = "\n"
"""Between several previous names in one value; no name holds it."""

Flags = NDArray[np.bool_]


class Held(ABC):
    """The columns in which records are found to be worth comparing. Places count from 0, in the records' order."""

    @abstractmethod
    def firsts(self) -> Sequence[str]:
        """The first name of each, in its canonical form."""

    @abstractmethod
    def lasts(self) -> Sequence[Sequence[str]]:
        """Every spelling of every last name of each, current and previous; one that is empty where there is none."""

    @abstractmethod
    def elsewhere(self, places: Sequence[int]) -> list[tuple[int, Sequence[str]]]:
        """Words of first names of several, of middle names and of earlier first names, of these records.

        A record may stand there more than once, or not at all.
        """

    @abstractmethod
    def born_on(self, days: Sequence[date | None], counts: Sequence[int]) -> Flags:
        """Which were born on the day that is asked of them: each day of so many records, one after the other."""

    @abstractmethod
    def followed_by(self, others: Sequence[Self]) -> Self:
        """These columns and others of the kind, of one register, one after the other."""

    @abstractmethod
    def with_trn(self, trn: str) -> list[int]:
        """The places of the record that has this TRN."""

    @abstractmethod
    def with_nino(self, number: str) -> list[int]:
        """The places of those that have this National Insurance number, without its suffix."""

    @abstractmethod
    def with_email(self, address: str) -> list[int]:
        """The places of those that have this address."""


class RecordsInColumns(Sequence[TeachingRecord]):
    """Records whose columns are known without building any."""

    held: Held

    @abstractmethod
    def values(self, at: int) -> Sequence[str]:
        """The values of one record as text, as `values_of` gives them."""


@dataclass(frozen=True, slots=True)
class TextColumns(Held):
    """Columns of text as the register has it, each a value a record; dates as in ISO 8601."""

    trn: Sequence[str]
    first_name: Sequence[str]
    middle_name: Sequence[str]
    last_name: Sequence[str]
    previous_first_names: Sequence[str]
    previous_last_names: Sequence[str]
    date_of_birth: Sequence[str]
    nino: Sequence[str]
    email: Sequence[str]

    def firsts(self) -> Sequence[str]:
        """As `Held.firsts`."""
        return [raw.lower() if raw.isascii() and raw.isalpha() else given_name(raw).joined for raw in self.first_name]

    def lasts(self) -> Sequence[Sequence[str]]:
        """As `Held.lasts`."""
        return list(map(known_lasts, self.last_name, self.previous_last_names))

    def elsewhere(self, places: Sequence[int]) -> list[tuple[int, Sequence[str]]]:
        """As `Held.elsewhere`."""
        firsts, middles, previous = self.first_name, self.middle_name, self.previous_first_names
        found: list[tuple[int, Sequence[str]]] = [
            (at, words_elsewhere(middles[at], previous[at])) for at in places if middles[at] or previous[at]
        ]
        found += [(at, words) for at in places if (words := words_of_several(firsts[at]))]
        return found

    def born_on(self, days: Sequence[date | None], counts: Sequence[int]) -> Flags:
        """As `Held.born_on`."""
        wanted = chain.from_iterable(
            repeat(day.isoformat() if day else None, count) for day, count in zip(days, counts, strict=True)
        )
        return np.fromiter(map(eq, wanted, self.date_of_birth), np.bool_, len(self.date_of_birth))

    def followed_by(self, others: Sequence[Self]) -> Self:
        """As `Held.followed_by`."""
        names = (field.name for field in fields(self))
        return type(self)(*([value for each in (self, *others) for value in getattr(each, name)] for name in names))

    def with_trn(self, trn: str) -> list[int]:
        """As `Held.with_trn`."""
        return [self.trn.index(trn)] if trn in self.trn else []

    def with_nino(self, number: str) -> list[int]:
        """As `Held.with_nino`."""
        return [at for at, raw in enumerate(self.nino) if raw and is_nino(raw, number)]

    def with_email(self, address: str) -> list[int]:
        """As `Held.with_email`."""
        return [at for at, raw in enumerate(self.email) if raw and is_email(raw, address)]


IN_TEXT_COLUMNS: Final = len(fields(TextColumns))
NOTHING: Final = TextColumns((), (), (), (), (), (), (), (), ())


def held_by(records: Sequence[TeachingRecord]) -> Held:
    """The columns of records, without building any where that can be spared."""
    if isinstance(records, RecordsInColumns):
        return records.held
    if not records:
        return NOTHING
    values = zip(*[values_of(records, at) for at in range(len(records))], strict=True)
    return TextColumns(*islice(values, IN_TEXT_COLUMNS))


def values_of(records: Sequence[TeachingRecord], at: int) -> Sequence[str]:
    """The first eleven values of one record as text, in the order of TeachingRecord's fields: as lines have them."""
    if isinstance(records, RecordsInColumns):
        return records.values(at)
    record = records[at]
    return (
        record.trn,
        record.first_name,
        record.middle_name,
        record.last_name,
        SEPARATOR.join(record.previous_first_names),
        SEPARATOR.join(record.previous_last_names),
        record.date_of_birth.isoformat() if record.date_of_birth else "",
        record.nino,
        record.email,
        record.status.value,
        record.merged_into or "",
    )


def known_lasts(last_name: str, previous: str) -> Sequence[str]:
    """Every spelling of a last name and of previous ones; an empty one where there is none."""
    # Nine in ten are plain, and then it takes a tenth of the time.
    raw = last_name or previous
    if raw.isascii() and raw.isalpha():
        if raw is previous or not previous:
            return (raw.lower(),)
        if previous.isascii() and previous.isalpha():
            return (raw.lower(), previous.lower())
    return _all_known(last_name, previous)


@lru_cache(maxsize=1 << 14)
def _all_known(last_name: str, previous: str) -> tuple[str, ...]:
    raws = (last_name, *previous.split(SEPARATOR)) if previous else (last_name,)
    return tuple(spellings(map(family_name, raws))) or ("",)


def words_of_several(first_name: str) -> tuple[str, ...]:
    """Words of a first name that has several."""
    if first_name.isascii() and first_name.isalpha():
        return ()
    words = given_name(first_name).tokens
    return words if len(words) > 1 else ()


def words_elsewhere(middle: str, previous: str) -> tuple[str, ...]:
    """Words of the middle name and of earlier first names."""
    if not previous:
        if not middle:
            return ()
        if middle.isascii() and middle.isalpha():
            return (middle.lower(),)
    raws = (middle, *previous.split(SEPARATOR)) if previous else (middle,)
    return tuple(token for raw in raws for token in given_name(raw).tokens)


def with_more(records: Sequence[TeachingRecord], more: Sequence[TeachingRecord]) -> Sequence[TeachingRecord]:
    """Records, and those of `more` whose TRN is not among them."""
    held = held_by(records)
    new = {record.trn: record for record in more if not held.with_trn(record.trn)}
    return (*records, *new.values()) if new else records
