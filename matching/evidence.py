"""What the comparisons of one candidate say, in the words of the rules that decide."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from matching.blocking import GENERATION, sound
from matching.comparisons import Field, Level
from matching.given_names import (
    are_often_two_people,
    are_two_people,
    are_two_short_forms,
    is_borne,
    is_short_form,
    may_be_typed_for,
)
from matching.normalise import given_name
from matching.orthography import are_spelled_alike
from matching.parts import SLIP_FROM, begin_alike
from matching.records import TeachingRecord

AGREES: Final = frozenset({Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY, Level.SWAPPED})
FIRM: Final = frozenset({Level.SAME, Level.PART, Level.VARIANT, Level.SWAPPED})
NEAR_DATE: Final = frozenset(
    {Level.DAY_MONTH_SWAPPED, Level.YEAR_DIGITS_SWAPPED, Level.DIGITS_SWAPPED, Level.ONE_DIGIT}
)


# Read for every candidate: Python 3.11 takes a tenth of a microsecond to find a member of an enumeration.
_MISSING, _VARIANT, _MIDDLE, _NEARLY = Level.MISSING, Level.VARIANT, Level.MIDDLE, Level.NEARLY
_SAME, _DIFFERENT = Level.SAME, Level.DIFFERENT
_FIELDS: Final = (
    Field.FIRST_NAME, Field.LAST_NAME, Field.DATE_OF_BIRTH, Field.TRN, Field.NINO, Field.EMAIL, Field.MIDDLE_NAME,
)  # fmt: skip


NEW_YEAR: Final = "-01-01"
NOBODY_S: Final = ("70-01-01", "80-01-01", "90-01-01", "00-01-01")
"""Birthdays, without their centuries, that programs and forms write where none is known."""

PARENT_FROM: Final = 16
"""Years by which parents are older than their children."""


class FieldComparison(NamedTuple):
    """One field of a candidate: how the two values relate, and what that is worth."""

    field: Field
    level: Level
    bits: float
    stated: str = ""
    held: str = ""


_NO_DAY: Final = FieldComparison(Field.DATE_OF_BIRTH, _MISSING, 0.0)


class Evidence(NamedTuple):
    """What the comparisons of one candidate say, in the words of the rules."""

    first: Level
    last: Level
    born: Level
    trn: Level
    nino: Level
    email: Level
    middle: Level = Level.MISSING
    often_two_people: bool = False
    reordered: bool = False
    perhaps_related: bool = False

    @classmethod
    def of(cls, comparisons: Sequence[FieldComparison], held: TeachingRecord) -> "Evidence":
        """Read the evidence off what was compared with a record."""
        found = {each.field: each for each in comparisons}
        first, last, born, trn, nino, email, middle = [
            found[field].level if field in found else _MISSING for field in _FIELDS
        ]
        two_people = reordered = False
        if first is _VARIANT:
            two_people = _are_perhaps_two_forms(found[Field.FIRST_NAME], born, held, numbered=_SAME in (trn, nino))
        elif first is _NEARLY:
            two_people = _are_perhaps_two(
                found[Field.FIRST_NAME], found.get(Field.DATE_OF_BIRTH, _NO_DAY), numbered=_SAME in (trn, nino)
            )
        elif first is _MIDDLE:
            reordered = _are_reordered(found[Field.FIRST_NAME], found[Field.MIDDLE_NAME])
        two_people |= middle is _DIFFERENT and _are_his_and_hers(found[Field.MIDDLE_NAME])
        related = (born in NEAR_DATE or born is _DIFFERENT) and _may_be_of_relatives(found[Field.DATE_OF_BIRTH])
        return cls(first, last, born, trn, nino, email, middle, two_people, reordered, related)

    @property
    def identified(self) -> bool:
        """Whether the exact TRN or National Insurance number was given."""
        return Level.SAME in (self.trn, self.nino)

    @property
    def names_agree(self) -> bool:
        """Whether both names are this person's, in some form."""
        return self.first in AGREES and self.last in AGREES

    @property
    def otherwise_named(self) -> bool:
        """Whether neither name resembles."""
        return self.first is Level.DIFFERENT and self.last is Level.DIFFERENT

    @property
    def exactly_named(self) -> bool:
        """Whether exactly this name was given."""
        return self.first is Level.SAME and self.last is Level.SAME

    @property
    def exact(self) -> bool:
        """Whether exactly this name and birthday were given."""
        return self.exactly_named and self.born is Level.SAME

    @property
    def all_but_exact(self) -> bool:
        """Whether nobody who has exactly this name and birthday comes closer.

        So it is with a number and the same names in another order: Lynda Molly, of Molly Lynda, beside another Lynda.
        """
        swapped = self.identified and self.reordered and self.last is Level.SAME and self.born is Level.SAME
        return self.exact or swapped


def _are_perhaps_two_forms(first: FieldComparison, born: Level, held: TeachingRecord, *, numbered: bool) -> bool:
    """Whether two forms of a name are perhaps two people's: beside a birthday with a slip also Ellen and Helen."""
    whole = given_name(held.first_name)
    if are_often_two_people(first.stated, whole) or are_two_people(first.stated, first.held):
        return True
    if not numbered and are_two_short_forms(first.stated, first.held):
        return True
    if born is Level.SAME or begin_alike(first.stated, first.held):
        return False
    return not is_short_form(first.stated, first.held)


def _are_perhaps_two(first: FieldComparison, born: FieldComparison, *, numbered: bool) -> bool:
    """Whether a slip from one first name to another is perhaps none: the more so where the birthday has one, too.

    Zahir is not Zahid then; a letter too few or too many is a slip, but not where both birthdays are the first of
    January, which stands for any day. Without a number of the record, or without a birthday, names that people bear
    are two, if not spellings of one: Hamad and Hamid, Zahid and Zaid.
    """
    if may_be_typed_for(first.stated, first.held):
        return True
    one, other = first.stated, first.held
    alone = not numbered or born.level in (_MISSING, Level.UNREADABLE)
    if alone and is_borne(one) and is_borne(other) and not are_spelled_alike(one, other):
        return True
    exchanged = SLIP_FROM <= len(one) == len(other) and sound(one) != sound(other)
    if born.level is _SAME or not (exchanged or _are_new_years(born)):
        return False
    return is_borne(one) and is_borne(other)


def _may_be_of_relatives(born: FieldComparison) -> bool:
    """Whether two birthdays are a generation apart, or both the first of January, which stands for any day.

    Wholly different ones are many years apart also by chance; and one that stands for none says nothing.
    """
    apart = abs(int(born.stated[:4]) - int(born.held[:4]))
    if born.level is _DIFFERENT:
        return apart >= PARENT_FROM and not is_nobody_s_birthday(born)
    return apart >= GENERATION or _are_new_years(born)


def _are_new_years(born: FieldComparison) -> bool:
    return born.stated.endswith(NEW_YEAR) and born.held.endswith(NEW_YEAR)


def is_nobody_s_birthday(born: FieldComparison) -> bool:
    """Whether one of two birthdays stands for none."""
    return born.stated.endswith(NOBODY_S) or born.held.endswith(NOBODY_S)


def _are_his_and_hers(middle: FieldComparison) -> bool:
    """Whether one is a Singh and one a Kaur: Sikh couples often have one first name."""
    return {middle.stated, middle.held} == {"kaur", "singh"}


def _are_reordered(first: FieldComparison, middle: FieldComparison) -> bool:
    """Whether first and middle name stand in each other's place, both of them."""
    return (first.stated, first.held) == (middle.held, middle.stated)
