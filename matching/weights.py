"""What each comparison level is worth, in bits (Fellegi-Sunter: log2 of m over u), with where it comes from.

m is how often a level occurs when person and record belong together, u how often when they do not. Where a
name agrees, u is the name's frequency in the register that was asked, so agreeing on Smith earns little. The
table is a file for people to read, `data/weights.csv`: a change gives it a new version, and is replayed over stored
lookups before use (`flask match replay`).
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import resources
from typing import Final

from matching.comparisons import Field, Level, NameRelation
from matching.given_names import is_borne
from matching.parts import are_families_said_otherwise, are_said_otherwise, is_keyed_wrongly
from matching.records import CandidateAnswer, NamePair, NameStatistics

VERSION: Final = "2026-11-24.1"
"""Of the table and of the rules in `policy` that it goes with."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a level is worth in the table, and where the figure comes from.

    `value` is bits where the level is worth the same whatever the value, else m: how often the level occurs when person
    and record belong together. `em_m` and `em_u` are what expectation maximisation said, None where it met too few.
    """

    value: float
    in_bits: bool
    em_m: float | None
    em_u: float | None
    source: str


def _table() -> dict[tuple[Field, Level], Weight]:
    text = resources.files("matching").joinpath("data", "weights.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        (Field(row["field"]), Level(row["level"])): Weight(
            float(row["value"]),
            row["unit"] == "bits",
            float(row["em_m"]) if row["em_m"] else None,
            float(row["em_u"]) if row["em_u"] else None,
            row["source"],
        )
        for row in rows
    }


TABLE: Final[Mapping[tuple[Field, Level], Weight]] = _table()
"""Every weight, as `data/weights.csv` has it."""

FIXED: Final[Mapping[tuple[Field, Level], float]] = {key: each.value for key, each in TABLE.items() if each.in_bits}
"""Bits of the levels whose worth does not depend on the value. What is not here is worth nothing either way."""

AGREEMENT: Final[Mapping[tuple[Field, Level], float]] = {
    key: each.value for key, each in TABLE.items() if not each.in_bits
}
"""m of the levels whose u is the frequency of the name; of a variant or a slip, m of one typed form."""

COMPOUND_TYPED: Final = 0.4
"""m where a double-barrelled name was typed and a part of it is held: such names are rare in themselves."""

NAMES_SWAPPED: Final = 0.005
"""Share of people who type first and last name in each other's field."""

NAMES_SWAPPED_IN_RECORDS: Final = 0.001
"""Share of records in which the two stand so."""

MISKEYED: Final = 0.3
"""How often a record has a slip in a name, for each time that somebody states their own with one."""

BORNE_BY_PERSON: Final = 2
"""As many records may one person have, the merged one and its survivor."""

NEIGHBOURS_UNSEEN: Final = 0.1
"""How many more may bear a name that one record alone has: of all spellings that are a slip away, few are names."""

IDENTIFIER_HELD_BY_ANOTHER: Final = 0.06
"""Share of people who state an identifier of a record that is not theirs: u is this over the register."""

A_NAME_OF_ITS_OWN: Final = 1e-5
"""A first name that so many bear is not a misspelling of one that only resembles it: it may be a twin's."""

ANOTHER_UP_TO: Final = 3
"""A slip in a last name of so few letters makes another one: Gu and Wu, Cox and Fox."""

COMMON_FROM: Final = 1e-4
"""A first name that so many bear, three hundred in a register of 3,000,000, is common."""

MISSPELT_TIMES: Final = 20
"""A first name is so many times as common as any of its misspellings."""

BORNE_FROM: Final = 2e-6
"""A first name that fewer bear, five in a register of 3,000,000, is a misspelling in their records."""

SLIPS_POSSIBLE: Final = 60
SLIPS_POSSIBLE_ALIKE: Final = 8
"""How many other spellings a name slips into; fewer when the typed one must sound alike."""

