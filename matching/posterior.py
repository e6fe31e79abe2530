"""Candidates, and how likely each of them is the person."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from matching import weights
from matching.comparisons import Field, Level
from matching.evidence import Evidence, FieldComparison
from matching.given_names import is_borne
from matching.records import RecordStatus, TeachingRecord

MOST_KEPT: Final = 10
BESIDE_EXACT: Final = {Level.ANOTHER: 3.0, Level.SIMILAR: 6.0, Level.VARIANT: 8.0, Level.NEARLY: 8.0}
"""Bits that another first name weighs less beside a record of exactly the stated name: as EM has it, -5.7 for -3.

So much less, that it is level with them, does a form of the stated name that is often another's, or a name of its own.
"""

_ROUNDED: Final = 1e-6
"""Bits by which two sums of the same weights may differ."""

_COMMON = Level.COMMON


class Candidate(NamedTuple):
    """A record with the evidence for it; the survivor where it was a merged record that resembled."""

    record: TeachingRecord
    weight: float
    posterior: float
    comparisons: tuple[FieldComparison, ...]
    evidence: Evidence
    merged_from: str | None = None

    def compared(self, field: Field) -> FieldComparison:
        """How this candidate compares in one field; a missing one where that was not compared."""
        found = (each for each in self.comparisons if each.field is field)
        return next(found, FieldComparison(field, Level.MISSING, 0.0))

    def level(self, field: Field) -> Level:
        """How this candidate relates in one field."""
        return self.compared(field).level

    @property
    def active(self) -> bool:
        """Whether the record may be linked at all."""
        return self.record.status is RecordStatus.ACTIVE


class Facet(NamedTuple):
    """One record of a candidate before it is weighed: the survivor `trn` itself, or one that was merged into it.

    `apart` leaves out how often the two names go together: that tells a record from strangers outside of the
    register, not from the other candidates, who were found by these very names.
    """

    trn: str
    source: str
    comparisons: tuple[FieldComparison, ...]
    evidence: Evidence
    bits: float
    apart: float

    @classmethod
    def of(cls, compared: tuple[FieldComparison, ...], record: TeachingRecord, survivor: TeachingRecord) -> "Facet":
        """Add up what was compared of a record."""
        bits = together = 0.0
        for comparison in compared:
            bits += comparison.bits
            if comparison.level is _COMMON:
                together += comparison.bits
        return cls(survivor.trn, record.trn, compared, Evidence.of(compared, survivor), bits, bits - together)


def prior(size: int, share: float) -> float:
    """Bits by which a record is the person's before anything is compared."""
    return math.log2(share / (1 - share)) - math.log2(max(size, weights.SMALL_REGISTER))


def _but_first_name(row: Facet) -> float:
    """Bits of all else: middle name, previous last name, numbers and address."""
    return row.apart - sum(each.bits for each in row.comparisons if each.field is Field.FIRST_NAME)


def _of_a_twin(row: Facet, exact: Facet) -> float:
    """Bits that a record of another first name weighs less beside one of exactly the stated name."""
    level = row.evidence.first
    if level not in BESIDE_EXACT or _but_first_name(row) > _but_first_name(exact) + _ROUNDED:
        return 0.0
    if level is Level.NEARLY:
        name = next(each for each in row.comparisons if each.field is Field.FIRST_NAME)
        return BESIDE_EXACT[level] if is_borne(name.held) else 0.0
    if level is Level.VARIANT:
        return BESIDE_EXACT[level] if row.evidence.often_two_people else 0.0
    return BESIDE_EXACT[level]


def weighed(scored: Sequence[Facet], held: Mapping[str, TeachingRecord], prior_bits: float) -> tuple[Candidate, ...]:
    """Posterior of each: its share among the candidates, times that it is one of them and not nobody.

    Beside a record of exactly this name and birthday, another is not what somebody mistyped: it is a twin's name,
    unless all else speaks for that one.
    """
    if not scored:
        return ()
    best = scored[0]
    apart = [row.apart - best.apart for row in scored]
    if best.evidence.exact:
        apart = [bits - _of_a_twin(row, best) for bits, row in zip(apart, scored, strict=True)]
    shares = [2.0 ** max(-1000.0, bits) for bits in apart]
    total = sum(shares)
    odds = 2.0 ** min(200.0, best.bits + prior_bits)
    somebody = odds / (1 + odds)
    return tuple(
        Candidate(
            held[row.trn],
            row.bits,
            somebody * share / total,
            row.comparisons,
            row.evidence,
            row.source if row.source != row.trn else None,
        )
        for row, share in zip(scored, shares, strict=True)
    )
