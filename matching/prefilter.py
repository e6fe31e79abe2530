"""Which of the records that a register gave are worth comparing in full; in columns, as they are many."""

from collections.abc import Sequence
from itertools import accumulate, chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cdist

from matching.comparisons import Level, identifiers
from matching.given_names import are_family_name_forms, given_name_forms
from matching.held import Flags, Held, held_by
from matching.normalise import family_name, nino, spellings
from matching.records import TeachingRecord
from matching.statements import Statement

WORTH_COMPARING_FROM: Final = 0.78
CLOSE_FROM: Final = 0.82
CROSSED_FROM: Final = 0.85
STRANGERS_KEPT: Final = 4
FEW_OF_A_DAY: Final = 8
"""Where so few were born that day, each is compared: it costs little and a register that small is forgiving."""

MOST_COMPARED: Final = 150
"""When more resemble, those that resemble most are compared: a name that thousands share costs no more."""

_Scores = NDArray[np.float32]


class Worth(NamedTuple):
    """The records that are worth comparing, apart by what they can be worth, each part in the order given.

    `strangers` were born on another day and share no more than a first name: none of them can be linked, nor, as
    `to_compare` parts them, forbid a link. They only forbid `none`, and may be shown to an agent.
    """

    contenders: list[TeachingRecord]
    strangers: list[TeachingRecord]


def to_compare(statement: Statement, records: Sequence[TeachingRecord]) -> Worth:
    """Choose the records to compare in full, each merged one with its survivor."""
    worth = worth_comparing(statement, records)
    chosen = {record.trn: record for part in worth for record in part}
    survivors = {record.merged_into for record in chosen.values() if record.merged_into}
    missing = survivors - chosen.keys()
    more = [records[at] for at in sorted(at for trn in missing for at in held_by(records).with_trn(trn))]
    no_strangers = [r for r in worth.strangers if r.trn in survivors or _may_matter(statement, r)]
    if not (more or no_strangers):
        return worth
    strangers = [record for record in worth.strangers if record not in no_strangers]
    return Worth([*worth.contenders, *no_strangers, *more], strangers)


def _may_matter(statement: Statement, record: TeachingRecord) -> bool:
    """Whether a record that resembles in its first name only speaks against a link all the same.

    A merged one adds to what is known of its survivor; a number one slip away, or another form of the last name, makes
    it a rival.
    """
    if record.merged_into or identifiers(statement.trn, record.trn) is Level.ONE_SLIP:
        return True
    held = nino(record.nino) if statement.nino and record.nino else None
    if held and identifiers(statement.nino, held.value) is Level.ONE_SLIP:
        return True
    lasts = [family_name(name).joined for name in (record.last_name, *record.previous_last_names)]
    return any(are_family_name_forms(stated.joined, name) for stated in statement.lasts for name in lasts)


def worth_comparing(statement: Statement, records: Sequence[TeachingRecord]) -> Worth:
    """Drop the records of which no name and no identifier resembles.

    Born on another day, a record must resemble in its first name, and closely when its last name is another:
    families of one name and a near birthday are many, and nobody's outcome depends on them.
    """
    if not records:
        return Worth([], [])
    held = held_by(records)
    firsts = held.firsts()
    of_firsts, of_lasts, crossed = _resemblance(statement, held, firsts)
    same_day = _same_day(statement, held, len(firsts))
    first, last = of_firsts > 0, of_lasts > 0
    keep = (of_firsts >= CLOSE_FROM) | (first & last) | (same_day & (first | last | (crossed >= CROSSED_FROM)))
    if np.count_nonzero(same_day) <= FEW_OF_A_DAY:
        keep |= same_day
    identified = _identified(statement, held)
    keep |= _otherwise(statement, held, firsts, same_day)
    keep[identified] = True
    strange = ~(same_day | last | (crossed > 0))
    strange[identified] = False
    if not statement.nino:
        _thin_out(keep, strange, of_firsts)
    kept = np.flatnonzero(keep)
    if len(kept) > MOST_COMPARED:
        kept = _closest(statement, held, of_firsts + of_lasts, kept)
    apart = strange[kept]
    return Worth(*([records[at] for at in part.tolist()] for part in (kept[~apart], kept[apart])))


def _same_day(statement: Statement, held: Held, count: int) -> Flags:
    """Which records were born on the stated day; all, where no day or no first name could tell them apart."""
    if statement.born is None or not statement.firsts:
        return np.ones(count, np.bool_)
    return held.born_on(statement.born)


def _resemblance(statement: Statement, held: Held, firsts: Sequence[str]) -> tuple[_Scores, _Scores, _Scores]:
    """How much each record's first name resembles a stated one, its last names a stated one, and those a first name.

    All in one table, stated names by held ones, whose cells are 0 where nothing resembles.
    """
    straight, across = spellings(statement.lasts), spellings(statement.firsts)
    count, given = len(firsts), len(across)
    if not (straight or across):
        return np.zeros(count, np.float32), np.zeros(count, np.float32), np.zeros(count, np.float32)
    known = held.lasts()
    scores = cdist(
        across + straight,
        list(chain(firsts, *known)),
        scorer=JaroWinkler.normalized_similarity,
        score_cutoff=WORTH_COMPARING_FROM,
        dtype=np.float32,
    )
    starts = list(accumulate(map(len, known[:-1]), initial=count))
    families = np.maximum.reduceat(scores, starts, axis=1)
    return (
        scores[:given, :count].max(axis=0, initial=0.0),
        families[given:].max(axis=0, initial=0.0),
        families[:given].max(axis=0, initial=0.0),
    )


def _thin_out(keep: Flags, strange: Flags, of_firsts: _Scores) -> None:
    """Leave a few strangers, for which a few do as well as many.

    With a National Insurance number given each of them could still be told to be one, so that all are needed.
    """
    weak = np.flatnonzero(keep & strange)
    if len(weak) > STRANGERS_KEPT:
        keep[weak[np.argsort(-of_firsts[weak], kind="stable")[STRANGERS_KEPT:]]] = False


def _closest(statement: Statement, held: Held, scores: _Scores, kept: NDArray[np.intp]) -> NDArray[np.intp]:
    if statement.born:
        scores += held.born_on(statement.born)
    scores[held.with_trn(statement.trn)] += 2.0
    scores[held.with_nino(statement.nino)] += 2.0
    chosen = kept[np.argsort(-scores[kept], kind="stable")[:MOST_COMPARED]]
    return np.sort(chosen)


def _otherwise(statement: Statement, held: Held, firsts: Sequence[str], same_day: Flags) -> Flags:
    """Which records resemble in what spelling does not show: another form, or a name in another field."""
    typed = spellings(statement.firsts)
    forms = {form for name in typed for form in given_name_forms(name)}
    names = forms.union(typed, spellings(statement.lasts))
    found = np.fromiter(map(names.__contains__, firsts), np.bool_, len(firsts))
    if typed:
        slips = cdist(typed, firsts, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
        found |= (slips <= 1).any(axis=0)
    elsewhere = held.elsewhere(np.flatnonzero(same_day & ~found).tolist())
    found[[at for at, words in elsewhere if not names.isdisjoint(words)]] = True
    return found


def _identified(statement: Statement, held: Held) -> list[int]:
    """Where the records are that have the stated TRN, National Insurance number or address."""
    found = held.with_trn(statement.trn) if statement.trn else []
    if statement.nino:
        found = found + held.with_nino(statement.nino)
    return found + held.with_email(statement.email) if statement.email else found
