"""How a stated TRN and National Insurance number relate to those of a record, and of those that were merged into it."""

from collections.abc import Sequence
from typing import Final

from matching import normalise, weights
from matching.comparisons import Field, Level, identifiers
from matching.evidence import FieldComparison
from matching.records import TeachingRecord
from matching.statements import Statement

_CLOSER: Final = {Level.SAME: 0, Level.ONE_SLIP: 1, Level.DIFFERENT: 2, Level.MISSING: 3}


def compare_trn(stated: Statement, held: Sequence[TeachingRecord], size: int) -> FieldComparison:
    """Compare the TRN; of six digits it may be the first that is missing, or any other."""
    compared = _closest(Field.TRN, stated.trn, [one.trn for one in held], size)
    if compared.level is not Level.DIFFERENT or not stated.six_digits:
        return compared
    meant = next((one.trn for one in held if _lacks_a_digit(stated.six_digits, one.trn)), None)
    if meant is None:
        return compared
    bits = weights.identifier_bits(Field.TRN, Level.ONE_SLIP, size)
    return FieldComparison(Field.TRN, Level.ONE_SLIP, bits, stated.trn, meant)


def compare_nino(stated: Statement, held: Sequence[TeachingRecord], size: int) -> FieldComparison:
    """Compare the National Insurance number; one that is nobody's, as payrolls make up, contradicts nobody."""
    compared = _closest(Field.NINO, stated.nino, [normalise.nino_value(one.nino) for one in held], size)
    if compared.level is not Level.DIFFERENT:
        return compared
    if not (stated.nino_well_formed and any(normalise.is_issued(one.nino) for one in held)):
        return FieldComparison(Field.NINO, Level.MISSING, 0.0, stated.nino)
    return compared


def _closest(field: Field, stated: str, held: Sequence[str], size: int) -> FieldComparison:
    best, shown = Level.MISSING, ""
    for number in held:
        level = identifiers(stated, number)
        if best is Level.MISSING or _CLOSER[level] < _CLOSER[best]:
            best, shown = (level, number) if level is not Level.MISSING else (best, shown)
    return FieldComparison(field, best, weights.identifier_bits(field, best, size), stated, shown)


def _lacks_a_digit(typed: str, held: str) -> bool:
    """Whether a number was typed without one of its digits."""
    return any(held[:at] + held[at + 1 :] == typed for at in range(len(held)))
