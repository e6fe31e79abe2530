"""Which of the records that a register gave are worth comparing in full; in columns, as they are many."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cdist

from matching import normalise
from matching.given_names import given_name_forms
from matching.normalise import Name
from matching.records import TeachingRecord
from matching.statements import Statement

WORTH_COMPARING_FROM: Final = 0.78
MOST_COMPARED: Final = 500
"""When more resemble, those that resemble most are compared: a name that thousands share costs no more."""

_Scores = NDArray[np.float32]


def worth_comparing(statement: Statement, records: Sequence[TeachingRecord]) -> list[TeachingRecord]:
    """Drop the records of which no name and no identifier resembles, in the order given."""
    if not records:
        return []
    firsts = [normalise.given_name(record.first_name).joined for record in records]
    scores = _resemblance(_spellings(statement.firsts), firsts)
    lasts, owners = _family_names(records)
    np.maximum.at(
        of_lasts := np.zeros(len(records), np.float32),
        owners,
        _resemblance(_spellings(statement.lasts), lasts),
    )
    keep = (scores > 0) | (of_lasts > 0)
    loose = _Loose(statement)
    for at in np.flatnonzero(~keep).tolist():
        keep[at] = loose.resembles(records[at], firsts[at])
    kept = np.flatnonzero(keep)
    if len(kept) > MOST_COMPARED:
        kept = _closest(statement, records, scores + of_lasts, kept)
    return [records[at] for at in kept.tolist()]


def _family_names(records: Sequence[TeachingRecord]) -> tuple[list[str], list[int]]:
    """Every known last name and its parts, and whose it is."""
    names: list[str] = []
    owners: list[int] = []
    for at, record in enumerate(records):
        for raw in (record.last_name, *record.previous_last_names):
            name = normalise.family_name(raw)
            names.append(name.joined)
            owners.append(at)
            if len(name.tokens) > 1:
                names += name.tokens
                owners += [at] * len(name.tokens)
    return names, owners


def _spellings(names: tuple[Name, ...]) -> list[str]:
    return list(dict.fromkeys(form for name in names for form in (name.joined, *name.tokens)))


def _resemblance(stated: list[str], held: list[str]) -> _Scores:
    """How much each held name resembles the stated one that it resembles most; 0 where it does not."""
    if not stated:
        return np.zeros(len(held), np.float32)
    scores = cdist(
        stated,
        held,
        scorer=JaroWinkler.normalized_similarity,
        score_cutoff=WORTH_COMPARING_FROM,
        dtype=np.float32,
    )
    return np.asarray(scores.max(axis=0), dtype=np.float32)


def _closest(
    statement: Statement, records: Sequence[TeachingRecord], scores: _Scores, kept: NDArray[np.intp]
) -> NDArray[np.intp]:
    for at in kept.tolist():
        record = records[at]
        scores[at] += float(record.date_of_birth == statement.born) + 2.0 * (record.trn == statement.trn)
        scores[at] += 2.0 * bool(statement.nino and _same_nino(statement, record))
    chosen = kept[np.argsort(-scores[kept], kind="stable")[:MOST_COMPARED]]
    return np.sort(chosen)


def _same_nino(statement: Statement, record: TeachingRecord) -> bool:
    number = normalise.nino(record.nino) if record.nino else None
    return number is not None and number.value == statement.nino


class _Loose:
    """Resemblance that spelling does not show: other forms, names in another field, identifiers."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._forms = {form for name in _spellings(statement.firsts) for form in given_name_forms(name)}
        self._firsts = set(_spellings(statement.firsts))
        self._names = self._forms | self._firsts | set(_spellings(statement.lasts))

    def resembles(self, record: TeachingRecord, first: str) -> bool:
        """Whether a record of which no name is spelled alike is worth comparing all the same."""
        stated = self._statement
        if first in self._names or record.trn == stated.trn:
            return True
        for raw in (record.middle_name, *record.previous_first_names):
            if raw and not self._names.isdisjoint(normalise.given_name(raw).tokens):
                return True
        if stated.email and record.email and normalise.email(record.email) == stated.email:
            return True
        return bool(stated.nino and record.nino and _same_nino(stated, record))
