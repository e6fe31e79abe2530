"""From records to scored candidates: compare, weigh."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from matching import comparisons, normalise, weights
from matching.birthdays import dates
from matching.comparisons import Field, Level, NameRelation
from matching.cuts import lacks_its_end
from matching.evidence import NEAR_DATE, FieldComparison
from matching.given_names import are_brother_and_sister, are_given_name_forms, is_her_name, other_forms
from matching.held import held_by
from matching.normalise import Name
from matching.numbers import compare_nino, compare_trn
from matching.parts import SLIP_FROM, are_both_borne, is_almost_a_form, is_slip_of_one, is_told_by_middle_name
from matching.posterior import Candidate, Facet, prior, weighed
from matching.records import NameStatistics, RecordStatus, TeachingRecord
from matching.relations import TOGETHER, UNLIKE, Crossed, Relating, Relations
from matching.statements import Statement
from matching.weights import Rarity

LITTLE: Final = 1.0
"""Bits up to which a slip of a first name is another name: chance, and a twin so called, are about as likely."""

# Read for every name that is compared: Python 3.11 takes a tenth of a microsecond to find a member of an enumeration.
_FIRST, _LAST, _MIDDLE, _WHOLE, _BORN = (
    Field.FIRST_NAME, Field.LAST_NAME, Field.MIDDLE_NAME, Field.WHOLE_NAME, Field.DATE_OF_BIRTH,
)  # fmt: skip
_SAME, _VARIANT, _NEARLY, _COMMON = Level.SAME, Level.VARIANT, Level.NEARLY, Level.COMMON
_SIMILAR: Final = Level.SIMILAR
_NEAREST: Final = max(weights.fixed_bits(_BORN, level) for level in NEAR_DATE)
_RESEMBLING: Final = (Level.SIMILAR, Level.BEGINNING)


class Scorer:
    """Scores the records of one answer against one statement."""

    def __init__(self, relating: Relating, rarity: Rarity, shared_emails: frozenset[str] | None) -> None:
        """`shared_emails` is None where nobody knows yet whether others have the address: then it says nothing."""
        self.statement = statement = relating.statement
        self.rarity = rarity
        self.shared_emails = shared_emails
        self._relating = relating
        self._born = _iso(statement.born)
        self._surname_twice = statement.has_names and statement.firsts[0].joined == statement.lasts[0].joined
        self._groups: dict[Field, float] = {}
        self._days: dict[date | None, FieldComparison] = {}
        self._compared: dict[tuple[str, int], tuple[FieldComparison, ...]] = {}
        self._facets: dict[tuple[str, int, str], Facet] = {}

    def learn(self, statistics: NameStatistics) -> None:
        """Take in how common further names are."""
        self.rarity = self.rarity.knowing(statistics)
        self._groups = {}
        self._facets = {}

    def _group(self, field: Field) -> float:
        """How many people bear another form of the stated name."""
        if field not in self._groups:
            given = field is Field.FIRST_NAME
            names = self.statement.firsts if given else self.statement.lasts
            others = other_forms(names[0].joined, given=given) if names else ()
            self._groups[field] = sum(self.rarity.frequency(field, form) for form in others)
        return self._groups[field]

    def facet(self, record: TeachingRecord, numbers: Sequence[TeachingRecord], survivor: TeachingRecord) -> Facet:
        """Compare one record; TRN and NINO with those of every record that was merged into its survivor."""
        key = record.trn, len(numbers), survivor.trn
        weighed = self._facets.get(key)
        if weighed is None:
            facts = self._compared.get(key[:2])
            if facts is None:  # what further statistics do not change
                facts = self._compared[key[:2]] = self._facts(record, numbers)
            numbered = facts[1].level is _SAME or facts[2].level is _SAME
            names = self._names(self._relating.of(record, numbered=numbered), numbered=numbered)
            weighed = self._facets[key] = Facet.of((*names, *facts), record, survivor)
        return weighed

    def most_of_strangers(self) -> float:
        """Bits that a record of another day and another last name has at most, with the first name."""
        names = (NameRelation(Level.SAME, name.joined, name.joined) for name in self.statement.firsts)
        first = max((weights.name_bits(_FIRST, name, self.rarity) for name in names), default=0.0)
        middle = weights.fixed_bits(_MIDDLE, Level.SAME) if self.statement.middle else 0.0
        return first + middle + weights.fixed_bits(_LAST, Level.DIFFERENT) + _NEAREST

    def _facts(self, record: TeachingRecord, numbers: Sequence[TeachingRecord]) -> tuple[FieldComparison, ...]:
        """Compare what is no name."""
        stated, day = self.statement, record.date_of_birth
        if day not in self._days:
            self._days[day] = self._day(day)
        return (
            self._days[day],
            compare_trn(stated, numbers, self.rarity.size) if stated.trn else _NO_TRN,
            compare_nino(stated, numbers, self.rarity.size) if stated.nino else _NO_NINO,
            self._email(record) if stated.email and self.shared_emails is not None else _NO_EMAIL,
        )

    def _day(self, held: date | None) -> FieldComparison:
        """Compare the date of birth, which many candidates have in common."""
        day = Level.UNREADABLE if self.statement.impossible_date else dates(self.statement.born, held)
        bits = weights.fixed_bits(_BORN, day)
        if day is Level.SAME:
            bits += self.rarity.birthday
        return FieldComparison(_BORN, day, bits, self._born, _iso(held))

    def _names(self, relations: Relations, *, numbered: bool) -> list[FieldComparison]:
        """Weigh how the names relate; `numbered` says that a number that was stated is the record's."""
        first, last, middle, held_first, crossed, half, agreeing = relations
        if crossed:
            return self._swapped_names(crossed, held_first, middle)
        if half:
            return self._half_swapped_names(half, held_first, last.held)
        one = self._named(_FIRST, first, numbered=numbered)
        other = self._named(_LAST, last, numbered=numbered)
        told = middle.level is Level.SAME and one.level is Level.ANOTHER
        told = told and is_slip_of_one(one.stated, one.held, middle.held)
        if told and is_told_by_middle_name(self.statement.firsts[0], self.statement.middle, held_first):
            one = one._replace(level=_SIMILAR, bits=weights.fixed_bits(_FIRST, _SIMILAR))
        by_form = first.level is Level.MIDDLE and (first.alike or first.slips)
        if by_form and (other.level not in TOGETHER or (first.slips and not self.rarity.is_no_name(first.typed))):
            # Beside another last name it links nobody; but it may be somebody newly married who goes by it.
            said = Level.DIFFERENT if other.level in TOGETHER else _SIMILAR
            one = one._replace(level=said, bits=weights.fixed_bits(_FIRST, Level.DIFFERENT))
        found = [one, other]
        if one.level in TOGETHER and other.level in TOGETHER:
            bits = weights.joint_bits(first, last, one.bits + other.bits, self.rarity)
            found.append(FieldComparison(_WHOLE, _COMMON, bits))
        if agreeing > 1:  # whoever states two names has two chances, and none too many where both are right
            found[1] = other._replace(bits=other.bits + math.log2(min(agreeing, self.rarity.last_names_stated)))
        if self.statement.firsts:
            found.append(_weighed_middle_name(middle))
        return found

    def _named(self, field: Field, relation: NameRelation, *, numbered: bool) -> FieldComparison:
        """Weigh how one name relates; what resembles may be another name all the same."""
        level, typed, held = relation.level, relation.typed, relation.held
        if field is _FIRST and level in UNLIKE:
            if self._surname_twice and level is Level.DIFFERENT:  # Martin Martin, who is Susan
                return FieldComparison(field, Level.MISSING, 0.0, typed, held)
            # A twin, whose number it may be, bears a name.
            if self.rarity.is_no_name(typed) and is_almost_a_form(typed, held):
                return FieldComparison(field, _SIMILAR, weights.fixed_bits(field, _SIMILAR), typed, held)
        group = self._group(field) if level is _VARIANT else 0.0
        bits = weights.name_bits(field, relation, self.rarity, group)
        is_another = self._is_another_first_name if field is _FIRST else self._is_another_last_name
        if is_another(relation, bits, numbered=numbered):
            level, bits = Level.ANOTHER, weights.fixed_bits(field, Level.ANOTHER)
        return FieldComparison(field, level, bits, typed, held)

    def _is_another_first_name(self, relation: NameRelation, bits: float, *, numbered: bool) -> bool:
        """Whether a first name that resembles is another, perhaps a twin's, and no number of the record says not."""
        level, typed, held = relation.level, relation.typed, relation.held
        misspelt = level is _NEARLY or (typed.startswith(held) and len(held) >= SLIP_FROM)
        brother = (
            level is _NEARLY and are_brother_and_sister(typed, held) and not (numbered and lacks_its_end(held, typed))
        )
        nobody_s = self.rarity.is_nobody_s
        if numbered and misspelt and not brother and (nobody_s(held, typed) or nobody_s(typed, held)):
            return False
        alike = brother if level is _NEARLY else level in _RESEMBLING
        # A brother's and a sister's name, a letter apart, are also spellings of one (Alexandr), and what begins a name
        # may be that, cut (Dav): lists do not tell.
        by_lists = not brother and not held.startswith(typed)
        if alike and (self.rarity.is_borne(_FIRST, typed, by_lists=by_lists) or is_her_name(typed, held)):
            return True
        if level is not _NEARLY:
            return False
        if bits <= LITTLE or are_both_borne(typed, held):
            return True
        return not numbered and self.rarity.are_two_names(_FIRST, relation)

    def _is_another_last_name(self, relation: NameRelation, bits: float, *, numbered: bool) -> bool:
        """Whether a slip makes another last name: one that says nothing, or that people bear."""
        if relation.level is not _NEARLY:
            return False
        if bits <= 0.0 or self.rarity.is_short_last_name(relation.typed, relation.held):
            return True
        return not numbered and self.rarity.are_two_names(_LAST, relation)

    def _swapped_names(self, crossed: Crossed, held_first: Name, middle: NameRelation) -> list[FieldComparison]:
        first, last = crossed.first.joined, crossed.last.joined
        level = Level.SAME if first == held_first.joined else Level.NEARLY  # Molly is swapped rather than Holly
        if are_given_name_forms(first, held_first.joined):
            level = _VARIANT
        one = NameRelation(level, first, held_first.joined, slips=1)
        other = NameRelation(Level.SAME, last, last)
        bits = weights.name_bits(Field.FIRST_NAME, one, self.rarity)
        other_bits = weights.name_bits(Field.LAST_NAME, other, self.rarity)
        swap = weights.swapped_bits(last, first, self.rarity, exactly=crossed.exactly)
        together = weights.joint_bits(one, other, bits + other_bits, self.rarity)
        return [
            FieldComparison(Field.FIRST_NAME, Level.SWAPPED, bits, first, held_first.joined),
            FieldComparison(Field.LAST_NAME, Level.SWAPPED, other_bits, last, last),
            FieldComparison(Field.WHOLE_NAME, Level.SWAPPED, swap + together),
            _weighed_middle_name(middle),
        ]

    def _half_swapped_names(self, half: tuple[Field, Level], held_first: Name, held_last: str) -> list[FieldComparison]:
        """Weigh the name that stands exactly in the other's field, and how the other one relates."""
        exact, otherwise = half
        first, last = self.statement.firsts[0].joined, self.statement.lasts[0].joined
        typed, held = (last, held_first.joined) if exact is Field.FIRST_NAME else (first, first)
        other = Field.LAST_NAME if exact is Field.FIRST_NAME else Field.FIRST_NAME
        bits = weights.name_bits(exact, NameRelation(Level.SAME, typed, held), self.rarity)
        resembling = weights.fixed_bits(other, otherwise)
        crossed = (first, held_last) if other is Field.LAST_NAME else (last, held_first.joined)
        found = {
            exact: FieldComparison(exact, Level.SWAPPED, bits, typed, held),
            other: FieldComparison(other, otherwise, resembling, *crossed),
        }
        swap = weights.swapped_bits(first, last, self.rarity)
        whole = FieldComparison(Field.WHOLE_NAME, Level.SWAPPED, swap)
        return [found[Field.FIRST_NAME], found[Field.LAST_NAME], whole]

    def _email(self, record: TeachingRecord) -> FieldComparison:
        held = normalise.email(record.email)
        shared = self.shared_emails is not None and held in self.shared_emails
        level = comparisons.emails(self.statement.email, held, shared=shared)
        return FieldComparison(Field.EMAIL, level, weights.fixed_bits(Field.EMAIL, level), self.statement.email, held)


