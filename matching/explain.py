"""Why: each field of each candidate in bits and in a sentence, the rule that fired and those that blocked."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any, Final

from matching.comparisons import Field, Level
from matching.evidence import NEW_YEAR, FieldComparison
from matching.policy import Block, Policy, Rule
from matching.posterior import Candidate

SHOWN: Final = 5
LETTERS_LEFT: Final = 3
"""Initials are fewer."""

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
    (Field.FIRST_NAME, Level.PART): "One first name is a part of the other ({stated} / {held}).",
    (Field.FIRST_NAME, Level.VARIANT): "First name is a short or other form ({stated} / {held}).",
    (Field.FIRST_NAME, Level.NEARLY): "First name is spelled slightly differently ({stated} / {held}).",
    (Field.FIRST_NAME, Level.INITIAL): "First name agrees in its initial only ({stated} / {held}).",
    (Field.FIRST_NAME, Level.MIDDLE): "A middle name, or a form of it, is used as the first name ({stated} / {held}).",
    (Field.FIRST_NAME, Level.SWAPPED): "First name stands in another name's place.",
    (Field.FIRST_NAME, Level.SIMILAR): "First names are similar ({stated} / {held}).",
    (Field.FIRST_NAME, Level.BEGINNING): "One first name begins the other ({stated} / {held}).",
    (Field.FIRST_NAME, Level.ANOTHER): "First name is another name, though a similar one ({stated} / {held}).",
    (Field.LAST_NAME, Level.SAME): "Same last name ({held}).",
    (Field.LAST_NAME, Level.PART): "The last names share a part ({stated} / {held}).",
    (Field.LAST_NAME, Level.VARIANT): "Last name is another spelling ({stated} / {held}).",
    (Field.LAST_NAME, Level.NEARLY): "Last name is spelled slightly differently ({stated} / {held}).",
    (Field.LAST_NAME, Level.SWAPPED): "Last name stands in another name's place.",
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
    (Field.DATE_OF_BIRTH, Level.TWO_PARTS): "Dates agree in two parts, or are within a week ({stated} / {held}).",
    (Field.DATE_OF_BIRTH, Level.UNREADABLE): "The date of birth given cannot be one.",
    (Field.TRN, Level.SAME): "The TRN given is this record's ({stated}).",
    (Field.TRN, Level.ONE_SLIP): "The TRN given differs by one slip ({stated} / {held}).",
    (Field.TRN, Level.DIFFERENT): "The TRN given is another one ({stated} / {held}).",
    (Field.NINO, Level.SAME): "The National Insurance number given is this record's.",
    (Field.NINO, Level.ONE_SLIP): "The National Insurance number given differs by one slip.",
    (Field.NINO, Level.DIFFERENT): "The National Insurance number given is another one.",
    (Field.EMAIL, Level.SAME): "Same email address, which no other record that was found has.",
    (Field.EMAIL, Level.SHARED): "Same email address, but several records share it.",
    (Field.WHOLE_NAME, Level.COMMON): "How often this first and last name go together, at that age where it is known.",
    (Field.WHOLE_NAME, Level.SWAPPED): "Names in another name's place count for less.",
}  # fmt: skip


class Meaning(StrEnum):
    """What a level says of these two values, where it has several meanings."""

    FURTHER_NAMES = "further_names"
    BROTHERS_SHARE = "brothers_share"
    LOST_LETTERS = "lost_letters"
    ONE_IN_COMMON = "one_in_common"
    CROSSWISE = "crosswise"
    ANOTHER_DECADE = "another_decade"
    YEAR_ALONE = "year_alone"
    MERGED = "merged"


_MEANINGS: Final = {
    Meaning.FURTHER_NAMES: "Same first name, and further ones on one side ({held}).",
    Meaning.BROTHERS_SHARE: "Same first name, which brothers share, and another one behind it ({held}).",
    Meaning.LOST_LETTERS: "First name agrees in the letters that the record has of it ({stated} / {held}).",
    Meaning.ONE_IN_COMMON: "The middle names have one in common ({stated} / {held}).",
    Meaning.CROSSWISE: "First and middle name stand in each other's place ({stated} / {held}).",
    Meaning.ANOTHER_DECADE: "Year of birth is ten years or a century off ({stated} / {held}).",
    Meaning.YEAR_ALONE: "Same year of birth, and the first of January on one side ({stated} / {held}).",
    Meaning.MERGED: "The TRN given is that of a record that was merged into this one ({stated}).",
}
_OF_THE_SAME: Final = {
    (Field.FIRST_NAME, Level.PART): Meaning.FURTHER_NAMES,
    (Field.FIRST_NAME, Level.SIMILAR): Meaning.BROTHERS_SHARE,
    (Field.FIRST_NAME, Level.ANOTHER): Meaning.BROTHERS_SHARE,
}


NO_RULE: Final = "no_rule"
"""What stands in the place of a block where the evidence satisfies no rule at all."""

AGAINST: Final[Mapping[str, str]] = {
    NO_RULE: "What agrees with the likeliest record is not enough to link it.",
    Block.RECORD_CLOSED: "The likeliest record is closed.",
    Block.STATED_TRN_IS_ANOTHER: "The TRN given is that of another record.",
    Block.STATED_TRN_DIFFERS: "The TRN given is not that of the likeliest record.",
    Block.STATED_NINO_IS_ANOTHER: "The National Insurance number given is that of another record.",
    Block.NINO_CONTRADICTS: "The National Insurance number given is not that of the likeliest record.",
    Block.ANOTHER_FITS_EXACTLY: "Another record has exactly the name and date of birth given.",
    Block.ANOTHER_FITS_TOO: "Another record may be theirs as well.",
    Block.ANOTHER_FITS_BETTER: "Numbers aside, another record fits better.",
    Block.IDENTIFIER_IS_SHARED: "Another record has the National Insurance number given, too.",
    Block.STATED_TRN_IS_LEAKED: "The TRN given is on the list of leaked numbers.",
    Block.NOT_CERTAIN: "It is not certain enough that the likeliest record is theirs.",
}
"""What keeps the likeliest record from being linked, to a member of staff."""


def standing_against(explained: Mapping[str, Any]) -> tuple[str, ...]:
    """Name what kept the best candidate of an explanation, as stored, from being linked, in the words of `AGAINST`.

    What the policy did not release is not among it: the reason says that.
    """
    no_rule = bool(explained.get("candidates")) and explained.get("rule", NO_RULE) is None
    return (*((NO_RULE,) if no_rule else ()), *explained.get("blocked_by", ()))


def meaning(comparison: FieldComparison, trn: str = "") -> Meaning | None:
    """Say what a comparison means of its values; None where its level has one meaning. `trn` is the candidate's."""
    field, level, stated, held = comparison.field, comparison.level, comparison.stated, comparison.held
    if stated == held:
        merged = field is Field.TRN and level is Level.SAME and bool(trn) and stated != trn
        return Meaning.MERGED if merged else _OF_THE_SAME.get((field, level))
    if field is Field.DATE_OF_BIRTH:
        return _of_dates(level, stated, held)
    if field is Field.MIDDLE_NAME and level is Level.SAME:
        common = SequenceMatcher(None, stated, held, autojunk=False).find_longest_match().size
        return Meaning.ONE_IN_COMMON if common >= min(len(stated), len(held), LETTERS_LEFT) else Meaning.CROSSWISE
    letters_lost = level is Level.INITIAL and field is Field.FIRST_NAME and min(len(stated), len(held)) >= LETTERS_LEFT
    return Meaning.LOST_LETTERS if letters_lost else None


