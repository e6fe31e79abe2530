"""A register in memory with real indexes: for batches, evaluation and tests."""

import gc
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.blocking import counted_names, pair_year_keys, record_keys
from matching.normalise import nino as read_nino
from matching.records import (
    PAIR_YEARS,
    ROWS_PER_ANSWER,
    ROWS_PER_KEY,
    CandidateAnswer,
    CandidateQuestion,
    NamePair,
    NameStatistics,
    RecordStatus,
    TeachingRecord,
)

_Index = tuple[NDArray[np.int64], NDArray[np.int32]]
_ALL_YEARS: Final = range(1900, 2030)


class InMemoryRegister:
    """Answers like a register in a database; built once, then only read.

    Keys are kept as one sorted column of 64-bit hashes beside the position of the record: eight bytes a key,
    and nothing that a forked process would have to copy. A clash of hashes only brings one more record.
    """

    def __init__(self, records: Iterable[TeachingRecord]) -> None:
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._records: Sequence[TeachingRecord] = list(records)
            self._positions = {record.trn: at for at, record in enumerate(self._records)}
            self._hashes, self._owners = self._index()
        finally:
            if collecting:
                gc.enable()

    def _index(self) -> _Index:
        hashes: list[int] = []
        owners: list[int] = []
        self._first_names: dict[str, int] = {}
        self._last_names: dict[str, int] = {}
        for at, record in enumerate(self._records):
            keys = record_keys(record)
            hashes += map(hash, keys)
            owners += [at] * len(keys)
            names = counted_names(record)
            for name in names.first_names:
                self._first_names[name] = self._first_names.get(name, 0) + 1
            for name in names.last_names:
                self._last_names[name] = self._last_names.get(name, 0) + 1
        self._last_names_counted = sum(self._last_names.values())
        column = np.array(hashes, dtype=np.int64)
        order = np.argsort(column, kind="stable")
        return column[order], np.array(owners, dtype=np.int32)[order]

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self._records)

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        """As `TeacherRegister.find_by_identifiers`."""
        found: dict[int, None] = {}
        if trn and trn in self._positions:
            found[self._positions[trn]] = None
        if nino:
            for _, start, end in self._hits([f"n:{nino}"]):
                for at in self._owners[start : min(end, start + ROWS_PER_KEY)].tolist():
                    number = read_nino(self._records[at].nino)
                    if number and number.value == nino:
                        found[at] = None
        return self._with_survivors(found)

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        """As `TeacherRegister.find_candidates`."""
        found: dict[int, None] = {}
        capped: list[str] = []
        keys = tuple(question.keys)
        for at, start, end in self._hits(keys):
            if end - start > ROWS_PER_KEY or len(found) >= ROWS_PER_ANSWER:
                capped.append(keys[at])
            if len(found) < ROWS_PER_ANSWER:
                found.update(dict.fromkeys(self._owners[start : min(end, start + ROWS_PER_KEY)].tolist()))
        return CandidateAnswer(
            self._with_survivors(found), tuple(capped), complete=True, statistics=self._statistics(question)
        )

    def _hits(self, keys: Sequence[str]) -> list[tuple[int, int, int]]:
        """Which keys have records, and where those begin and end in the index; in the order of the keys."""
        if not len(self._hashes):
            return []
        wanted = np.fromiter(map(hash, keys), dtype=np.int64, count=len(keys))
        # Sorted needles walk the index once from end to end, which spares the cache.
        order = np.argsort(wanted)
        low = np.empty(len(keys), dtype=np.int64)
        low[order] = np.searchsorted(self._hashes, wanted[order])
        hits = np.flatnonzero(self._hashes[np.minimum(low, len(self._hashes) - 1)] == wanted)
        high = np.searchsorted(self._hashes, wanted[hits], side="right")
        return list(zip(hits.tolist(), low[hits].tolist(), high.tolist(), strict=True))

    def _with_survivors(self, found: dict[int, None]) -> tuple[TeachingRecord, ...]:
        records = {at: self._records[at] for at in found}
        for record in tuple(records.values()):
            if record.status is RecordStatus.MERGED and record.merged_into in self._positions:
                at = self._positions[record.merged_into]
                records[at] = self._records[at]
        return tuple(records.values())

    def _statistics(self, question: CandidateQuestion) -> NameStatistics:
        return NameStatistics(
            first_names={name: self._first_names.get(name, 0) for name in question.first_names},
            last_names={name: self._last_names.get(name, 0) for name in question.last_names},
            pairs=self._namesakes(question.name_pairs, question.birth_year),
            last_names_counted=self._last_names_counted,
        )

    def _namesakes(self, pairs: Sequence[NamePair], birth_year: int | None) -> dict[NamePair, int]:
        found = dict.fromkeys(pairs, 0)
        years = len(_ALL_YEARS) if birth_year is None else 2 * PAIR_YEARS + 1
        keys: list[str] = []
        for first, last in found:
            if birth_year is None:
                keys += [f"y:{year}:{first}:{last}" for year in _ALL_YEARS]
            else:
                keys += pair_year_keys(first, last, birth_year)
        owners = list(found)
        for at, start, end in self._hits(keys):
            found[owners[at // years]] += end - start
        return found
