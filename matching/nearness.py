"""Which records resemble a person too much for it to be said that there is none."""

from typing import Final

from matching.comparisons import GENERATION, Field, Level
from matching.evidence import AGREES
from matching.scoring import Candidate

NEAR_FROM: Final = 0.3
"""Where birthdays wholly differ, a record of exactly this name is near when it is so likely the person's."""

RARE_FROM: Final = 9.0
"""Bits of a name that hardly anybody else born that day bears: one in 500, where 200 are born on a day."""


def may_be_one_person(candidate: Candidate) -> bool:
    """Whether, of exactly this name, a birthday that is wholly different could still be a slip.

    It may where the name is rare, and it is no parent or child: those rarely bear the same middle name as well. It may
    in the same year, as who knows only the year types another day, where nothing else contradicts.
    """
    evidence, likely = candidate.evidence, candidate.posterior >= NEAR_FROM
    if likely and evidence.middle is Level.SAME:
        return True
    born = candidate.compared(Field.DATE_OF_BIRTH)
    if not (born.stated and born.held):
        return False
    apart = abs(int(born.stated[:4]) - int(born.held[:4]))
    if apart == 0 and Level.DIFFERENT not in (evidence.middle, evidence.nino):
        return True
    return likely and apart < GENERATION


def is_rarely_a_stranger(candidate: Candidate) -> bool:
    """Whether, born on the stated day, a record has a stated name that is rare: another number on it may be a slip."""
    names = (candidate.compared(field) for field in (Field.FIRST_NAME, Field.LAST_NAME))
    rare = any(each.level in AGREES and each.bits >= RARE_FROM for each in names)
    return rare and candidate.evidence.born is Level.SAME
