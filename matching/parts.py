"""Parts of given names: which of them make two names one person's, and which tell brothers and sisters apart."""

from collections.abc import Sequence
from typing import Final

from rapidfuzz.distance import OSA, Postfix, Prefix

from matching.given_names import are_given_name_forms, given_name_forms, is_given_name
from matching.normalise import Name

BROTHERS_SHARE: Final = frozenset({"abd", "abdul", "md", "mohd", "mohammed"}) | given_name_forms("mohammed")
"""What stands before the name by which brothers are told apart: Mohammed Ali is not Mohammed Imran."""

SLIP_FROM: Final = 5
"""A letter more, less or exchanged leaves a further given name the same only when it has so many."""

CUT_FROM: Final = 10
"""What begins with so many letters that are a name is that name: shorter ones begin other people's, too."""

_VOWELS: Final = frozenset("aeiouy")


def are_told_apart(rest: Sequence[str], held_rest: Sequence[str]) -> bool:
    """Whether both bear further given names, and none in common."""
    return bool(rest and held_rest) and not any(may_be_one(a, b) for a in rest for b in held_rest)


def may_be_one(one: str, other: str) -> bool:
    """Whether two words of given names may be one: an initial, another form, a slip that makes no other name."""
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    if one == other or are_given_name_forms(one, other):
        return True
    exchanged = len(one) == len(other) and sorted(one) != sorted(other)
    letters = min(len(one), len(other)) if exchanged else max(len(one), len(other))
    if letters < SLIP_FROM and sorted(one) != sorted(other):  # it makes another name: Ji-Won is not Ji-Woo
        return one.replace("m", "n") == other.replace("m", "n")
    return OSA.distance(one, other, score_cutoff=1) <= 1


def is_part_exchanged(one: str, other: str) -> bool:
    """Whether names differ in one part and wholly in that: Gurpreet and Rajpreet, Xiaoming and Xiaofeng are siblings.

    Slips spare most letters around them, and what is read wrongly (rn for m) is one letter on one side.
    """
    beginning = Prefix.similarity(one, other)
    one, other = one[beginning:], other[beginning:]
    ending = Postfix.similarity(one, other)
    one, other = one[: len(one) - ending], other[: len(other) - ending]
    differing = OSA.distance(one, other)
    return min(len(one), len(other)) >= 2 and differing >= 2 and 2 * differing >= max(len(one), len(other))


def are_initials(short: Name, name: Name, middle: Name) -> bool:
    """Whether one name is the initials of another: SJ is Sarah Jane, and Sarah of whom no second name is known.

    What is a name itself (Jo) is no initials; with a vowel it may be one, where nothing bears out the second letter.
    """
    written = short.joined
    if len(written) != 2 or is_given_name(written) or written in BROTHERS_SHARE:
        return False
    letters = "".join(token[0] for token in (*name.tokens, *middle.tokens)[:2])
    return written == letters if len(letters) == 2 else written[0] == letters and _VOWELS.isdisjoint(written)


def is_cut(one: Name, other: Name) -> bool:
    """Whether one name is the other as far as a register or a form had room: Alexandra-Ma, Balasubraman."""
    shorter, longer = sorted((one, other), key=lambda name: len(name.joined))
    return (
        len(shorter.joined) >= CUT_FROM
        and len(longer.joined) >= len(shorter.joined) + 2  # one letter is a slip, or a sister: Constantina
        and longer.joined.startswith(shorter.joined)
        and longer.tokens[: len(shorter.tokens)] != shorter.tokens
    )
