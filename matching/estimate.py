"""Estimate m and u of every comparison level by expectation maximisation, for review against the table of weights.

usage: flask --app wsgi match estimate REGISTER.csv[.gz] QUERIES.csv [--sample N]

Pairs are what blocking brings together and the pre-filter keeps; nobody says which of them belong together. The fields
are taken as independent given that (Fellegi and Sunter); names are estimated by level, frequency comes from the
register when it is asked. A person reads the result beside the table, and changes the table by hand.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Final

from matching.batch import open_queries, read_person, read_register
from matching.blocking import person_keys
from matching.comparisons import Field, Level
from matching.memory import InMemoryRegister
from matching.normalise import YOUNGEST
from matching.prefilter import Resembling, worth_comparing
from matching.questions import ask
from matching.records import PersonDetails, TeacherRegister
from matching.relations import Relating
from matching.scoring import Scorer
from matching.statements import prepare
from matching.weights import TABLE, Rarity

ROUNDS: Final = 100
SETTLED: Final = 1e-6
SMOOTHING: Final = 0.5
FIELDS: Final = (
    Field.FIRST_NAME, Field.MIDDLE_NAME, Field.LAST_NAME, Field.DATE_OF_BIRTH, Field.TRN, Field.NINO, Field.EMAIL,
)  # fmt: skip

Pattern = tuple[Level, ...]
"""The levels of one pair, in the order of FIELDS."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was estimated: the share of pairs that belong together, and m and u of every level that was seen."""

    share: float
    m: Mapping[tuple[Field, Level], float]
    u: Mapping[tuple[Field, Level], float]

    def bits(self, field: Field, level: Level) -> float:
        """What a level is worth by this estimate."""
        return math.log2(self.m[field, level] / self.u[field, level])


def patterns(register: TeacherRegister, people: Iterable[PersonDetails], today: date) -> Iterator[Pattern]:
    """Compare everybody with what blocking and the pre-filter leave of the register."""
    for person in people:
        statement = prepare(person, today)
        answer = register.find_candidates(ask(statement, person_keys(statement, today)))
        scorer = Scorer(Relating(statement), Rarity(register.size, answer.statistics, has_year=True), frozenset())
        (worth,) = worth_comparing([Resembling(statement, answer.records)])
        for record in chain(worth.contenders, worth.strangers):
            levels = {compared.field: compared.level for compared in scorer.facet(record, [record], record).comparisons}
            yield tuple(levels.get(field, Level.MISSING) for field in FIELDS)


def estimate(seen: Mapping[Pattern, int], share: float = 0.1) -> Estimate:
    """Run expectation maximisation over counted patterns; starts from pairs with a same identifier or birthday.

    Raises ValueError when there is no pattern to learn from.
    """
    if not seen:
        raise ValueError("no pairs to learn from")
    belongs = {pattern: _first_guess(pattern) for pattern in seen}
    found = _maximise(seen, belongs)
    for _ in range(ROUNDS):
        belongs = {pattern: _posterior(found, pattern) for pattern in seen}
        better = _maximise(seen, belongs)
        settled = abs(better.share - found.share) < SETTLED * max(share, better.share)
        found = better
        if settled:
            break
    return found


def _first_guess(pattern: Pattern) -> float:
    agreeing = sum(level is Level.SAME for level in pattern)
    return 0.95 if agreeing >= 3 else 0.5 if agreeing == 2 else 0.02


def _maximise(seen: Mapping[Pattern, int], belongs: Mapping[Pattern, float]) -> Estimate:
    together: dict[tuple[Field, Level], float] = defaultdict(float)
    apart: dict[tuple[Field, Level], float] = defaultdict(float)
    for pattern, count in seen.items():
        for field, level in zip(FIELDS, pattern, strict=True):
            if level is not Level.MISSING:
                together[field, level] += count * belongs[pattern]
                apart[field, level] += count * (1 - belongs[pattern])
    matched = sum(count * belongs[pattern] for pattern, count in seen.items())
    return Estimate(matched / sum(seen.values()), _shares(together), _shares(apart))


def _shares(counted: Mapping[tuple[Field, Level], float]) -> dict[tuple[Field, Level], float]:
    totals: dict[Field, float] = defaultdict(float)
    kinds: Counter[Field] = Counter()
    for (field, _), count in counted.items():
        totals[field] += count
        kinds[field] += 1
    return {
        (field, level): (count + SMOOTHING) / (totals[field] + SMOOTHING * kinds[field])
        for (field, level), count in counted.items()
    }


def _posterior(found: Estimate, pattern: Pattern) -> float:
    share = min(max(found.share, 1e-9), 1 - 1e-9)
    odds: float = math.log2(share / (1 - share))
    odds += sum(found.bits(f, level) for f, level in zip(FIELDS, pattern, strict=True) if level is not Level.MISSING)
    return 1.0 / (1.0 + math.exp2(-max(-500.0, min(500.0, odds))))


def table(found: Estimate) -> Iterator[str]:
    """Write the estimate as lines, each beside what the table of weights holds: bits, or m."""
    yield f"{'field':16s}{'level':22s}{'m':>9s}{'u':>10s}{'bits':>8s}{'table':>14s}"
    for field, level in sorted(found.m, key=lambda key: (FIELDS.index(key[0]), -found.bits(*key))):
        held = TABLE.get((field, level))
        unit = "" if held is None else " bits" if held.in_bits else " m"
        beside = f"{held.value:.2f}{unit}" if held else ""
        m, u, bits = found.m[field, level], found.u[field, level], found.bits(field, level)
        yield f"{field:16s}{level:22s}{m:9.4f}{u:10.6f}{bits:8.2f}{beside:>14s}"


def estimate_files(
    register: Path, queries: Path, sample: int, watch: Callable[[list[PersonDetails]], Iterable[PersonDetails]] = list
) -> Estimate:
    """Estimate from a register file and the first `sample` rows of a file of queries, which need not be labelled.

    `watch` is given the people, and gives them back one by one as they are compared. Raises ValueError when there is
    nothing to learn from, and FileUnreadable for a file that cannot be read, or is no register or none of queries.
    """
    with open_queries(queries) as table:
        people = [read_person(row) for row in islice(table.rows, sample)]
    born = [person.date_of_birth for person in people if person.date_of_birth]
    today = max([*born, date(2010, 1, 1)]) + timedelta(days=366 * YOUNGEST)
    held = InMemoryRegister(read_register(register))
    return estimate(Counter(patterns(held, watch(people), today)))