_NO_TRN, _NO_NINO, _NO_EMAIL = (
    FieldComparison(field, Level.MISSING, 0.0) for field in (Field.TRN, Field.NINO, Field.EMAIL)
)


def _weighed_middle_name(middle: NameRelation) -> FieldComparison:
    return FieldComparison(_MIDDLE, middle.level, weights.fixed_bits(_MIDDLE, middle.level), middle.typed, middle.held)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def candidates(scorer: Scorer, records: Sequence[TeachingRecord], prior_share: float) -> tuple[Candidate, ...]:
    """Score every record, join merged ones to their survivors, weigh all against each other and nobody."""
    held = {record.trn: record for record in records}
    facets: dict[str, list[TeachingRecord]] = {}
    for record in records:
        survivor = record if record.status is not RecordStatus.MERGED else survivor_of(record, held)
        facets.setdefault(survivor.trn, []).append(record)
    scored = []
    for trn, alike in facets.items():
        rows = [scorer.facet(record, alike, held[trn]) for record in alike]
        # Of two that fit alike the merged one, which says more: in whatever order a register gave them.
        best = rows[0] if len(rows) == 1 else max(rows, key=lambda row: (row.apart, row.source != row.trn, row.source))
        scored.append(best)
    scored.sort(key=lambda row: (-row.apart, row.trn))
    if scorer.statement.nino:
        _prefer_open(scored, held)
    return weighed(scored, held, prior(scorer.rarity.size, prior_share))


