"""Why: each field of each candidate in bits and in a sentence, the rule that fired and those that blocked."""

from dataclasses import dataclass
from typing import Any, Final

from matching.comparisons import Field, Level
from matching.evidence import FieldComparison
from matching.policy import Block, Policy, Rule
from matching.posterior import Candidate

SHOWN: Final = 5

_LABELS: Final = {
    Field.FIRST_NAME: "first name",
    Field.MIDDLE_NAME: "middle name",
    Field.LAST_NAME: "last name",
    Field.DATE_OF_BIRTH: "date of birth",
    Field.TRN: "TRN",
    Field.NINO: "National Insurance number",
    Field.EMAIL: "email address",
    Field.WHOLE_NAME: "whole name",
}
_SENTENCES: Final = {
    (Field.FIRST_NAME, Level.SAME): "Same first name ({held}).",
    (Field.FIRST_NAME, Level.PART): "First name is one of several given names ({stated} / {held}).",
    (Field.FIRST_NAME, Level.VARIANT): "First name is a short or other form ({stated} / {held}).",
    (Field.FIRST_NAME, Level.NEARLY): "First name is spelled slightly differently ({stated} / {held}).",
    (Field.FIRST_NAME, Level.INITIAL): "First name agrees in its initial only ({stated} / {held}).",
    (Field.FIRST_NAME, Level.MIDDLE): "A middle name is used as the first name ({stated} / {held}).",
    (Field.FIRST_NAME, Level.SWAPPED): "First and last name stand in each other's place.",
    (Field.FIRST_NAME, Level.SIMILAR): "First names are similar ({stated} / {held}).",
    (Field.FIRST_NAME, Level.BEGINNING): "One first name begins the other ({stated} / {held}).",
    (Field.FIRST_NAME, Level.ANOTHER): "First name is another name, though a similar one ({stated} / {held}).",
    (Field.LAST_NAME, Level.SAME): "Same last name ({held}).",
    (Field.LAST_NAME, Level.PART): "The last names share a part ({stated} / {held}).",
    (Field.LAST_NAME, Level.VARIANT): "Last name is another spelling ({stated} / {held}).",
    (Field.LAST_NAME, Level.NEARLY): "Last name is spelled slightly differently ({stated} / {held}).",
    (Field.LAST_NAME, Level.SWAPPED): "Last and first name stand in each other's place.",
    (Field.LAST_NAME, Level.SIMILAR): "Last names are similar ({stated} / {held}).",
    (Field.LAST_NAME, Level.BEGINNING): "One last name begins the other ({stated} / {held}).",
    (Field.LAST_NAME, Level.ANOTHER): "Last name is another name, though a similar one ({stated} / {held}).",
    (Field.MIDDLE_NAME, Level.SAME): "Same middle name ({held}).",
    (Field.MIDDLE_NAME, Level.INITIAL): "Middle name agrees in its initial ({stated} / {held}).",
    (Field.MIDDLE_NAME, Level.SIMILAR): "Middle names are similar ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.SAME): "Same date of birth ({held}).",
    (Field.DATE_OF_BIRTH, Level.DAY_MONTH_SWAPPED): "Day and month of birth are swapped ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.YEAR_DIGITS_SWAPPED): "Digits of the year are swapped ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.DIGITS_SWAPPED): "Digits of the date are swapped ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.ONE_DIGIT): "Date of birth differs in one digit ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.TWO_PARTS): "Date a day or a week off, or agreeing in two parts ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.UNREADABLE): "The date of birth given cannot be one.",
    (Field.TRN, Level.SAME): "The TRN given is this record's ({stated}).",
    (Field.TRN, Level.ONE_SLIP): "The TRN given differs by one slip ({stated} / {held}).",
    (Field.TRN, Level.DIFFERENT): "The TRN given is another one ({stated} / {held}).",
    (Field.NINO, Level.SAME): "The National Insurance number given is this record's.",
    (Field.NINO, Level.ONE_SLIP): "The National Insurance number given differs by one slip.",
    (Field.NINO, Level.DIFFERENT): "The National Insurance number given is another one.",
    (Field.EMAIL, Level.SAME): "Same email address, which only this record has.",
    (Field.EMAIL, Level.SHARED): "Same email address, but several records share it.",
    (Field.WHOLE_NAME, Level.COMMON): "How often this first and last name go together at that age.",
    (Field.WHOLE_NAME, Level.SWAPPED): "Names in each other's place count for less.",
}  # fmt: skip


def sentence(comparison: FieldComparison) -> str:
    """Say one comparison to a member of staff; empty where there is nothing to say."""
    if comparison.level is Level.MISSING:
        return ""
    template = _SENTENCES.get((comparison.field, comparison.level))
    if template is None:
        template = f"{_LABELS[comparison.field].capitalize()} differs ({{stated}} / {{held}})."
    return template.format(stated=comparison.stated, held=comparison.held)


def sentences(candidate: Candidate) -> tuple[str, ...]:
    """Every sentence about a candidate, the strongest evidence first."""
    ordered = sorted(candidate.comparisons, key=lambda comparison: -abs(comparison.bits))
    return tuple(text for text in map(sentence, ordered) if text)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that led to an outcome; stored with a lookup, shown to staff only."""

    candidates: tuple[Candidate, ...]
    policy: Policy
    weights_version: str
    rule: Rule | None = None
    blocked_by: tuple[Block, ...] = ()
    near: tuple[str, ...] = ()
    capped_keys: tuple[str, ...] = ()
    complete: bool = True
    found_early: bool = False

    def to_json(self) -> dict[str, Any]:
        """Give plain values, for storage."""
        return {
            "policy": self.policy.value,
            "weights_version": self.weights_version,
            "rule": self.rule.value if self.rule else None,
            "blocked_by": [block.value for block in self.blocked_by],
            "near": list(self.near),
            "capped_kinds": sorted({key[:1] for key in self.capped_keys}),
            "complete": self.complete,
            "found_early": self.found_early,
            "candidates": [_candidate(candidate) for candidate in self.candidates[:SHOWN]],
        }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "trn": candidate.record.trn,
        "status": candidate.record.status.value,
        "merged_from": candidate.merged_from,
        "weight": round(candidate.weight, 2),
        "posterior": round(candidate.posterior, 6),
        "fields": [
            {
                "field": comparison.field.value,
                "level": comparison.level.value,
                "bits": round(comparison.bits, 2),
                "sentence": sentence(comparison),
            }
            for comparison in candidate.comparisons
        ],
    }
