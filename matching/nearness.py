"""Which records resemble a person too much for it to be said that there is none."""

from collections.abc import Iterable
from typing import Final

from rapidfuzz.distance import OSA, Hamming

from matching.blocking import GENERATION
from matching.comparisons import Field, Level
from matching.evidence import AGREES, NEAR_DATE, is_nobody_s_birthday
from matching.normalise import PARTICLES, Name, family_name, given_name
from matching.parts import FAMILIES_SHARE, may_be_a_form
from matching.posterior import Candidate
from matching.records import TeachingRecord
from matching.statements import Statement

NEAR_FROM: Final = 0.3
"""Where birthdays wholly differ, a record of exactly this name is near when it is so likely the person's."""

WORDS_IN_COMMON: Final = 2
"""Of somebody born that day, so many words of the name in whatever boxes are not a stranger's: Lan Thi, Nguyen."""

DIGITS_MISTYPED: Final = 2
"""So many digits of a birthday may be wrong where the name is exactly this."""

# Asked of every candidate.
_NAMED_SO: Final = AGREES | {Level.INITIAL, Level.MIDDLE, Level.SIMILAR, Level.BEGINNING}
_CALLED_SO: Final = AGREES | {Level.SIMILAR}
_NUMBERED_SO: Final = frozenset({Level.SAME, Level.ONE_SLIP})
_BORN_SO: Final = NEAR_DATE | {Level.SAME, Level.TWO_PARTS, Level.MISSING}


def is_near(candidate: Candidate, statement: Statement) -> bool:
    """Whether this record resembles the person so much that nobody may say that there is none."""
    evidence = candidate.evidence
    if evidence.trn in _NUMBERED_SO or evidence.nino in _NUMBERED_SO or evidence.email is Level.SAME:
        return True
    if evidence.exactly_named and _may_be_one_person(candidate):
        return True
    first = evidence.first in _NAMED_SO or _may_be_a_slip(candidate)
    last = evidence.last in _CALLED_SO
    first_or_middle = first or (evidence.middle is Level.SAME and evidence.last in AGREES)
    if first_or_middle and last:
        return evidence.born in _BORN_SO
    return _has_one_name(candidate, statement, first=first, last=last)


def _has_one_name(candidate: Candidate, statement: Statement, *, first: bool, last: bool) -> bool:
    """Whether a record that resembles in one name, if any, is near: it may be a marriage, or a stranger."""
    evidence = candidate.evidence
    if evidence.born is Level.SAME:
        if first or last or evidence.first is Level.ANOTHER or _in_the_other_box(candidate, statement):
            return True
        return len(_words_of(candidate.record) & _words_said(statement)) >= WORDS_IN_COMMON
    # Then another number on the record says a stranger.
    if evidence.nino is Level.DIFFERENT:
        return False
    if evidence.born is Level.TWO_PARTS:  # the next day, newly married: both given names are not a stranger's
        return evidence.first in AGREES and evidence.middle is Level.SAME
    if evidence.born not in NEAR_DATE:
        return False
    return evidence.first in AGREES or (last and (evidence.first is Level.ANOTHER or _is_perhaps_a_form(candidate)))


def _may_be_one_person(candidate: Candidate) -> bool:
    """Whether, of exactly this name, a birthday that is wholly different could still be a slip.

    It may where one birthday is one that stands for none, and where the name is rare, and it is no parent or child:
    those rarely bear the same middle name as well. It may where two digits differ, or day and month are swapped and a
    digit differs, and in the same year, as who knows only the year types another day, where nothing else contradicts.
    """
    evidence, likely = candidate.evidence, candidate.posterior >= NEAR_FROM
    if likely and evidence.middle is Level.SAME:
        return True
    born = candidate.compared(Field.DATE_OF_BIRTH)
    if not (born.stated and born.held):
        return False
    if is_nobody_s_birthday(born):
        return True
    apart = abs(int(born.stated[:4]) - int(born.held[:4]))
    year, month, day = born.stated.split("-")
    mistyped = Hamming.distance(born.stated, born.held) <= DIGITS_MISTYPED
    mistyped |= Hamming.distance(f"{year}-{day}-{month}", born.held) <= 1
    mistyped |= born.held.endswith(f"{month}-{day}")  # a year of another century, also a wrong one: 2001 for 1957
    if (mistyped or apart == 0) and Level.DIFFERENT not in (evidence.middle, evidence.nino):
        return True
    return likely and apart < GENERATION


def _may_be_a_slip(candidate: Candidate) -> bool:
    """Whether another first name is one letter away: too little for a link, but too much to say that there is none."""
    if candidate.evidence.first is not Level.ANOTHER:
        return False
    first = candidate.compared(Field.FIRST_NAME)
    return OSA.distance(first.stated, first.held, score_cutoff=1) <= 1


def _is_perhaps_a_form(candidate: Candidate) -> bool:
    first = candidate.compared(Field.FIRST_NAME)
    return may_be_a_form(first.held, (first.stated,))


def _in_the_other_box(candidate: Candidate, statement: Statement) -> bool:
    """Whether one name stands where the other belongs, the other being new: newly married, with the boxes swapped."""
    record = candidate.record
    lasts = {family_name(name) for name in (record.last_name, *record.previous_last_names)}
    first_as_last = given_name(record.first_name) in statement.lasts
    return first_as_last or not lasts.isdisjoint(statement.firsts)


def _words_of(record: TeachingRecord) -> set[str]:
    """All words of a record's names but those that many share."""
    firsts = (record.first_name, record.middle_name, *record.previous_first_names)
    lasts = (record.last_name, *record.previous_last_names)
    return _telling((*map(given_name, firsts), *map(family_name, lasts)))


def _words_said(statement: Statement) -> set[str]:
    return _telling((*statement.firsts, statement.middle, *statement.lasts))


def _telling(names: Iterable[Name]) -> set[str]:
    words = {word for name in names for word in name.tokens if len(word) > 1}
    return words - PARTICLES - FAMILIES_SHARE
