"""A generation of the replica in memory, in columns, for batches: a question costs a twentieth of asking PostgreSQL.

It is read once and then only looked at, so that forked processes share it. No web process ever makes one: it takes
about 250 bytes a record, and twice that while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from identity_provider.adapters.replica_columns import NOBODY, Columns, Places, RecordsAtPlaces
from identity_provider.models.register_layout import (
    ALL_LAST_NAMES,
    IN_COLUMNS,
    namesake_span,
    slipped_trns,
    stored_keys_of_all,
)
from matching.blocking import AskedKeys
from matching.records import (
    ROWS_PER_ANSWER,
    ROWS_PER_KEY,
    CandidateAnswer,
    CandidateQuestion,
    NamePair,
    NameStatistics,
    TeachingRecord,
)

_Numbers = NDArray[np.int64]
_NONE: Final = np.empty(0, np.int64)


class ReplicaSnapshot:
    """Answers as the replica did whose columns these are; `complete` where all keys that are asked for are in them."""

    def __init__(self, columns: Columns, *, complete: bool) -> None:
        self._columns = columns
        self._complete = complete

    @property
    def size(self) -> int:
        """How many records there are."""
        return self._columns.size

    def find_by_identifiers(self, trn: str, nino: str) -> tuple[TeachingRecord, ...]:
        """As `TeacherRegister.find_by_identifiers`."""
        numbers = (("t", trn), ("n", nino))
        keys = [f"{kind}:{number}" for kind, number in numbers if number]
        return tuple(self._carefully(keys)[0])

    def find_candidates(self, question: CandidateQuestion) -> CandidateAnswer:
        """As `TeacherRegister.find_candidates`."""
        return self.find_many([question])[0]

    def find_many(self, questions: Sequence[CandidateQuestion]) -> list[CandidateAnswer]:
        """As `BulkRegister.find_many`: the keys of all questions are looked up together."""
        answers = []
        found = self._found([each.keys for each in questions])
        namesakes = self._namesakes(questions)
        for question, places, pairs in zip(questions, found, namesakes, strict=True):
            if places is None:
                records, capped = self._carefully(question.keys)
            else:
                records, capped = self._records(places), ()
            answers.append(CandidateAnswer(records, capped, self._complete, self._statistics(question, pairs)))
        return answers

    def _found(self, asked: Sequence[Sequence[str]]) -> Iterator[Places | None]:
        """The places of the records that have any key of each question; None where a cap may hold for it."""
        columns = self._columns
        low, high, whose = self._stretches(asked)
        first, last, of_column = _in_columns(asked, columns)
        counts, owners = np.concatenate((high - low, last - first)), np.concatenate((whose, of_column))
        crowded = np.bincount(owners, counts, len(asked)) >= ROWS_PER_ANSWER
        crowded[owners[counts > ROWS_PER_KEY]] = True
        places: _Numbers = np.concatenate((columns.owners[_spread(low, high)], _spread(first, last)))
        # Each once, and apart by question: places below, the number of the question above.
        both = np.unique(np.repeat(owners, counts).astype(np.int64) * columns.size + places)
        ends = np.searchsorted(both, np.arange(len(asked) + 1) * columns.size)
        for number in range(len(asked)):
            found = both[ends[number] : ends[number + 1]] - number * columns.size
            yield None if crowded[number] else found.astype(np.int32)

    def _stretches(self, asked: Sequence[Sequence[str]]) -> tuple[_Numbers, _Numbers, _Numbers]:
        """From where to where stored keys stand in the column of keys, and which question asked for each."""
        column = self._columns.keys
        if not len(column):
            return _NONE, _NONE, _NONE
        wanted, whose = stored_keys_of_all(asked)
        order = np.argsort(wanted)  # needles in order walk the column once from end to end, which spares the cache
        wanted, whose = wanted[order], whose[order]
        low = np.searchsorted(column, wanted)
        hits = np.flatnonzero(column.take(low, mode="clip") == wanted)
        return low[hits], np.searchsorted(column, wanted[hits], side="right"), whose[hits]

    def _records(self, places: Places) -> Sequence[TeachingRecord]:
        """The records at these places, and those that merged ones among them were merged into."""
        survivors = self._columns.survivors[places]
        if survivors.max(initial=-1) >= 0:
            places = np.union1d(places, survivors[survivors >= 0])
        return RecordsAtPlaces(self._columns, places) if len(places) else ()

    def _carefully(self, keys: Sequence[str]) -> tuple[Sequence[TeachingRecord], tuple[str, ...]]:
        """The records that have any of these keys, taken in key by key as caps allow, and the keys cut off."""
        columns = self._columns
        found: dict[int, None] = {}
        capped = []
        for key in keys:
            if key[0] not in IN_COLUMNS:
                having = columns.having(key).tolist()
            elif key[0] == "d":
                having = columns.days.get(key[2:], NOBODY)
            else:
                having = [place for place in (int(columns.by_trn[int(key[2:])]),) if place >= 0]
            if having and (len(having) > ROWS_PER_KEY or len(found) >= ROWS_PER_ANSWER):
                capped.append(key)
            if len(found) < ROWS_PER_ANSWER:
                found.update(dict.fromkeys(having[:ROWS_PER_KEY]))
        return self._records(np.fromiter(found, np.int32, len(found))), tuple(capped)

    def _statistics(self, question: CandidateQuestion, namesakes: Mapping[NamePair, int]) -> NameStatistics:
        counted = self._columns.counted
        return NameStatistics(
            {name: counted.get(("f", name), 0) for name in question.first_names},
            {name: counted.get(("l", name), 0) for name in question.last_names},
            namesakes,
            counted.get(ALL_LAST_NAMES, 0),
        )

    def _namesakes(self, questions: Sequence[CandidateQuestion]) -> Iterator[Mapping[NamePair, int]]:
        """How many bear the names of each question, for all questions at once."""
        column = self._columns.keys
        asked = [namesake_span(pair, each.birth_year) for each in questions for pair in each.name_pairs]
        spans = np.array(asked, np.int64).reshape(-1, 2)
        counts = iter((np.searchsorted(column, spans[:, 1], "right") - np.searchsorted(column, spans[:, 0])).tolist())
        return ({pair: next(counts) for pair in each.name_pairs} for each in questions)


def _in_columns(asked: Sequence[Sequence[str]], columns: Columns) -> tuple[_Numbers, _Numbers, _Numbers]:
    """From where to where the records lie that have a birthday or a TRN, and which question asked for each."""
    spans = [
        (day.start, day.stop, number)
        for number, keys in enumerate(asked)
        for key in (keys.plain if isinstance(keys, AskedKeys) else keys)
        if key[0] == "d" and (day := columns.days.get(key[2:], NOBODY))
    ]
    starts, stops, whose = np.array(spans, np.int64).reshape(-1, 3).T
    places, of_trns = _with_trns(asked, columns)
    return np.concatenate((starts, places)), np.concatenate((stops, places + 1)), np.concatenate((whose, of_trns))


def _with_trns(asked: Sequence[Sequence[str]], columns: Columns) -> tuple[_Numbers, _Numbers]:
    """The places of the records that have an asked TRN, and which question asked for each."""
    stated = [(number, int(keys.trn)) for number, keys in enumerate(asked) if isinstance(keys, AskedKeys) and keys.trn]
    single = [
        (number, int(key[2:]))
        for number, keys in enumerate(asked)
        if not isinstance(keys, AskedKeys)
        for key in keys
        if key[0] == "t"
    ]
    whose, trns = np.array(stated, np.int64).reshape(-1, 2).T
    slipped = slipped_trns(trns)
    numbers, others = np.array(single, np.int64).reshape(-1, 2).T
    places = columns.by_trn[np.concatenate((slipped.ravel(), others))].astype(np.int64)
    owners = np.concatenate((np.repeat(whose, slipped.shape[1]), numbers))
    both = np.unique((owners * columns.size + places)[places >= 0])
    return both % columns.size, both // columns.size


def _spread(starts: _Numbers, stops: _Numbers) -> _Numbers:
    """Every number from each start to before its stop."""
    counts = stops - starts
    return np.repeat(stops - np.cumsum(counts), counts) + np.arange(counts.sum())
