"""What scoring wants to know of a register: the records that may be a person's, and how common names are in it."""

from collections.abc import Sequence
from typing import Final

from matching.comparisons import Field, Level
from matching.given_names import is_borne, other_forms
from matching.posterior import Candidate
from matching.records import CandidateQuestion
from matching.relations import TOGETHER
from matching.statements import Statement

_RIGHTLY: Final = frozenset({Level.SAME, Level.PART})


def ask(statement: Statement, keys: Sequence[str]) -> CandidateQuestion:
    """Put the whole question to a register: keys, and every name whose frequency scoring may want."""
    names = statement.names
    related = {*names.first_names, *names.last_names[:2]}
    for first in names.first_names:
        related.update(other_forms(first, given=True))
    families = {*names.last_names, *names.first_names[:2]}
    for last in names.last_names:
        families.update(other_forms(last, given=False))
    return CandidateQuestion(
        person=statement.person,
        keys=keys,
        first_names=tuple(related),
        last_names=tuple(families),
        name_pairs=(*names.pairs, *((last, first) for first, last in names.pairs[:1])),
        birth_year=statement.born.year if statement.born else None,
    )


def ask_about(statement: Statement, candidate: Candidate) -> CandidateQuestion | None:
    """Put a question about a candidate's own names, where they were misstated and a link would rest on them.

    It asks for no records, only how common the names are; None when there is nothing to ask.
    """
    first, last = candidate.compared(Field.FIRST_NAME), candidate.compared(Field.LAST_NAME)
    if candidate.evidence.born is not Level.SAME:
        return None
    # A name of the record is perhaps misspelt there.
    if first.level is Level.ANOTHER:
        wanted = last.level in TOGETHER and not is_borne(first.held)
    elif last.level is Level.ANOTHER:
        wanted = first.level in TOGETHER and not candidate.evidence.identified
    else:
        told = {first.level, last.level}
        wanted = told <= TOGETHER and not (told <= _RIGHTLY or candidate.evidence.identified)
    if not wanted:
        return None
    firsts, lasts = (each.stated if each.level in _RIGHTLY else each.held for each in (first, last))
    year = statement.born.year if statement.born else None
    return CandidateQuestion(statement.person, (), (firsts,), (lasts,), ((firsts, lasts),), year)
