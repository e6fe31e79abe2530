"""Which of the records that a register gave are worth comparing in full; in columns, as they are many."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cdist

from matching import normalise
from matching.given_names import given_name_forms
from matching.normalise import Name
from matching.records import TeachingRecord
from matching.statements import Statement

WORTH_COMPARING_FROM: Final = 0.78
CLOSE_FROM: Final = 0.82
CROSSED_FROM: Final = 0.85
WEAK_KEPT: Final = 4
FEW_OF_A_DAY: Final = 8
"""Where so few were born that day, each is compared: it costs little and a register that small is forgiving."""

MOST_COMPARED: Final = 500
"""When more resemble, those that resemble most are compared: a name that thousands share costs no more."""

_Scores = NDArray[np.float32]


def worth_comparing(statement: Statement, records: Sequence[TeachingRecord]) -> list[TeachingRecord]:
    """Drop the records of which no name and no identifier resembles, in the order given.

    Born on another day, a record must resemble in its first name, and closely when its last name is another:
    families of one name and a near birthday are many, and nobody's outcome depends on them.
    """
    if not records:
        return []
    firsts = [normalise.given_name(record.first_name).joined for record in records]
    of_firsts = _resemblance(_spellings(statement.firsts), firsts)
    of_lasts = np.zeros(len(records), np.float32)
    lasts, owners = _family_names(records)
    np.maximum.at(of_lasts, owners, _resemblance(_spellings(statement.lasts), lasts))
    same_day = np.fromiter((r.date_of_birth == statement.born for r in records), np.bool_, len(records))
    if statement.born is None or not statement.firsts:
        same_day[:] = True
    keep = np.where(same_day, (of_firsts > 0) | (of_lasts > 0), of_firsts >= np.where(of_lasts > 0, 0.1, CLOSE_FROM))
    crossed = np.zeros(len(records), np.float32)
    np.maximum.at(crossed, owners, _resemblance(_spellings(statement.firsts), lasts))
    keep |= same_day & (crossed >= CROSSED_FROM)
    if np.count_nonzero(same_day) <= FEW_OF_A_DAY:
        keep |= same_day
    keep |= _otherwise(statement, records, firsts, same_day)
    if not statement.nino:
        _thin_out(statement, records, keep, np.where(same_day | (of_lasts > 0), 2.0, of_firsts))
    kept = np.flatnonzero(keep)
    if len(kept) > MOST_COMPARED:
        kept = _closest(statement, records, of_firsts + of_lasts, kept)
    return [records[at] for at in kept.tolist()]


def _family_names(records: Sequence[TeachingRecord]) -> tuple[list[str], list[int]]:
    """Every known last name and its parts, and whose it is."""
    names: list[str] = []
    owners: list[int] = []
    for at, record in enumerate(records):
        known = _known(record.last_name, record.previous_last_names)
        names += known
        owners += (at,) * len(known)
    return names, owners


@lru_cache(maxsize=1 << 16)
def _known(last_name: str, previous: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_spellings(tuple(normalise.family_name(raw) for raw in (last_name, *previous))))


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


def _thin_out(
    statement: Statement, records: Sequence[TeachingRecord], keep: NDArray[np.bool_], closeness: _Scores
) -> None:
    """Leave a few of those who share but a first name, and were born on another day.

    They forbid `none` and do nothing else, for which a few do as well as many; with a National Insurance number given
    each of them could still be told to be a stranger, so that all are needed.
    """
    weak = np.flatnonzero(keep & (closeness <= 1.0))
    if len(weak) > WEAK_KEPT:
        surplus = weak[np.argsort(-closeness[weak], kind="stable")[WEAK_KEPT:]]
        keep[[at for at in surplus.tolist() if not _identified(statement, records[at])]] = False


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


def _otherwise(
    statement: Statement, records: Sequence[TeachingRecord], firsts: list[str], same_day: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which records resemble in what spelling does not show: other forms, other fields, identifiers."""
    typed = _spellings(statement.firsts)
    forms = {form for name in typed for form in given_name_forms(name)}
    names = forms.union(typed, _spellings(statement.lasts))
    found = np.fromiter((first in names for first in firsts), np.bool_, len(firsts))
    if typed:
        slips = cdist(typed, firsts, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
        found |= (slips <= 1).any(axis=0)
    if statement.trn or statement.nino or statement.email:
        found |= np.fromiter((_identified(statement, record) for record in records), np.bool_, len(records))
    for at in np.flatnonzero(same_day & ~found).tolist():
        record = records[at]
        for raw in (record.middle_name, *record.previous_first_names):
            if raw and not names.isdisjoint(normalise.given_name(raw).tokens):
                found[at] = True
    return found


def _identified(statement: Statement, record: TeachingRecord) -> bool:
    if statement.trn == record.trn:
        return True
    if statement.email and record.email and normalise.email(record.email) == statement.email:
        return True
    return bool(statement.nino and record.nino and _same_nino(statement, record))