_MISSTATED: Final = frozenset({Level.VARIANT, Level.NEARLY})
MOST_BITS: Final = {Level.SAME: 20.0, Level.PART: 18.0, Level.VARIANT: 12.0, Level.NEARLY: 8.0}
MOST_BITS_HELD_KNOWN: Final = 12.0
"""A misstated name is worth no more than this, even where the register said how rare the right one is."""

# Read for every name that is weighed: Python 3.11 takes a tenth of a microsecond to find a member of an enumeration.
_FIRST_NAME, _LAST_NAME = Field.FIRST_NAME, Field.LAST_NAME
_SAME, _PART, _VARIANT, _NEARLY = Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY

UNKNOWN_FREQUENCY: Final = {Field.FIRST_NAME: 0.004, Field.LAST_NAME: 0.0005}
UNSEEN_AMONG: Final = 1_000_000
SMALL_REGISTER: Final = 1_000
JOINT_LIFT: Final = 3.0
"""First and last names go together: two that agree are so many times more common together than by chance."""

WINDOW_SHARE: Final = 0.3
"""Share of the register born within the eleven years in which namesakes are counted."""

NAMESAKES_UNSEEN: Final = 0.5
MOST_JOINT_GAIN: Final = 2.0
COMMON_BIRTHDAY_FROM: Final = 5
COMMON_BIRTHDAY_TIMES: Final = 2.0
"""A day is more common than others when so many records, and so many times the usual share, have it."""


