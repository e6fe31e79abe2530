"""The columns of a generation of the replica in memory, and records that are places in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from identity_provider.models.register_layout import stored_key
from matching.blocking import as_digits
from matching.held import Flags, Held, RecordsInColumns
from matching.normalise import is_email, is_nino
from matching.records import TeachingRecord
from matching.rows import FIELD_SEPARATOR, read_line

TRN_NUMBERS: Final = 10_000_000
NINO, EMAIL = 7, 8
"""Where a line has these."""

LINE_END: Final = "\x1e"
"""After each record in memory; no value holds it."""

NOBODY: Final = range(0)

Places = NDArray[np.int32]
Meaning = TypeVar("Meaning")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Lines:
    """The records as lines, one after the other: where each starts, and where the last ends. Each ends with a sign."""

    text: bytes
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def at(self, place: int) -> str:
        """A record as one line, as `matching.rows` reads it."""
        return self.text[self.starts[place] : self.starts[place + 1] - 1].decode()

    def column(self, places: NDArray[np.signedinteger], at: int) -> Iterator[str]:
        """One of the values of each of these records."""
        starts, stops = self.starts[places].tolist(), (self.starts[places + 1] - 1).tolist()
        lines = (self.text[start:stop].decode() for start, stop in zip(starts, stops, strict=True))
        return (line.split(FIELD_SEPARATOR, at + 1)[at] for line in lines)

    def values(self, place: int) -> list[str]:
        """The values of one record."""
        return self.at(place).split(FIELD_SEPARATOR)


@dataclass(frozen=True, slots=True)
class Coded(Generic[Meaning]):
    """A column of names: a code for each record, and what the codes mean; 0 is that nothing is there."""

    codes: Places
    meanings: NDArray[np.object_]

    def of(self, places: Places) -> list[Meaning]:
        """What is there at these places."""
        found: list[Meaning] = self.meanings[self.codes[places]].tolist()
        return found

    def known(self, places: Places) -> list[tuple[int, Meaning]]:
        """Which of these have anything there, counted from 0, and what."""
        codes = self.codes[places]
        having = np.flatnonzero(codes)
        return list(zip(having.tolist(), self.meanings[codes[having]].tolist(), strict=True))

    def read_as(self, meaning: Callable[[Meaning], Other]) -> Coded[Other]:
        """The same column, read in another way; where that gives nothing, nothing is there."""
        meanings = np.fromiter(map(meaning, self.meanings), np.object_, len(self.meanings))
        codes = np.where(meanings.astype(np.bool_), np.arange(len(meanings), dtype=np.int32), 0)
        return Coded(codes[self.codes], meanings)


@dataclass(frozen=True, slots=True)
class Names:
    """The names of all records, in the canonical forms that `matching.held` wants."""

    firsts: Coded[str]
    first_words: Coded[Sequence[str]]
    lasts: Coded[Sequence[str]]
    previous_lasts: Coded[Sequence[str]]
    middles: Coded[Sequence[str]]
    previous_firsts: Coded[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Columns:
    """A generation as it is read. Records have places from 0, in the order of their birthdays; keys are sorted.

    `owners` are the places of the records that have the keys; `by_trn` has the place of each TRN, and `survivors`
    that of the record which a record was merged into, -1 for none; `days` the places of each birthday, as YYYYMMDD.
    `counted` says how many bear a name.
    """

    lines: Lines
    keys: NDArray[np.int64]
    owners: Places
    by_trn: Places
    survivors: Places
    days: Mapping[str, range]
    counted: Mapping[tuple[str, str], int]
    names: Names

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self.lines)

    def having(self, key: str) -> Places:
        """The places of the records that have this stored key."""
        number = stored_key(key)
        low, high = np.searchsorted(self.keys, (number, number + 1))
        return self.owners[low:high]


class RecordsAtPlaces(RecordsInColumns):
    """Records of a generation in memory; each is built when it is asked for."""

    def __init__(self, columns: Columns, places: Places) -> None:
        self._columns = columns
        self._places = places
        self.held = HeldAtPlaces(columns, places)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> TeachingRecord: ...
    @overload
    def __getitem__(self, at: slice) -> RecordsAtPlaces: ...
    def __getitem__(self, at: int | slice) -> TeachingRecord | RecordsAtPlaces:
        if isinstance(at, slice):
            return RecordsAtPlaces(self._columns, self._places[at])
        return read_line(self._columns.lines.at(int(self._places[at])))

    def __iter__(self) -> Iterator[TeachingRecord]:
        return (read_line(self._columns.lines.at(place)) for place in self._places.tolist())

    def values(self, at: int) -> Sequence[str]:
        """As `RecordsInColumns.values`."""
        return self._columns.lines.values(int(self._places[at]))


@dataclass(frozen=True, slots=True)
class HeldAtPlaces(Held):
    """What records of a generation in memory hold: nothing is read but codes, which cost a tenth of the text."""

    columns: Columns
    places: Places

    def firsts(self) -> Sequence[str]:
        """As `Held.firsts`."""
        return self.columns.names.firsts.of(self.places)

    def lasts(self) -> Sequence[Sequence[str]]:
        """As `Held.lasts`."""
        found = self.columns.names.lasts.of(self.places)
        for at, previous in self.columns.names.previous_lasts.known(self.places):
            found[at] = (*found[at], *previous)
        return found

    def elsewhere(self, places: Sequence[int]) -> list[tuple[int, Sequence[str]]]:
        """As `Held.elsewhere`."""
        asked = self.places[places]
        names = self.columns.names
        columns = (names.first_words, names.middles, names.previous_firsts)
        return [(places[at], words) for column in columns for at, words in column.known(asked)]

    def born_on(self, days: Sequence[date | None], counts: Sequence[int]) -> Flags:
        """As `Held.born_on`."""
        born = [self.columns.days.get(as_digits(day), NOBODY) if day else NOBODY for day in days]
        starts, stops = np.array([(day.start, day.stop) for day in born], np.int32).T.repeat(counts, axis=1)
        flags: Flags = (self.places >= starts) & (self.places < stops)
        return flags

    def followed_by(self, others: Sequence[Self]) -> Self:
        """As `Held.followed_by`."""
        return type(self)(self.columns, np.concatenate([self.places, *(each.places for each in others)]))

    def with_trn(self, trn: str) -> list[int]:
        """As `Held.with_trn`."""
        place = self.columns.by_trn[int(trn)] if trn else -1
        found: list[int] = np.flatnonzero(self.places == place).tolist()
        return found

    def with_nino(self, number: str) -> list[int]:
        """As `Held.with_nino`."""
        return [at for at, line in self._having(f"n:{number}") if is_nino(line[NINO], number)] if number else []

    def with_email(self, address: str) -> list[int]:
        """As `Held.with_email`."""
        return [at for at, line in self._having(f"e:{address}") if is_email(line[EMAIL], address)] if address else []

    def _having(self, key: str) -> list[tuple[int, list[str]]]:
        """Which of these records have a key, and the values of their lines."""
        having = self.columns.having(key)
        if not len(having):
            return []
        found = np.flatnonzero(self.places == having if len(having) == 1 else np.isin(self.places, having)).tolist()
        return [(at, self.columns.lines.values(int(self.places[at]))) for at in found]
