"""How stated middle names relate to a record's; further words of a first name count as middle names."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from matching.comparisons import ABSENT, Level, NameRelation
from matching.given_names import are_given_name_forms
from matching.normalise import NO_NAME, Name
from matching.parts import is_split, may_be_one, runs_on

_SIKH: Final = frozenset({"kaur", "kor", "singh"})
_KNOWN_AS: Final = frozenset({"aka", "known", "as"})


def _further(first: Name, other: Name) -> tuple[str, ...]:
    """Return the words of a first name that count as middle names: not the name again, as in Mike (Michael).

    Nor where they are one word on the other side: Xiao-Hong is Xiaohong, and Da id a mistyped David.
    """
    if len(first.tokens) < 2:
        return ()
    if len(other.tokens) == 1 and is_split(first, other.joined):
        return ()
    again = {*first.tokens[:1], *other.tokens[:1], *_KNOWN_AS}
    if len(other.tokens) > 1 and first.tokens[:2] == other.tokens[:1] * 2:  # Ji-Ji is a name beside Ji-Woo
        again = set(_KNOWN_AS)
    return tuple(t for t in first.tokens[1:] if t not in again and not are_given_name_forms(t, first.tokens[0]))


def middle_said(middle: Name, lasts: Sequence[Name], held_middle: Name, held_lasts: Sequence[Name]) -> Name:
    """Return the middle name that was stated: none where it is a last name typed into two boxes, or half of one."""
    if not middle or middle.joined == held_middle.joined:
        return middle
    in_two_boxes = middle in lasts or any(middle.joined in held.tokens for held in held_lasts)
    return NO_NAME if in_two_boxes else middle


def in_two_boxes(middle: Name, stated: Sequence[Name], held_middle: Name, held: Sequence[Name]) -> NameRelation | None:
    """Relation of a last name of which the first half was typed into the box of middle names: Jane Wallis, Jones.

    Sikhs write it all there, and Kaur or Singh behind it: Sukhvinder Bhogal Kaur, of Sukhvinder Kaur Bhogal.
    """
    written = {middle.joined + last.joined for last in stated}
    written |= {middle.joined for last in stated if last.joined in _SIKH and last.joined in held_middle.tokens}
    return next((NameRelation(Level.SAME, name.joined, name.joined) for name in held if name.joined in written), None)


@lru_cache(maxsize=1 << 14)
def middle_names(first: Name, middle: Name, held_first: Name, held_middle: Name) -> NameRelation:
    """Relation of middle names; further words of a first name count as middle names."""
    rest = _further(first, held_first) + middle.tokens[runs_on(held_first, first, middle) :]
    held_rest = _further(held_first, first) + held_middle.tokens[runs_on(first, held_first, held_middle) :]
    shared = {*first.tokens[1:]} & {*held_first.tokens[1:]}
    beside, held_beside = [tuple(word for word in words if word not in shared) for words in (rest, held_rest)]
    if beside and held_beside:  # Mary Jane Anne is Mary Jane all the same, but not Mary Jane Kate
        rest, held_rest = beside, held_beside
    if not rest or not held_rest:
        return ABSENT
    typed, held = "".join(rest), "".join(held_rest)
    if set(rest) & set(held_rest):
        return NameRelation(Level.SAME, typed, held)
    if rest[0] == held_first.joined and held_rest[0] == first.joined:
        return NameRelation(Level.SAME, typed, held)
    if len(rest[0]) == 1 or len(held_rest[0]) == 1:  # an initial is perhaps that of a further middle name
        shares = any(a[0] == b[0] for a in rest for b in held_rest if len(a) == 1 or len(b) == 1)
        return NameRelation(Level.INITIAL if shares else Level.DIFFERENT, typed, held)
    if any(may_be_one(a, b) for a in rest for b in held_rest):
        return NameRelation(Level.SIMILAR, typed, held)
    return NameRelation(Level.DIFFERENT, typed, held)
