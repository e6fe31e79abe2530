"""Which records resemble a person too much for it to be said that there is none."""

from typing import Final

from rapidfuzz.distance import Hamming

from matching.comparisons import GENERATION, Field, Level
from matching.scoring import Candidate

NEAR_FROM: Final = 0.3
"""Where birthdays wholly differ, a record of exactly this name is near when it is so likely the person's."""

DIGITS_MISTYPED: Final = 2
"""So many digits of a birthday may be wrong where the name is exactly this."""


def may_be_one_person(candidate: Candidate) -> bool:
    """Whether, of exactly this name, a birthday that is wholly different could still be a slip.

    It may where the name is rare, and it is no parent or child: those rarely bear the same middle name as well. It may
    where two digits differ, or day and month are swapped and a digit differs, and in the same year, as who knows only
    the year types another day, where nothing else contradicts.
    """
    evidence, likely = candidate.evidence, candidate.posterior >= NEAR_FROM
    if likely and evidence.middle is Level.SAME:
        return True
    born = candidate.compared(Field.DATE_OF_BIRTH)
    if not (born.stated and born.held):
        return False
    apart = abs(int(born.stated[:4]) - int(born.held[:4]))
    year, month, day = born.stated.split("-")
    mistyped = Hamming.distance(born.stated, born.held) <= DIGITS_MISTYPED
    mistyped |= Hamming.distance(f"{year}-{day}-{month}", born.held) <= 1
    if (mistyped or apart == 0) and Level.DIFFERENT not in (evidence.middle, evidence.nino):
        return True
    return likely and apart < GENERATION
