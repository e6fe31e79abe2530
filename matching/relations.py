"""How the names of a record relate to those that were stated, whatever that is worth."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from matching import comparisons, middles, normalise, readings
from matching.comparisons import Field, Level, NameRelation
from matching.normalise import NO_NAME, Name
from matching.records import TeachingRecord
from matching.statements import Statement

JOINTLY: Final = frozenset({Level.SAME, Level.PART, Level.VARIANT})
TOGETHER: Final = JOINTLY | {Level.NEARLY}
UNLIKE: Final = frozenset({Level.BEGINNING, Level.DIFFERENT})

# Read for every record: Python 3.11 takes a tenth of a microsecond to find a member of an enumeration.
_SAME, _DIFFERENT = Level.SAME, Level.DIFFERENT


class Crossed(NamedTuple):
    """The names that were stated, out of whichever boxes they had been typed into; `exactly` says that they are so."""

    first: Name
    middle: Name
    last: Name
    exactly: bool


class Relations(NamedTuple):
    """How the names of a record relate to the stated ones.

    They are `crossed` where first and last name were typed into other boxes. `half` says which one is in the other's
    box, and how the other is; `lasts_agreeing` how many of the stated last names the record knows, where several were
    stated.
    """

    first: NameRelation
    last: NameRelation
    middle: NameRelation
    held_first: Name
    crossed: Crossed | None
    half: tuple[Field, Level] | None
    lasts_agreeing: int = 1


class Relating:
    """Relates the names of records to those of one statement, of each record once.

    `numbered` says that a number that was stated is the record's, or that of one merged into it.
    """

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self._found: dict[tuple[str, bool], tuple[TeachingRecord, Relations]] = {}

    def of(self, record: TeachingRecord, *, numbered: bool) -> Relations:
        """How the names of a record relate. What is known of its TRN is used again where it is told in the same way."""
        key = record.trn, numbered
        known = self._found.get(key)
        if known is None or not (known[0] is record or known[0] == record):
            known = self._found[key] = record, self._relate(record, numbered=numbered)
        return known[1]

    def is_exactly_named(self, record: TeachingRecord, *, numbered: bool) -> bool:
        """Whether exactly the name of a record was stated."""
        related = self.of(record, numbered=numbered)
        return related.first.level is _SAME and related.last.level is _SAME

    def _relate(self, record: TeachingRecord, *, numbered: bool) -> Relations:
        stated = self.statement
        firsts, lasts = self._known_names(record)
        held_first, held_middle = firsts[0], normalise.given_name(record.middle_name)
        said = middles.middle_said(stated.middle, stated.lasts, held_middle, lasts)
        first = self._first_relation(record, said, firsts, held_middle)
        last = comparisons.last_names(stated.lasts, lasts)
        if last.level is not _SAME and stated.middle:
            last = middles.in_two_boxes(stated.middle, stated.lasts, held_middle, lasts) or last
        crossed, half = None, None
        # A previous name has a box of its own: that it is right says nothing of how the other two are filled in.
        present = last if len(stated.lasts) == 1 else comparisons.last_names(stated.lasts[:1], lasts)
        if first.level not in JOINTLY and present.level is not _SAME and stated.has_names:
            crossed = _crossed(stated, said, held_first, lasts, numbered=numbered)
            crossed = crossed or _given_names_last(stated, held_first, held_middle, lasts)
            crossed = crossed or (_turned(stated, record, held_first, held_middle, lasts) if numbered else None)
            if not crossed and {first.level, present.level}.isdisjoint(TOGETHER):
                half = comparisons.half_swapped(stated.firsts[0], stated.lasts[0], held_first, lasts)
                # That a first name is also a stranger's last name says nothing, but of whose number was given.
                if half and half[1] is _DIFFERENT and not numbered:
                    half = None
        middle = comparisons.ABSENT
        if crossed:
            middle = middles.middle_names(NO_NAME, crossed.middle, NO_NAME, held_middle)
        elif stated.firsts and not half and _has_more(stated.firsts[0], said) and _has_more(held_first, held_middle):
            middle = middles.middle_names(stated.firsts[0], said, held_first, held_middle)
        agreeing = 1 if len(stated.lasts) == 1 else _agreeing(stated.lasts, lasts)
        return Relations(first, last, middle, held_first, crossed, half, agreeing)

    def _first_relation(
        self, record: TeachingRecord, middle: Name, firsts: Sequence[Name], held_middle: Name
    ) -> NameRelation:
        """How the first names relate; where the record lost letters, those left count as initials."""
        first = comparisons.first_names(self.statement.firsts, middle, firsts, held_middle)
        if first.level in UNLIKE and normalise.has_lost_letters(record.first_name):
            lost = normalise.may_have_been(record.first_name, self.statement.firsts[0])
            return NameRelation(Level.INITIAL, first.typed, first.held) if lost else first
        return first

    def _known_names(self, record: TeachingRecord) -> tuple[list[Name], list[Name]]:
        """Every first and last name of a record; somebody's only name may stand in the last one's place."""
        firsts = [normalise.recorded(normalise.given_name(record.first_name))]
        if record.previous_first_names:
            firsts += map(normalise.given_name, record.previous_first_names)
        last, earlier = record.last_name, ""
        if not last.isalpha() and firsts[0]:
            last, earlier = readings.without_earlier_name(last)
        lasts = [normalise.known(normalise.family_name(last))]
        if earlier:
            lasts.append(normalise.family_name(earlier))
        if record.previous_last_names:
            lasts += map(normalise.family_name, record.previous_last_names)
        if not firsts[0] and len(lasts) == 1 and lasts[0] in self.statement.firsts:
            return lasts, [NO_NAME]
        return firsts, lasts


def _crossed(
    stated: Statement, middle: Name, held_first: Name, lasts: Sequence[Name], *, numbered: bool
) -> Crossed | None:
    """The names of a statement with first and last name in each other's place."""
    first, last = stated.firsts[0], stated.lasts[0]
    if not comparisons.swapped(first, last, held_first, lasts, numbered=numbered):
        return None
    return Crossed(last, middle, first, exactly=last == held_first and first in lasts)