@dataclass(frozen=True)
class Rarity:
    """How common the values of one question are in the register that answered."""

    size: int
    statistics: NameStatistics
    has_year: bool
    birthday: float = 0.0
    last_names_stated: int = 1

    @classmethod
    def of(
        cls, answer: CandidateAnswer, size: int, *, has_year: bool, same_day: int, last_names_stated: int
    ) -> "Rarity":
        """Read the rarity of names and birthday from an answer."""
        usual = 2.0 ** -FIXED[Field.DATE_OF_BIRTH, Level.SAME]
        share = same_day / max(size, SMALL_REGISTER)
        common = same_day >= COMMON_BIRTHDAY_FROM and share > COMMON_BIRTHDAY_TIMES * usual
        lost = math.log2(share / usual) if common else 0.0
        return cls(size, answer.statistics, has_year, -lost, max(1, last_names_stated))

    def knowing(self, more: NameStatistics) -> "Rarity":
        """Add what the register said about further names."""
        known = self.statistics
        joined = NameStatistics(
            {**known.first_names, **more.first_names},
            {**known.last_names, **more.last_names},
            {**known.pairs, **more.pairs},
            known.last_names_counted or more.last_names_counted,
        )
        return replace(self, statistics=joined)

    def knows(self, field: Field, name: str) -> bool:
        """Whether the register said how common this first or last name is."""
        known = self.statistics
        return name in (known.first_names if field is _FIRST_NAME else known.last_names)

    def is_no_name(self, name: str) -> bool:
        """Whether the register said of a first name that next to nobody bears it, and no list has it."""
        nobody = self.knows(_FIRST_NAME, name) and self.frequency(_FIRST_NAME, name) < BORNE_FROM
        return nobody and not is_borne(name)

    def is_short_last_name(self, typed: str, held: str) -> bool:
        """Whether a slip in a last name of few letters made one that somebody bears, or the register does not say."""
        return max(len(typed), len(held)) <= ANOTHER_UP_TO and self.statistics.last_names.get(typed, 1) > 0

    def are_two_names(self, field: Field, relation: NameRelation) -> bool:
        """Whether people bear both of two names that are not said alike: Peng and Deng, Luca and Lucy."""
        typed, held, first = relation.typed, relation.held, field is _FIRST_NAME
        begin_alike = typed[:1] == held[:1] or {typed[:1], held[:1]} == {"c", "k"}
        said_otherwise = are_said_otherwise if first else are_families_said_otherwise
        if relation.alike and begin_alike and not said_otherwise(typed, held, relation.slips):
            return False
        return all(self.is_borne(field, name) for name in (typed, held))

    def is_borne(self, field: Field, name: str, *, by_lists: bool = True) -> bool:
        """Whether people bear a name: by the register; where that is small, the lists know more first names."""
        if self.knows(field, name) and self.frequency(field, name) >= A_NAME_OF_ITS_OWN:
            return True
        return by_lists and field is _FIRST_NAME and self.size < UNSEEN_AMONG and is_borne(name)

    def is_slip_in_record(self, field: Field, relation: NameRelation) -> bool:
        """Whether the register said of a record's name that it is nobody else's, so that it may have the slip.

        Of last names that is enough. A first name, however rare, may be a twin's: it must be one that no list has, in a
        large register, and a common one with two letters exchanged or one lost (Rebecac, of Rebecca).
        """
        first, typed, held = field is _FIRST_NAME, relation.typed, relation.held
        counts = self.statistics.first_names if first else self.statistics.last_names
        if counts.get(held, BORNE_BY_PERSON + 1) > BORNE_BY_PERSON:
            return False
        if not first:
            return True
        common = is_borne(typed) and self.frequency(field, typed) >= COMMON_FROM and self.size >= UNSEEN_AMONG
        return common and relation.slips == 1 and not is_borne(held) and is_keyed_wrongly(typed, held)

    def is_nobody_s(self, held: str, typed: str) -> bool:
        """Whether the register said of a record's first name that hardly anybody bears it, and no list has it.

        Then it is likely a misspelling that came into the record, and no twin of whoever is called nearly so. Common
        names are misspelt alike in several records: there it is far rarer than the name that was stated, of which two
        letters were exchanged, or one lost.
        """
        if not self.knows(_FIRST_NAME, held) or is_borne(held):
            return False
        share = self.frequency(_FIRST_NAME, held)
        if share < A_NAME_OF_ITS_OWN:
            return True
        return is_keyed_wrongly(typed, held) and share * MISSPELT_TIMES <= self.frequency(_FIRST_NAME, typed)

    @cached_property
    def last_name_chance(self) -> float:
        """How often a stranger states a last name, for each record that has it.

        A record may know several last names, and a stranger states one; whoever states two has two chances.
        """
        held = self.statistics.last_names_counted / max(self.size, 1)
        return self.last_names_stated / max(1.0, held)

    def frequency(self, field: Field, name: str) -> float:
        """How often a stranger states this first or last name."""
        counts = self.statistics.first_names if field is _FIRST_NAME else self.statistics.last_names
        count = counts.get(name)
        if count is None:
            return UNKNOWN_FREQUENCY[field]
        if count == 0:
            return 0.5 / max(self.size, UNSEEN_AMONG)
        chance = self.last_name_chance if field is _LAST_NAME else 1.0
        return min(1.0, chance * (count + 0.5) / (self.size + SMALL_REGISTER))

    def borne_by_others(self, field: Field, held: str) -> float:
        """How often somebody else has a record's name: the record itself left out."""
        first = field is _FIRST_NAME
        counts = self.statistics.first_names if first else self.statistics.last_names
        others = max(counts[held] - 1, 0) + NEIGHBOURS_UNSEEN
        return others * (1.0 if first else self.last_name_chance) / (self.size + SMALL_REGISTER)

    def together(self, pair: NamePair, by_chance: float) -> float:
        """How often a stranger of that age states both names, the one candidate left out.

        Nobody else is not never: then what chance would bring stands in, up to half a person.
        """
        count = self.statistics.pairs.get(pair)
        if count is None:
            return by_chance
        among = max(self.size * (WINDOW_SHARE if self.has_year else 1.0), SMALL_REGISTER)
        others = max(0, count - 1) * self.last_name_chance
        return (others + min(NAMESAKES_UNSEEN, by_chance * among)) / among


