"""How people misstate themselves: each error as a change to what they would have stated."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from random import Random
from typing import Final

from matching.given_names import family_name_forms, given_name_forms
from matching.normalise import fold, read_date

_KEYBOARD: Final = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl",
    "p": "ol", "a": "qsz", "s": "adw", "d": "sfe", "f": "dgr", "g": "fht", "h": "gjy", "j": "hku", "k": "jli",
    "l": "kop", "z": "xas", "x": "zcs", "c": "xvd", "v": "cbf", "b": "vng", "n": "bmh", "m": "njk",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody types, and what the register holds of them where an error needs it."""

    first: str
    middle: str
    last: str
    previous: str
    born: str
    held_previous: str = ""
    stranger_last: str = ""
    trn: str = ""
    nino: str = ""
    email: str = ""


class DoesNotApplyError(Exception):
    """The error cannot happen to this person: there is nothing to get wrong."""


Change = Callable[[Stated, Random], Stated]


def _slip(word: str, rng: Random) -> str:
    """One keyboard slip: a neighbour key, a swap, a letter doubled or left out."""
    if len(word) < 3:
        raise DoesNotApplyError
    at = rng.randrange(1, len(word))
    kind = rng.randrange(4)
    if kind == 0:
        near = rng.choice(_KEYBOARD.get(word[at].lower(), "e"))
        return word[:at] + near + word[at + 1 :]
    if kind == 1 and at + 1 < len(word) and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at] + word[at:] if kind == 2 else word[:at] + word[at + 1 :]


def _other_form(word: str, forms: frozenset[str], rng: Random) -> str:
    if not forms:
        raise DoesNotApplyError
    return rng.choice(sorted(forms)).title() if word else word


def _day(stated: Stated) -> date:
    born = read_date(stated.born)
    if born is None:
        raise DoesNotApplyError
    return born


def unchanged(stated: Stated, _: Random) -> Stated:
    return stated


def case_and_space(stated: Stated, rng: Random) -> Stated:
    change = rng.choice((str.upper, str.lower, str.swapcase, lambda text: f"  {text} "))
    return replace(stated, first=change(stated.first), last=change(stated.last))


def nickname(stated: Stated, rng: Random) -> Stated:
    return replace(stated, first=_other_form(stated.first, given_name_forms(fold(stated.first)), rng))


def transliteration(stated: Stated, rng: Random) -> Stated:
    return replace(stated, last=_other_form(stated.last, family_name_forms(fold(stated.last)), rng))


def typo_first(stated: Stated, rng: Random) -> Stated:
    return replace(stated, first=_slip(stated.first, rng))


def typo_last(stated: Stated, rng: Random) -> Stated:
    return replace(stated, last=_slip(stated.last, rng))


def typo_both(stated: Stated, rng: Random) -> Stated:
    return typo_first(typo_last(stated, rng), rng)


def day_and_month(stated: Stated, _: Random) -> Stated:
    born = _day(stated)
    if born.day > 12 or born.day == born.month:
        raise DoesNotApplyError
    return replace(stated, born=born.replace(month=born.day, day=born.month).isoformat())


def one_digit_of_date(stated: Stated, rng: Random) -> Stated:
    for _ in range(20):
        at = rng.choice((2, 3, 5, 6, 8, 9))
        typed = stated.born[:at] + rng.choice("0123456789") + stated.born[at + 1 :]
        day = read_date(typed)
        if day and typed != stated.born and date(1940, 1, 1) < day < date(2006, 1, 1):
            return replace(stated, born=typed)
    raise DoesNotApplyError


def year_digits(stated: Stated, _: Random) -> Stated:
    year = stated.born[:2] + stated.born[3] + stated.born[2]
    if not "1940" < year < "2006" or year == stated.born[:4] or not read_date(year + stated.born[4:]):
        raise DoesNotApplyError
    return replace(stated, born=year + stated.born[4:])


def married(stated: Stated, _: Random) -> Stated:
    return replace(stated, last=stated.stranger_last)


def married_with_previous(stated: Stated, _: Random) -> Stated:
    return replace(stated, last=stated.stranger_last, previous=stated.last)


def previous_name(stated: Stated, _: Random) -> Stated:
    if not stated.held_previous:
        raise DoesNotApplyError
    return replace(stated, last=stated.held_previous)


def half_a_barrel(stated: Stated, rng: Random) -> Stated:
    parts = stated.last.replace("-", " ").split()
    if len(parts) != 2 or min(map(len, parts)) < 3:
        raise DoesNotApplyError
    return replace(stated, last=rng.choice(parts))


def added_barrel(stated: Stated, rng: Random) -> Stated:
    if " " in stated.last or "-" in stated.last:
        raise DoesNotApplyError
    pair = [stated.last, stated.stranger_last]
    rng.shuffle(pair)
    return replace(stated, last="-".join(pair))