def _prefer_open(scored: list[Facet], held: Mapping[str, TeachingRecord]) -> None:
    """Leave out closed records of the person whose open one holds the same stated National Insurance number.

    That number is one person's: the closed record is an earlier one of theirs, and no rival.
    """
    alike = [row for row in scored if row.evidence.nino is Level.SAME]
    if not any(held[row.trn].status is RecordStatus.ACTIVE for row in alike):
        return
    for row in alike:
        closed = held[row.trn].status is not RecordStatus.ACTIVE
        if closed and row.evidence.trn is not Level.SAME:
            scored.remove(row)


def shared_emails(statement: Statement, records: Sequence[TeachingRecord]) -> frozenset[str]:
    """Return the stated address when more than one person of these records has it."""
    if not statement.email:
        return frozenset()
    having = [records[at] for at in held_by(records).with_email(statement.email)]
    held = {record.trn: record for record in records} if any(record.merged_into for record in having) else {}
    owners = {survivor_of(record, held).trn if held else record.trn for record in having}
    return frozenset({statement.email}) if len(owners) > 1 else frozenset()


def survivor_of(record: TeachingRecord, held: Mapping[str, TeachingRecord]) -> TeachingRecord:
    """Follow a merged record as far as the answer holds what it was merged into; a ring ends where it began."""
    passed = {record.trn}
    while record.status is RecordStatus.MERGED and record.merged_into and record.merged_into not in passed:
        if record.merged_into not in held:
            break
        record = held[record.merged_into]
        passed.add(record.trn)
    return record
