"""What the comparisons of one candidate say, in the words of the rules that decide."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from matching.comparisons import Field, Level
from matching.given_names import are_often_two_people
from matching.normalise import given_name
from matching.records import TeachingRecord

AGREES: Final = frozenset({Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY, Level.SWAPPED})
FIRM: Final = frozenset({Level.SAME, Level.PART, Level.VARIANT, Level.SWAPPED})
NEAR_DATE: Final = frozenset(
    {Level.DAY_MONTH_SWAPPED, Level.YEAR_DIGITS_SWAPPED, Level.DIGITS_SWAPPED, Level.ONE_DIGIT}
)


class FieldComparison(NamedTuple):
    """One field of a candidate: how the two values relate, and what that is worth."""

    field: Field
    level: Level
    bits: float
    stated: str = ""
    held: str = ""


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

    @classmethod
    def of(cls, compared: Mapping[Field, FieldComparison], held: TeachingRecord) -> "Evidence":
        """Read the evidence off what was compared with a record."""
        levels = {field: each.level for field, each in compared.items()}
        first = levels.get(Field.FIRST_NAME, Level.MISSING)
        named = compared[Field.FIRST_NAME].stated if first is Level.VARIANT else ""
        return cls(
            first,
            levels.get(Field.LAST_NAME, Level.MISSING),
            levels.get(Field.DATE_OF_BIRTH, Level.MISSING),
            levels.get(Field.TRN, Level.MISSING),
            levels.get(Field.NINO, Level.MISSING),
            levels.get(Field.EMAIL, Level.MISSING),
            levels.get(Field.MIDDLE_NAME, Level.MISSING),
            bool(named) and are_often_two_people(named, given_name(held.first_name)),
            first is Level.MIDDLE and _is_reordered(compared),
        )

    @property
    def identified(self) -> bool:
        """Whether the exact TRN or National Insurance number was given."""
        return Level.SAME in (self.trn, self.nino)

    @property
    def names_agree(self) -> bool:
        """Whether both names are this person's, in some form."""
        return self.first in AGREES and self.last in AGREES

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


def _is_reordered(compared: Mapping[Field, FieldComparison]) -> bool:
    """Whether first and middle name stand in each other's place, both of them."""
    first, middle = compared[Field.FIRST_NAME], compared[Field.MIDDLE_NAME]
    return (first.stated, first.held) == (middle.held, middle.stated)
