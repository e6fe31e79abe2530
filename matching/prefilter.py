"""Which of the records that a register gave are worth comparing in full; in columns, as they are many."""

from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from itertools import accumulate, chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.process import cdist

from matching.comparisons import Level, identifiers
from matching.given_names import family_name_forms, given_name_forms
from matching.held import SEPARATOR, Flags, Held, held_by, values_of
from matching.normalise import family_name, nino, spellings
from matching.parts import may_be_a_form
from matching.records import TeachingRecord
from matching.statements import Statement

WORTH_COMPARING_FROM: Final = 0.78
CLOSE_FROM: Final = 0.82
CROSSED_FROM: Final = 0.85
SURELY_FROM: Final = 0.95
STRANGERS_KEPT: Final = 4
FORMS_KEPT: Final = 40
FEW_OF_A_DAY: Final = 8
"""Where so few were born that day, each is compared: it costs little and a register that small is forgiving."""

MOST_COMPARED: Final = 150
"""When more resemble, those that resemble most are compared: a name that thousands share costs no more."""

_Scores = NDArray[np.float32]


class Resembling(NamedTuple):
    """What a lookup asks of an answer: which of these records resemble the person."""

    statement: Statement
    records: Sequence[TeachingRecord]


class Worth(NamedTuple):
    """The records that are worth comparing, apart by what they can be worth, each part in the order given.

    `strangers`, which are at these places `among` the records, were born on another day and share no more than a
    first name: none of them can be linked, nor, as `to_compare` parts them, forbid a link. They only forbid `none`, and
    may be shown to an agent; few lookups want them built. `of_the_day` is how many of all have the stated birthday.
    """

    contenders: list[TeachingRecord]
    among: Sequence[TeachingRecord] = ()
    places: Sequence[int] = ()
    of_the_day: int = 0

    @property
    def strangers(self) -> list[TeachingRecord]:
        """The strangers themselves."""
        return [self.among[at] for at in self.places]


def to_compare(asked: Sequence[Resembling]) -> list[Worth]:
    """Choose for each the records to compare in full, each merged one with its survivor."""
    return [_with_survivors(one.statement, worth) for one, worth in zip(asked, worth_comparing(asked), strict=True)]


def _with_survivors(statement: Statement, worth: Worth) -> Worth:
    """Add the survivors of merged records, and take out of the strangers whoever speaks against a link all the same."""
    contenders, records, places, of_the_day = worth
    forms = {form for stated in statement.lasts for form in family_name_forms(stated.joined)}
    mattering = {at for at in places if _may_matter(statement, forms, values_of(records, at))}
    compared = chain(contenders, (records[at] for at in mattering))  # a merged stranger matters itself
    merged_into = {record.merged_into for record in compared if record.merged_into}
    if not (mattering or merged_into):
        return worth
    held, known = held_by(records), {record.trn for record in contenders}
    survivors = {at for trn in merged_into - known for at in held.with_trn(trn)}
    mattering |= survivors.intersection(places)
    added = [records[at] for at in (*sorted(mattering), *sorted(survivors - mattering))]
    return Worth([*contenders, *added], records, [at for at in places if at not in mattering], of_the_day)


def _may_matter(statement: Statement, forms: Set[str], values: Sequence[str]) -> bool:
    """Whether a record that resembles in its first name only speaks against a link all the same.

    A merged one adds to what is known of its survivor; a number one slip away, or another form of the last name, makes
    it a rival.
    """
    trn, _, _, last, _, previous_lasts, _, held_nino, _, _, merged_into, *_ = values
    if merged_into or identifiers(statement.trn, trn) is Level.ONE_SLIP:
        return True
    held = nino(held_nino) if statement.nino and held_nino else None
    if held and identifiers(statement.nino, held.value) is Level.ONE_SLIP:
        return True
    # Forms with more or fewer letters (O'Donnell, Nováková) resemble, so that who bears them is no stranger.
    return (
        any(family_name(name).joined in forms for name in (last, *previous_lasts.split(SEPARATOR))) if forms else False
    )


def worth_comparing(asked: Sequence[Resembling]) -> list[Worth]:
    """Drop the records of which no name and no identifier resembles.

    Born on another day, a record must resemble in its first name, and closely when its last name is another:
    families of one name and a near birthday are many, and nobody's outcome depends on them.

    Many are answered together, where what their registers gave lies in columns of one kind.
    """
    found = [Worth([])] * len(asked)
    of_a_kind: dict[type[Held], dict[int, Held]] = defaultdict(dict)
    for at, one in enumerate(asked):
        if one.records:
            held = held_by(one.records)
            of_a_kind[type(held)][at] = held
    for parts in of_a_kind.values():
        answers = _Answers.of([asked[at] for at in parts], list(parts.values()))
        for at, worth in zip(parts, _worth_comparing(answers), strict=True):
            found[at] = worth
    return found