def _given_names_last(stated: Statement, held_first: Name, held_middle: Name, lasts: Sequence[Name]) -> Crossed | None:
    """The names of a statement with the last name in the first box, and all given names in the last one's."""
    first, last = stated.firsts[0], stated.lasts[0]
    crossed = bool(held_middle) and not stated.middle and first in lasts
    crossed = crossed and last.tokens == (*held_first.tokens, *held_middle.tokens)
    return Crossed(held_first, held_middle, first, exactly=True) if crossed else None


def _turned(
    stated: Statement, record: TeachingRecord, held_first: Name, held_middle: Name, lasts: Sequence[Name]
) -> Crossed | None:
    """The names of a statement with the last one typed first, and the others after it: Ward, Michelle, Frances.

    Sons are called so, after father and grandfather: it takes a number and the birthday.
    """
    first, last = stated.firsts[0], stated.lasts[0]
    turned = bool(stated.middle) and (stated.middle, last) == (held_first, held_middle) and first in lasts
    turned = turned and stated.born is not None and stated.born == record.date_of_birth
    return Crossed(stated.middle, last, first, exactly=True) if turned else None


def _has_more(first: Name, middle: Name) -> bool:
    """Whether there is any word beside a first name: mostly there is none, and nothing to compare."""
    return bool(middle.tokens) or len(first.tokens) > 1


def _agreeing(stated: Sequence[Name], held: Sequence[Name]) -> int:
    """How many of the stated last names a record knows; one where none was stated."""
    known = {name.joined for name in held}
    return sum(name.joined in known for name in stated) if stated else 1