def swapped_names(stated: Stated, _: Random) -> Stated:
    return replace(stated, first=stated.last, last=stated.first)


def hyphen_or_apostrophe(stated: Stated, _: Random) -> Stated:
    changed = stated.last.replace("'", "’") if "'" in stated.last else stated.last.replace("-", " ")
    if changed == stated.last:
        raise DoesNotApplyError
    return replace(stated, last=changed)


def without_marks(stated: Stated, _: Random) -> Stated:
    first, last = fold(stated.first).title(), fold(stated.last).title()
    if (first + last).isascii() and (stated.first + stated.last).isascii():
        raise DoesNotApplyError
    return replace(stated, first=first, last=last)


def middle_in_first(stated: Stated, _: Random) -> Stated:
    if not stated.middle:
        raise DoesNotApplyError
    return replace(stated, first=f"{stated.first} {stated.middle}", middle="")


def middle_as_first(stated: Stated, rng: Random) -> Stated:
    if not stated.middle or fold(stated.middle) == fold(stated.first):
        raise DoesNotApplyError
    return replace(stated, first=stated.middle, middle=rng.choice(("", stated.first)))


def initial_only(stated: Stated, _: Random) -> Stated:
    return replace(stated, first=stated.first[:1])


def with_title(stated: Stated, rng: Random) -> Stated:
    return replace(stated, first=f"{rng.choice(('Mrs', 'Dr', 'Mr.'))} {stated.first}", last=f"{stated.last} PGCE")


def whole_name_in_one_box(stated: Stated, _: Random) -> Stated:
    if " " in stated.last:
        raise DoesNotApplyError
    return replace(stated, first=f"{stated.first} {stated.last}", last="")


def two_errors(stated: Stated, rng: Random) -> Stated:
    name = rng.choice((typo_first, typo_last))
    return one_digit_of_date(name(stated, rng), rng)


def married_and_date(stated: Stated, rng: Random) -> Stated:
    return one_digit_of_date(married(stated, rng), rng)


def married_and_typo(stated: Stated, rng: Random) -> Stated:
    return typo_first(married(stated, rng), rng)


def nickname_and_typo(stated: Stated, rng: Random) -> Stated:
    return typo_last(nickname(stated, rng), rng)


def no_date(stated: Stated, _: Random) -> Stated:
    return replace(stated, born="")


def no_first_name(stated: Stated, _: Random) -> Stated:
    return replace(stated, first="", middle="")


def no_last_name(stated: Stated, _: Random) -> Stated:
    return replace(stated, last="")


@dataclass(frozen=True, slots=True)
class Expectation:
    """An error with what is expected of a matcher when no identifier is given, and with one."""

    change: Change
    bare: str = "match"
    identified: str = "match"


_UNSURE: Final = "not_determinable"
ERRORS: Final[dict[str, Expectation]] = {
    "exact": Expectation(unchanged),
    "case_space": Expectation(case_and_space),
    "nickname": Expectation(nickname),
    "translit": Expectation(transliteration),
    "typo_first": Expectation(typo_first),
    "typo_last": Expectation(typo_last),
    "typo_both": Expectation(typo_both, _UNSURE),
    "dob_day_month_swapped": Expectation(day_and_month, _UNSURE),
    "dob_one_digit": Expectation(one_digit_of_date, _UNSURE),
    "dob_year_digits": Expectation(year_digits, _UNSURE),
    "married_no_prev": Expectation(married, _UNSURE),
    "married_prev_given": Expectation(married_with_previous),
    "married_register_knows": Expectation(previous_name),
    "double_barrel_half": Expectation(half_a_barrel),
    "double_barrel_added": Expectation(added_barrel),
    "swapped_first_last": Expectation(swapped_names),
    "hyphen_space_apostrophe": Expectation(hyphen_or_apostrophe),
    "diacritics": Expectation(without_marks),
    "middle_in_first": Expectation(middle_in_first),
    "middle_as_first": Expectation(middle_as_first, _UNSURE),
    "initial_only": Expectation(initial_only, _UNSURE),
    "title_suffix": Expectation(with_title),
    "whole_name_in_first": Expectation(whole_name_in_one_box, _UNSURE),
    "two_errors": Expectation(two_errors, _UNSURE),
    "married_dob_error": Expectation(married_and_date, _UNSURE),
    "married_typo": Expectation(married_and_typo, _UNSURE),
    "nickname_typo": Expectation(nickname_and_typo, _UNSURE),
    "missing_dob": Expectation(no_date, _UNSURE),
    "missing_first": Expectation(no_first_name, _UNSURE),
    "missing_last": Expectation(no_last_name, _UNSURE),
}