def _of_dates(level: Level, stated: str, held: str) -> Meaning | None:
    if level is Level.ONE_DIGIT and sum(a != b for a, b in zip(stated, held, strict=False)) > 1:
        return Meaning.ANOTHER_DECADE
    year_alone = level is Level.TWO_PARTS and stated[:4] == held[:4] and NEW_YEAR in (stated[4:], held[4:])
    return Meaning.YEAR_ALONE if year_alone else None


def sentence(comparison: FieldComparison, trn: str = "") -> str:
    """Say one comparison to a member of staff; empty where there is nothing to say. `trn` is that of the candidate."""
    if comparison.level is Level.MISSING:
        return ""
    said = meaning(comparison, trn)
    template = _MEANINGS[said] if said else _SENTENCES.get((comparison.field, comparison.level))
    if template is None:
        template = f"{_LABELS[comparison.field].capitalize()} differs ({{stated}} / {{held}})."
    return template.format(stated=comparison.stated, held=comparison.held)


def sentences(candidate: Candidate) -> tuple[str, ...]:
    """Every sentence about a candidate, the strongest evidence first."""
    ordered = sorted(candidate.comparisons, key=lambda comparison: -abs(comparison.bits))
    texts = (sentence(comparison, candidate.record.trn) for comparison in ordered)
    return tuple(text for text in texts if text)


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
                "sentence": sentence(comparison, candidate.record.trn),
            }
            for comparison in candidate.comparisons
        ],
    }
