"""A generation of the replica in memory, in columns, for batches: a question costs a tenth of asking PostgreSQL.

It is read once and then only looked at, so that forked processes share it. No web process ever makes one: it takes
about 200 bytes a record, and twice that while it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from identity_provider.adapters.replica_bulk import missing_survivors
from identity_provider.models.register_layout import ALL_LAST_NAMES, IN_COLUMNS, namesake_span, stored_key
from matching.records import (
    ROWS_PER_ANSWER,
    ROWS_PER_KEY,
    CandidateAnswer,
    CandidateQuestion,
    NamePair,
    NameStatistics,
    TeachingRecord,
)
from matching.rows import RecordLines, read_line

TRN_NUMBERS: Final = 10_000_000
_NOBODY: Final[Sequence[int]] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """A generation as it is read. Records have places from 0, in the order of their birthdays; keys are sorted.

    `starts` are where the lines start in `text`, and where the last ends; `owners` the places of the records that have
    the keys; `by_trn` has the place of each TRN, -1 for none; `days` the places of each birthday, as YYYYMMDD.
    """

    text: bytes
    starts: NDArray[np.int64]
    keys: NDArray[np.int64]
    owners: NDArray[np.int32]
    by_trn: NDArray[np.int32]
    days: Mapping[str, range]
    names: Mapping[tuple[str, str], int]


class ReplicaSnapshot:
    """Answers as the replica did whose columns these are."""

    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self._columns.starts) - 1

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        """As `TeacherRegister.find_by_identifiers`."""
        numbers = (("t", trn), ("n", nino))
        keys = [f"{kind}:{number}" for kind, number in numbers if number]
        found, _ = _gathered(keys, self._places(keys))
        return tuple(map(read_line, self._lines(found)))

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        """As `TeacherRegister.find_candidates`."""
        return self.find_many([question])[0]

    def find_many(self, questions: Sequence[CandidateQuestion]) -> list[CandidateAnswer]:
        """As `BulkRegister.find_many`: the keys of all questions are looked up together."""
        places = self._places([key for question in questions for key in question.keys])
        answers, start = [], 0
        for question in questions:
            end = start + len(question.keys)
            found, capped = _gathered(question.keys, places[start:end])
            start = end
            lines = self._lines(found)
            records = RecordLines(lines) if lines else ()
            answers.append(CandidateAnswer(records, capped, statistics=self._statistics(question)))
        return answers

    def _places(self, keys: Sequence[str]) -> list[Sequence[int]]:
        """The places of the records that have each key."""
        columns = self._columns
        found = [_NOBODY] * len(keys)
        stored = []
        for at, key in enumerate(keys):
            if key[0] not in IN_COLUMNS:
                stored.append(at)
            elif key[0] == "d":
                found[at] = columns.days.get(key[2:], _NOBODY)
            elif (place := int(columns.by_trn[int(key[2:])])) >= 0:
                found[at] = (place,)
        for at, low, high in self._stretches(keys, stored):
            found[at] = columns.owners[low:high].tolist()
        return found

    def _stretches(self, keys: Sequence[str], stored: Sequence[int]) -> Iterable[tuple[int, int, int]]:
        """Which keys somebody has, and from where to where they stand in the column of keys."""
        column = self._columns.keys
        if not (len(column) and stored):
            return ()
        wanted = np.fromiter((stored_key(keys[at]) for at in stored), np.int64, len(stored))
        order = np.argsort(wanted)  # needles in order walk the column once from end to end, which spares the cache
        wanted = wanted[order]
        low = np.searchsorted(column, wanted)
        hits = np.flatnonzero(column[np.minimum(low, len(column) - 1)] == wanted)
        high = np.searchsorted(column, wanted[hits], side="right")
        at = np.fromiter(stored, np.int64, len(stored))[order[hits]]
        return zip(at.tolist(), low[hits].tolist(), high.tolist(), strict=True)

    def _lines(self, places: Iterable[int]) -> list[str]:
        """The lines of records, and of those that merged ones were merged into."""
        lines = [self._line(place) for place in places]
        survivors = (int(self._columns.by_trn[int(trn)]) for trn in missing_survivors(lines))
        return lines + [self._line(place) for place in survivors if place >= 0]

    def _line(self, place: int) -> str:
        starts = self._columns.starts
        return self._columns.text[starts[place] : starts[place + 1]].decode()

    def _statistics(self, question: CandidateQuestion) -> NameStatistics:
        counted = self._columns.names
        return NameStatistics(
            {name: counted.get(("f", name), 0) for name in question.first_names},
            {name: counted.get(("l", name), 0) for name in question.last_names},
            self._namesakes(question.name_pairs, question.birth_year),
            counted.get(ALL_LAST_NAMES, 0),
        )

    def _namesakes(self, pairs: Sequence[NamePair], birth_year: int | None) -> dict[NamePair, int]:
        spans = [namesake_span(pair, birth_year) for pair in pairs]
        column = self._columns.keys
        counts = [int(np.searchsorted(column, high, "right") - np.searchsorted(column, low)) for low, high in spans]
        return dict(zip(pairs, counts, strict=True))


def _gathered(keys: Sequence[str], places: Sequence[Sequence[int]]) -> tuple[Iterable[int], tuple[str, ...]]:
    """Everybody found by any key, each once, and the keys that were cut off."""
    found: dict[int, None] = {}
    capped = []
    for key, having in zip(keys, places, strict=True):
        if not having:
            continue
        if len(having) > ROWS_PER_KEY or len(found) >= ROWS_PER_ANSWER:
            capped.append(key)
        if len(found) < ROWS_PER_ANSWER:
            found.update(dict.fromkeys(having[:ROWS_PER_KEY]))
    return found, tuple(capped)
