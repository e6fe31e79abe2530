"""Comparison levels: how two normalised values of one field relate. What a level is worth is in `weights`."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

from matching.blocking import sound
from matching.cuts import is_first_name_cut, is_last_name_cut
from matching.given_names import (
    are_family_name_forms,
    are_given_name_forms,
    are_long_and_short,
    are_often_two_people,
    are_two_people,
    is_short_for,
)
from matching.normalise import PARTICLES, Name
from matching.parts import (
    BROTHERS_SHARE,
    SLIP_FROM,
    are_initials,
    are_of_siblings,
    are_told_apart,
    are_two_families,
    begin_with_other_vowels,
    have_halves_of_two,
    is_misspelt,
    may_be_one,
    runs_on,
    share_one_syllable,
)
from matching.readings import look_alike

SIMILAR_FROM: Final = 0.88
SIMILAR_SOUND_FROM: Final = 0.78

TWO_SLIPS_FROM: Final = 8
"""Two slips make the same name only when it has so many letters."""


class Field(StrEnum):
    """What is compared."""

    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    DATE_OF_BIRTH = "date_of_birth"
    TRN = "trn"
    NINO = "nino"
    EMAIL = "email"
    WHOLE_NAME = "whole_name"


class Level(StrEnum):
    """How two values of a field relate; every level belongs to some of the fields only."""

    SAME = "same"
    PART = "part"
    VARIANT = "variant"
    NEARLY = "nearly"
    INITIAL = "initial"
    MIDDLE = "middle"
    SWAPPED = "swapped"
    SIMILAR = "similar"
    BEGINNING = "beginning"
    ANOTHER = "another"
    DIFFERENT = "different"
    MISSING = "missing"
    DAY_MONTH_SWAPPED = "day_month_swapped"
    YEAR_DIGITS_SWAPPED = "year_digits_swapped"
    DIGITS_SWAPPED = "digits_swapped"
    ONE_DIGIT = "one_digit"
    TWO_PARTS = "two_parts"
    ONE_SLIP = "one_slip"
    SHARED = "shared"
    UNREADABLE = "unreadable"
    COMMON = "common"


class NameRelation(NamedTuple):
    """How a stated name relates to a known one.

    `typed` is the form that the agreement rests on, as stated; `held` the record's. `slips` and `alike`
    describe a misspelling: how many letters differ, and whether the two sound the same. `compound` says that
    the stated name has several words.
    """

    level: Level
    typed: str = ""
    held: str = ""
    slips: int = 0
    alike: bool = False
    compound: bool = False


ABSENT: Final = NameRelation(Level.MISSING)
_BEST_FIRST: Final = {
    level: rank
    for rank, level in enumerate(
        (
            Level.SAME, Level.PART, Level.VARIANT, Level.NEARLY, Level.INITIAL, Level.MIDDLE, Level.SIMILAR,
            Level.BEGINNING, Level.ANOTHER, Level.DIFFERENT, Level.MISSING,
        )
    )
}  # fmt: skip


def better(one: NameRelation, other: NameRelation) -> NameRelation:
    """Return the stronger of two relations; the first when they are level."""
    rank, than = (_BEST_FIRST[one.level], one.slips), (_BEST_FIRST[other.level], other.slips)
    return one if rank <= than else other


def last_names(stated: Sequence[Name], known: Sequence[Name]) -> NameRelation:
    """Best relation between any stated and any known family name, current or previous."""
    if len(stated) == len(known) == 1:  # mostly
        return last_name(stated[0], known[0]) if stated[0].joined and known[0].joined else ABSENT
    best = ABSENT
    known = [name for name in known if name.joined]
    for typed in stated:
        if not typed.joined:
            continue
        for held in known:
            relation = last_name(typed, held)
            if relation.level is Level.SAME:
                return relation
            best = relation if best is ABSENT else better(best, relation)
    return best


@lru_cache(maxsize=1 << 14)
def last_name(typed: Name, held: Name) -> NameRelation:
    """Relation of two family names."""
    if typed.joined == held.joined or (len(typed.tokens) > 1 and sorted(typed.tokens) == sorted(held.tokens)):
        return NameRelation(Level.SAME, typed.joined, held.joined)
    shared = _shared_part(typed, held)
    if shared and have_halves_of_two(typed, held, shared):
        return NameRelation(Level.SIMILAR, typed.joined, held.joined)
    if shared:
        return NameRelation(Level.PART, shared, held.joined, compound=len(typed.tokens) > 1)
    if are_family_name_forms(typed.joined, held.joined):
        return NameRelation(Level.VARIANT, typed.joined, held.joined)
    if are_two_families(typed.joined, held.joined):
        return NameRelation(Level.ANOTHER, typed.joined, held.joined)
    if is_last_name_cut(typed.joined, held.joined):
        return NameRelation(Level.NEARLY, typed.joined, held.joined, 1)
    return _misspelt(typed.joined, held.joined)


def _shared_part(one: Name, other: Name) -> str:
    """Return the longest word that stands in both names, where at least one has several."""
    if len(one.tokens) < 2 and len(other.tokens) < 2:
        return ""
    theirs = other.forms
    return max((form for form in one.forms if form in theirs and form not in PARTICLES), key=len, default="")


def _misspelt(typed: str, held: str) -> NameRelation:
    """Relation of two names that are written differently."""
    alike = sound(typed) == sound(held)
    shorter = min(len(typed), len(held))
    if typed == held:
        return NameRelation(Level.SIMILAR, typed, held)
    slips = OSA.distance(typed, held, score_cutoff=2)
    near = slips == 1 and shorter >= 2
    if slips == 2 and look_alike(typed, held):
        return NameRelation(Level.NEARLY, typed, held, 1, alike)
    if near or (slips == 2 and (shorter >= TWO_SLIPS_FROM or (alike and shorter >= 5))):
        return NameRelation(Level.NEARLY, typed, held, slips, alike)
    similarity = JaroWinkler.normalized_similarity(typed, held)
    if similarity >= SIMILAR_FROM or (alike and similarity >= SIMILAR_SOUND_FROM):
        return NameRelation(Level.SIMILAR, typed, held, slips, alike)
    if shorter >= 3 and (typed.startswith(held) or held.startswith(typed)):
        return NameRelation(Level.BEGINNING, typed, held)
    return NameRelation(Level.DIFFERENT, typed, held)


def first_names(stated: Sequence[Name], middle: Name, known: Sequence[Name], known_middle: Name) -> NameRelation:
    """Best relation between any stated and any known given name, middle names used as first ones included."""
    if len(stated) == len(known) == 1:  # mostly
        one, other = stated[0], known[0]
        return first_name(one, middle, other, known_middle) if one.joined and other.joined else ABSENT
    best = ABSENT
    known = [name for name in known if name.joined]
    for typed in stated:
        if not typed.joined:
            continue
        for held in known:
            relation = first_name(typed, middle, held, known_middle)
            if relation.level is Level.SAME:
                return relation
            best = relation if best is ABSENT else better(best, relation)
    return best


@lru_cache(maxsize=1 << 14)
def first_name(typed: Name, middle: Name, held: Name, held_middle: Name) -> NameRelation:
    """Relation of two first names, knowing the middle names beside them."""
    if typed.joined == held.joined:
        brothers = typed.joined in BROTHERS_SHARE and are_told_apart(middle.tokens, held_middle.tokens)
        return NameRelation(Level.SIMILAR if brothers else Level.SAME, typed.joined, held.joined)
    one, other = typed.tokens[0], held.tokens[0]
    in_part = _in_part(typed, middle, held, held_middle)
    if in_part is not None:
        return in_part
    if are_two_people(one, other) and not (_middle_shared(middle, held_middle) and are_given_name_forms(one, other)):
        used = _used_as_first(typed, middle, held, held_middle)
        return NameRelation(Level.MIDDLE if used else Level.ANOTHER, one, other)
    if are_given_name_forms(typed.joined, held.joined) or (one != other and are_given_name_forms(one, other)):
        return NameRelation(Level.VARIANT, typed.joined, held.joined)
    if are_long_and_short(typed.joined, held.joined):
        return NameRelation(Level.VARIANT, typed.joined, held.joined)
    if one[0] == other[0] and _is_initial(typed, middle, held, held_middle):
        return NameRelation(Level.INITIAL, one, other)
    if _used_as_first(typed, middle, held, held_middle):
        return NameRelation(Level.MIDDLE, typed.joined, held.joined)
    return _unlike(typed, middle, held, held_middle)


def _is_initial(typed: Name, middle: Name, held: Name, held_middle: Name) -> bool:
    """Whether one of two first names that begin alike is an initial, or the initials of the other."""
    if 1 in (len(typed.tokens[0]), len(held.tokens[0])):
        return True
    return are_initials(typed, held, held_middle) or are_initials(held, typed, middle)


def _unlike(typed: Name, middle: Name, held: Name, held_middle: Name) -> NameRelation:
    """Relation of first names that are no forms of each other: misspelt, or two."""
    one, other = typed.tokens[0], held.tokens[0]
    if len(one) == 1 or len(other) == 1:
        return NameRelation(Level.DIFFERENT, one, other)
    relation = _misspelt(typed.joined, held.joined)
    if len(typed.tokens) > 1 or len(held.tokens) > 1:
        known = _rest_known(typed, held, held_middle) and _rest_known(held, typed, middle)
        if known or min(len(one), len(other)) >= SLIP_FROM:  # Ping is no half of Wing-Yan
            relation = better(relation, _misspelt(one, other))
    resembles = relation.level in (Level.NEARLY, Level.SIMILAR) and not look_alike(relation.typed, relation.held)
    if resembles and are_of_siblings(relation.typed, relation.held, alike=relation.alike):
        relation = relation._replace(level=Level.ANOTHER)
    if relation.level is Level.NEARLY:
        alike = relation.alike and not begin_with_other_vowels(relation.typed, relation.held)
        return relation._replace(alike=alike)
    return _used_otherwise_as_first(typed, middle, held, held_middle) or relation


def _middle_shared(middle: Name, held_middle: Name) -> bool:
    """Whether both have one middle name, which twins rarely share: Emma Louise may be Emily Louise, shortened."""
    return len(middle.joined) > 1 and middle.joined == held_middle.joined


def _in_part(typed: Name, middle: Name, held: Name, held_middle: Name) -> NameRelation | None:
    """Relation of names of which one is cut, or has several words; None where that says nothing."""
    if is_first_name_cut(typed, held) or runs_on(typed, held, held_middle) or runs_on(held, typed, middle):
        return NameRelation(Level.PART, typed.joined, held.joined)
    if len(typed.tokens) > 1 or len(held.tokens) > 1:
        return _compound(typed, middle, held, held_middle)
    return None


def _compound(typed: Name, middle: Name, held: Name, held_middle: Name) -> NameRelation | None:
    """Relation of names of which one has several words: Janice Helen is Janice, Mary Ann is not Mary Jane."""
    one, other = typed.tokens[0], held.tokens[0]
    rest, held_rest = typed.tokens[1:] + middle.tokens, held.tokens[1:] + held_middle.tokens
    if share_one_syllable(typed.tokens, held.tokens):
        return NameRelation(Level.ANOTHER, typed.joined, held.joined)
    if len(one) < 2 or one != other:
        return None
    second, held_second = typed.tokens[1:], held.tokens[1:]
    clash = are_told_apart(rest, held_rest)
    if second and held_second:  # a middle name does not make Lisa-Marie Ann a Lisa-Jane Ann
        clash = clash or (are_told_apart(second, held_rest) and are_told_apart(held_second, rest))
    if clash and (one in BROTHERS_SHARE or (second and held_second)):
        return NameRelation(Level.SIMILAR, typed.joined, held.joined)
    if _rest_known(typed, held, held_middle) and _rest_known(held, typed, middle):
        return NameRelation(Level.SAME, one, other)
    return NameRelation(Level.PART, one, other)


def _rest_known(name: Name, other: Name, other_middle: Name) -> bool:
    """Whether the other side knows all further words of a first name, there or as middle names."""
    return set(name.tokens[1:]) <= {*other.tokens[1:], *other_middle.tokens}


def _used_as_first(typed: Name, middle: Name, held: Name, held_middle: Name) -> bool:
    """Whether a middle name of one side is the first name of the other.

    Who states it as a middle name as well has both, and is a twin with the same middle name.
    """
    if typed.tokens[0] in (*held_middle.tokens, *held.tokens[1:]):
        return typed.tokens[0] not in middle.tokens
    return held.tokens[0] in (*middle.tokens, *typed.tokens[1:])


def _used_otherwise_as_first(typed: Name, middle: Name, held: Name, held_middle: Name) -> NameRelation | None:
    """Relation of first names of which one is a short form of a middle name of the other side, or that misspelt.

    Dan is Keith Daniel; Kevun, Liam Kevin. Other spellings are as often a twin's: Claire, of Christine Clare. It is
    `alike` where it is a short form, and has a slip where it is misspelt.
    """
    one, theirs, other, ours = typed.tokens[0], held_middle.tokens, held.tokens[0], middle.tokens
    sides = ((one, (*theirs, *held.tokens[1:]), ours), (other, (*ours, *typed.tokens[1:]), theirs))
    for word, words, own in sides:
        short = any(is_short_for(word, each) and not are_often_two_people(word, Name(each, (each,))) for each in words)
        slips = int(not short and any(is_misspelt(word, each) for each in words))
        if short or slips:
            both = any(may_be_one(word, each) for each in own)
            return None if both else NameRelation(Level.MIDDLE, typed.joined, held.joined, slips, short)
    return None


def swapped(first: Name, last: Name, held_first: Name, held_lasts: Iterable[Name], *, numbered: bool = False) -> bool:
    """Whether first and last name stand in each other's field; beside a number of the record also a form of the first.

    Sue, of Susan Reyes: without a number a stranger may well be called James Thomas.
    """
    if not (first and last and held_first) or _near_enough(first, held_first):
        return False
    by_form = numbered and are_given_name_forms(last.joined, held_first.joined)
    by_form = by_form and not are_often_two_people(last.joined, held_first)
    if not (by_form or _near_enough(last, held_first)):
        return False
    return any(_near_enough(first, held) for held in held_lasts if held)


def half_swapped(first: Name, last: Name, held_first: Name, held_lasts: Sequence[Name]) -> tuple[Field, Level] | None:
    """Say which known name stands exactly in the other's field, and how the other does; None for neither.

    Of somebody newly married, who knows only the first name to be theirs, the other is different.
    """
    resembling = (Level.NEARLY, Level.SIMILAR)
    for held in held_lasts:
        initial = len(first.joined) == 1 and held.joined.startswith(first.joined)  # as Tamils write it: S. Abirami
        if last.joined == held_first.joined and (initial or _misspelt(first.joined, held.joined).level in resembling):
            return Field.FIRST_NAME, Level.SIMILAR
        if first.joined == held.joined and _misspelt(last.joined, held_first.joined).level in resembling:
            return Field.LAST_NAME, Level.SIMILAR
    if last.joined == held_first.joined and len(first.joined) > 1:  # K. Abirami is no S. Abirami
        return Field.FIRST_NAME, Level.DIFFERENT
    return None


def _near_enough(one: Name, other: Name) -> bool:
    return one.joined == other.joined or (
        min(len(one.joined), len(other.joined)) >= 5 and OSA.distance(one.joined, other.joined) <= 1
    )


def identifiers(stated: str, held: str) -> Level:
    """Relation of two TRNs or two National Insurance numbers in canonical form; empty is missing."""
    if not stated or not held:
        return Level.MISSING
    if stated == held:
        return Level.SAME
    return Level.ONE_SLIP if OSA.distance(stated, held, score_cutoff=1) <= 1 else Level.DIFFERENT


def emails(stated: str, held: str, *, shared: bool) -> Level:
    """Relation of two addresses; another address is no evidence, people have several."""
    if not stated or stated != held:
        return Level.MISSING
    return Level.SHARED if shared else Level.SAME