class _Answers(NamedTuple):
    """The records of several answers in columns, one answer after the other; each starts at its place of `starts`."""

    asked: Sequence[Resembling]
    parts: Sequence[Held]
    held: Held
    counts: Sequence[int]
    starts: Sequence[int]
    firsts: Sequence[str]

    @classmethod
    def of(cls, asked: Sequence[Resembling], parts: Sequence[Held]) -> "_Answers":
        held = parts[0].followed_by(parts[1:]) if len(parts) > 1 else parts[0]
        counts = [len(one.records) for one in asked]
        return cls(asked, parts, held, counts, list(accumulate(counts[:-1], initial=0)), held.firsts())

    def of_each(self, said: Sequence[bool]) -> Flags:
        """What is said of each answer, for each of its records."""
        return np.repeat(np.array(said, np.bool_), self.counts)

    def number(self, flags: Flags) -> list[int]:
        """How many records of each answer are flagged."""
        counted: list[int] = np.add.reduceat(flags, self.starts, dtype=np.intp).tolist()
        return counted


class _Names(NamedTuple):
    """Every spelling of the stated first and last names, those with all other forms of the first, and middle names."""

    firsts: list[str]
    lasts: list[str]
    forms: set[str]
    middles: frozenset[str]

    @classmethod
    def of(cls, statement: Statement) -> "_Names":
        firsts, lasts = spellings(statement.firsts), spellings(statement.lasts)
        forms = {form for name in firsts for form in given_name_forms(name)}.union(firsts, lasts)
        return cls(firsts, lasts, forms, frozenset(token for token in statement.middle.tokens if len(token) > 1))


class _Resemblance(NamedTuple):
    """How much a first name resembles a stated one, last names a stated one, and last names a stated first name.

    0 where nothing resembles.
    """

    firsts: _Scores
    lasts: _Scores
    crossed: _Scores


def _worth_comparing(answers: _Answers) -> Iterator[Worth]:
    """The same of answers whose columns can be put together: only names are compared answer by answer."""
    asked = answers.asked
    statements, names = [one.statement for one in asked], [_Names.of(one.statement) for one in asked]
    born = answers.held.born_on([statement.born for statement in statements], answers.counts)
    # Where no day or no first name could tell them apart, all are taken as born that day.
    same_day = born | answers.of_each([not (statement.born and statement.firsts) for statement in statements])
    few = answers.of_each([count <= FEW_OF_A_DAY for count in answers.number(same_day)])
    alike = _resemblance(answers, names)
    first, last = alike.firsts > 0, alike.lasts > 0
    keep = (alike.firsts >= CLOSE_FROM) | (first & last)
    keep |= same_day & (first | last | few | (alike.crossed >= CROSSED_FROM))
    _keep_otherwise(answers, names, same_day, alike.lasts >= SURELY_FROM, keep)
    identified = [
        at for answer in zip(answers.starts, statements, answers.parts, strict=True) for at in _identified(*answer)
    ]
    keep[identified] = True
    strange = ~(same_day | last | (alike.crossed > 0))
    strange[identified] = False
    _thin_out(answers, keep, strange, alike.firsts)
    kept = np.flatnonzero(keep)
    stretches = np.split(kept, np.searchsorted(kept, answers.starts[1:]))
    for one, start, of_the_day, resembling in zip(asked, answers.starts, answers.number(born), stretches, strict=True):
        places = resembling if len(resembling) <= MOST_COMPARED else _closest(one, start, alike, resembling)
        apart = strange[places]
        contenders = [one.records[at - start] for at in places[~apart].tolist()]
        yield Worth(contenders, one.records, (places[apart] - start).tolist(), of_the_day)