def name_bits(field: Field, relation: NameRelation, rarity: Rarity, group: float = 0.0) -> float:
    """Bits of a first or last name; `group` is the frequency of all other forms of the stated name."""
    m = _m(field, relation)
    if m is None:
        return fixed_bits(field, relation.level)
    frequency = rarity.frequency(field, relation.typed)
    if relation.level is _VARIANT:
        # Strangers type this form too: those who bear it, and those whose name it is a form of.
        frequency += m * group
    bits = math.log2(m / frequency)
    if relation.level in _MISSTATED and rarity.knows(field, relation.held):
        # Nobody is known better by a misstated name than by the right one.
        right = math.log2(AGREEMENT[field, _SAME] / rarity.frequency(field, relation.held))
        if relation.level is _NEARLY and rarity.is_slip_in_record(field, relation):  # Pandya became Pqndya
            bits = math.log2(2.0**bits + MISKEYED * m / rarity.borne_by_others(field, relation.held))
        return min(MOST_BITS_HELD_KNOWN, right, bits)
    return min(MOST_BITS[relation.level], bits)


def _m(field: Field, relation: NameRelation) -> float | None:
    """How often the true name is stated so; None where that does not depend on the name."""
    if relation.level is _PART and relation.compound:
        return COMPOUND_TYPED
    m = AGREEMENT.get((field, relation.level))
    if m is not None and relation.level is _NEARLY:
        m /= SLIPS_POSSIBLE_ALIKE if relation.alike else SLIPS_POSSIBLE**relation.slips
    return m


def swapped_bits(first: str, last: str, rarity: Rarity, *, exactly: bool = False) -> float:
    """Bits of names in each other's place, beyond what they earn: strangers swap theirs as often.

    What counts against it is that some people are really called that: James Thomas. It counts little where nobody is
    called what the record says (Kapoor Priya): then the record is swapped. That takes both names `exactly`.
    """
    crossed = rarity.frequency(Field.FIRST_NAME, last) * rarity.frequency(Field.LAST_NAME, first)
    straight = rarity.frequency(Field.FIRST_NAME, first) * rarity.frequency(Field.LAST_NAME, last)
    by_person = NAMES_SWAPPED * crossed / (NAMES_SWAPPED * crossed + straight)
    in_record = NAMES_SWAPPED_IN_RECORDS * crossed / (NAMES_SWAPPED_IN_RECORDS * straight + crossed)
    return math.log2(min(1.0, by_person + (in_record if exactly else 0.0)))


def identifier_bits(field: Field, level: Level, size: int) -> float:
    """Bits of a TRN or a National Insurance number."""
    if level is Level.SAME:
        return math.log2(max(size, SMALL_REGISTER) / IDENTIFIER_HELD_BY_ANOTHER)
    return fixed_bits(field, level)


def fixed_bits(field: Field, level: Level) -> float:
    """Bits of a level that does not depend on the value; nothing where the table has no such level."""
    return FIXED.get((field, level), 0.0)


def joint_bits(first: NameRelation, last: NameRelation, bits: float, rarity: Rarity) -> float:
    """Correct the sum of two agreeing names for how often they go together; `bits` is the sum."""
    misstated = first.level in _MISSTATED or last.level in _MISSTATED
    m = _truly(_FIRST_NAME, first) * _truly(_LAST_NAME, last)
    pair = (_borne(first), _borne(last))
    if misstated:
        if pair not in rarity.statistics.pairs:
            return -math.log2(JOINT_LIFT)
        apart = rarity.frequency(_FIRST_NAME, pair[0]) * rarity.frequency(_LAST_NAME, pair[1])
        right = math.log2(m / rarity.together(pair, apart * JOINT_LIFT))
        return min(0.0, right - bits)
    together = rarity.together(pair, m / 2.0**bits * JOINT_LIFT)
    return min(MOST_JOINT_GAIN, math.log2(m / together) - bits)


def _borne(relation: NameRelation) -> str:
    """Return the form under which the register counts the record's name."""
    return relation.held if relation.level in _MISSTATED else relation.typed


def _truly(field: Field, relation: NameRelation) -> float:
    """How often the name is stated so, or rightly where it was misstated."""
    if relation.level in _MISSTATED:
        return AGREEMENT[field, _SAME]
    return _m(field, relation) or 1.0