def _resemblance(answers: _Answers, names: Sequence[_Names]) -> _Resemblance:
    """Compare all names of each answer with those that were stated: in one table, stated names by held ones."""
    firsts = answers.firsts
    known = answers.held.lasts()
    lasts = list(chain.from_iterable(known))
    starts = list(accumulate(map(len, known), initial=0))
    of_firsts, straight, across = (np.zeros(size, np.float32) for size in (len(firsts), len(lasts), len(lasts)))
    for start, count, (typed_firsts, typed_lasts, _, _) in zip(answers.starts, answers.counts, names, strict=True):
        if not (typed_firsts or typed_lasts):
            continue
        low, high, given = starts[start], starts[start + count], len(typed_firsts)
        scores = cdist(
            typed_firsts + typed_lasts,
            [*firsts[start : start + count], *lasts[low:high]],
            scorer=JaroWinkler.normalized_similarity,
            score_cutoff=WORTH_COMPARING_FROM,
            dtype=np.float32,
        )
        best = scores[:given].max(axis=0, initial=0.0)
        of_firsts[start : start + count], across[low:high] = best[:count], best[count:]
        straight[low:high] = scores[given:, count:].max(axis=0, initial=0.0)
    return _Resemblance(of_firsts, np.maximum.reduceat(straight, starts[:-1]), np.maximum.reduceat(across, starts[:-1]))


def _keep_otherwise(answers: _Answers, names: Sequence[_Names], same_day: Flags, surely: Flags, keep: Flags) -> None:
    """Keep also the records that resemble in what spelling does not show: another form, or a name in another field.

    Middle names, and the words of a first name, are looked at where the birthday, or the last name, is close; beside
    the last name a stated middle name is enough.
    """
    firsts = answers.firsts
    for start, count, (typed, _, forms, _) in zip(answers.starts, answers.counts, names, strict=True):
        held, kept = firsts[start : start + count], keep[start : start + count]
        kept |= np.fromiter(map(forms.__contains__, held), np.bool_, count)
        if typed:
            distances = cdist(typed, held, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
            kept |= distances.min(axis=0) <= 1
    whose = np.repeat(np.arange(len(names)), answers.counts)
    places = np.flatnonzero((same_day | surely) & ~keep).tolist()
    by_middle = np.flatnonzero(surely & ~keep & answers.of_each([bool(each.middles) for each in names])).tolist()
    found = [at for at in by_middle if firsts[at] in names[whose[at]].middles]
    for at, words in answers.held.elsewhere(places):
        _, _, forms, middles = names[whose[at]]
        if not forms.isdisjoint(words) or (middles and surely[at] and not middles.isdisjoint(words)):
            found.append(at)
    keep[found] = True
    keep[list(_perhaps_forms(firsts, names, whose, np.flatnonzero(surely & ~keep).tolist()))] = True


def _perhaps_forms(
    firsts: Sequence[str], names: Sequence[_Names], whose: NDArray[np.intp], places: Sequence[int]
) -> Iterator[int]:
    """Records, of each answer, of the stated last name whose first name may be a form that no list has.

    They link nobody and only forbid `none`; not each of them does, so that a few would not do as well as many.
    """
    left: dict[int, int] = {}
    for at in places:
        answer = int(whose[at])
        if left.get(answer, FORMS_KEPT) and may_be_a_form(firsts[at], names[answer].firsts):
            left[answer] = left.get(answer, FORMS_KEPT) - 1
            yield at


def _identified(start: int, statement: Statement, held: Held) -> list[int]:
    """Where the records of an answer are that have the stated TRN, National Insurance number or address."""
    found = held.with_trn(statement.trn) if statement.trn else []
    if statement.nino:
        found = found + held.with_nino(statement.nino)
    if statement.email:
        found = found + held.with_email(statement.email)
    return [start + at for at in found]


def _thin_out(answers: _Answers, keep: Flags, strange: Flags, of_firsts: _Scores) -> None:
    """Leave a few strangers, for which a few do as well as many.

    With a National Insurance number given each of them could still be told to be one, so that all are needed.
    """
    weak = keep & strange & answers.of_each([not one.statement.nino for one in answers.asked])
    for start, count, many in zip(answers.starts, answers.counts, answers.number(weak), strict=True):
        if many > STRANGERS_KEPT:
            places = start + np.flatnonzero(weak[start : start + count])
            keep[places[np.argsort(-of_firsts[places], kind="stable")[STRANGERS_KEPT:]]] = False


def _closest(asked: Resembling, start: int, alike: _Resemblance, kept: NDArray[np.intp]) -> NDArray[np.intp]:
    """Of too many records those that resemble most."""
    statement, held = asked.statement, held_by(asked.records)
    places = slice(start, start + len(asked.records))
    scores = alike.firsts[places] + alike.lasts[places]
    scores += held.born_on([statement.born], [len(scores)])
    scores[held.with_trn(statement.trn)] += 2.0
    scores[held.with_nino(statement.nino)] += 2.0
    chosen = kept[np.argsort(-scores[kept - start], kind="stable")[:MOST_COMPARED]]
    return np.sort(chosen)
