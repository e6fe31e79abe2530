"""Further ways to misstate oneself: order and form of names, other scripts, unseen signs, missing fields."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Final

from identity_provider.sandbox.people_errors import (
    DoesNotApplyError,
    Expectation,
    Stated,
    married,
    one_digit_of_date,
    typo_first,
    typo_last,
)
from matching.normalise import fold, read_date

_UNSURE: Final = "not_determinable"
_UNSEEN: Final = ("\u200b", "\u200d", "\u00ad", "\ufeff", "\u2060", "\u200e", "\u202e")
_LOOKALIKES: Final = str.maketrans("aeopcyxiAEOPCBHKMTX", "аеорсухіАЕОРСВНКМТХ")
_FULL_WIDTH: Final = {
    ord(letter): ord(letter) + 0xFEE0 for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
_SOUNDS_ALIKE: Final = (
    ("ph", "f"), ("ck", "k"), ("ie", "y"), ("y", "i"), ("ee", "ea"), ("ou", "u"), ("z", "s"), ("c", "k"), ("th", "t"),
)  # fmt: skip
_ROMANISED: Final = tuple(
    tuple(line.split())
    for line in (
        "Mohammed Muhammad Mohamed Mohammad Muhammed Mohamad",
        "Yusuf Yousef Youssef Yousuf Yousaf",
        "Oleksandr Aleksandr Alexander Olexandr",
        "Serhii Sergei Sergey Serhiy",
        "Dmytro Dmitri Dmitry Dmitriy",
        "Volodymyr Vladimir Wolodymyr",
        "Yulia Julia Iuliia Yuliya",
        "Kateryna Katerina Ekaterina Yekaterina",
        "Natalia Nataliya Nataliia Natalya",
        "Mykola Nikolai Nikolay Mikola",
        "Oksana Oxana",
        "Andrii Andriy Andrei Andrey",
        "Ioannis Yannis Giannis Yiannis",
        "Georgios Giorgos Yiorgos",
        "Aikaterini Ekaterini Katerina",
        "Hussain Hussein Husain Hossain",
        "Aisha Ayesha Aishah Aysha",
        "Fatima Fatimah Fatema",
        "Ahmed Ahmad",
        "Hassan Hasan",
        "Zainab Zaynab Zeinab",
        "Ibrahim Ebrahim Ibraheem",
        "Omar Umar",
        "Usman Osman Othman Uthman",
        "Khadija Khadijah Khadeeja",
        "Maryam Mariam Miriam",
    )
)


def _romanised(name: str, rng: Random) -> str:
    for group in _ROMANISED:
        if name.title() in group:
            return rng.choice([form for form in group if form != name.title()])
    raise DoesNotApplyError


def romanised_first(stated: Stated, rng: Random) -> Stated:
    return replace(stated, first=_romanised(stated.first, rng))


def romanised_last(stated: Stated, rng: Random) -> Stated:
    return replace(stated, last=_romanised(stated.last, rng))


def sounds_alike(stated: Stated, rng: Random) -> Stated:
    name = stated.last.lower()
    fitting = [(one, other) for one, other in _SOUNDS_ALIKE if one in name[1:]]
    if not fitting or len(name) < 5:
        raise DoesNotApplyError
    one, other = rng.choice(fitting)
    return replace(stated, last=(name[:1] + name[1:].replace(one, other, 1)).title())


def middle_in_first_and_typo(stated: Stated, rng: Random) -> Stated:
    if not stated.middle:
        raise DoesNotApplyError
    slipped = typo_first(stated, rng)
    return replace(slipped, first=f"{slipped.first} {stated.middle}", middle="")


def initials_only(stated: Stated, _: Random) -> Stated:
    return replace(stated, first=stated.first[:1] + ".", middle=stated.middle[:1])


def initials_together(stated: Stated, _: Random) -> Stated:
    if not stated.middle:
        raise DoesNotApplyError
    return replace(stated, first=f"{stated.first[:1]}.{stated.middle[:1]}.", middle="")


def _barrels(stated: Stated) -> list[str]:
    parts = re.split(r"[- ]", stated.last)
    if len(parts) != 2 or min(map(len, parts)) < 3:
        raise DoesNotApplyError
    return parts


def surnames_reversed(stated: Stated, rng: Random) -> Stated:
    one, other = _barrels(stated)
    return replace(stated, last=rng.choice(("-", " ")).join((other, one)))


def surnames_run_together(stated: Stated, _: Random) -> Stated:
    return replace(stated, last="".join(_barrels(stated)).capitalize())


def half_in_middle(stated: Stated, _: Random) -> Stated:
    """Take the first surname for a middle name."""
    one, other = _barrels(stated)
    return replace(stated, middle=one, last=other)


def half_a_barrel_and_typo(stated: Stated, rng: Random) -> Stated:
    return typo_last(replace(stated, last=rng.choice(_barrels(stated))), rng)


def married_barrel_and_typo(stated: Stated, rng: Random) -> Stated:
    return replace(stated, last=f"{typo_last(stated, rng).last}-{stated.stranger_last}")


def second_surname(stated: Stated, _: Random) -> Stated:
    """Add a mother's surname, as in Spain and Portugal."""
    if " " in stated.last or "-" in stated.last:
        raise DoesNotApplyError
    return replace(stated, last=f"{stated.last} {stated.stranger_last}")


def family_name_first(stated: Stated, _: Random) -> Stated:
    """Put the whole name into the first box, the family name before the given one, and nothing into the other."""
    if " " in stated.last:
        raise DoesNotApplyError
    return replace(stated, first=f"{stated.last} {stated.first}", last="")


def whole_name_in_both(stated: Stated, _: Random) -> Stated:
    return replace(stated, first=f"{stated.first} {stated.last}")


def whole_name_in_last(stated: Stated, _: Random) -> Stated:
    return replace(stated, last=f"{stated.first} {stated.last}")


def swapped_and_typo(stated: Stated, rng: Random) -> Stated:
    slipped = typo_last(stated, rng)
    return replace(slipped, first=slipped.last, last=stated.first)


def with_particle(stated: Stated, rng: Random) -> Stated:
    """Add what joins a name to a father or a house."""
    if len(stated.last) < 4 or " " in stated.last:
        raise DoesNotApplyError
    return replace(stated, last=f"{rng.choice(('bin', 'ibn', 'al', 'el', 'ap', 'de', 'van'))} {stated.last}")


def without_particle(stated: Stated, _: Random) -> Stated:
    match = re.match(
        r"(?:(?:al|el|de|da|di|van|von|der|le|la|mac|mc|o)[-' ]|o'|mc(?=[A-Z]))+(?=\w{3})", stated.last, re.I
    )
    if not match:
        raise DoesNotApplyError
    return replace(stated, last=stated.last[match.end() :])


def mac_or_mc(stated: Stated, rng: Random) -> Stated:
    match = re.match(r"(mac|mc)[ ']?(\w{3,})$", stated.last, re.I)
    if not match:
        raise DoesNotApplyError
    other = "Mc" if match[1].lower() == "mac" else "Mac"
    return replace(stated, last=other + rng.choice(("", " ")) + match[2].capitalize())


def apostrophe_forms(stated: Stated, rng: Random) -> Stated:
    match = re.match(r"[oO]'?([A-Z]\w{2,})", stated.last)
    if not match or stated.last[1:2] not in ("'", match[1][0]):
        raise DoesNotApplyError
    return replace(stated, last=rng.choice(("O{}", "O {}", "O’{}", "O`{}", "O' {}", "Ó {}", "o{}")).format(match[1]))


def title_in_last(stated: Stated, rng: Random) -> Stated:
    form = rng.choice(("Mrs {}", "{} MBE", "{} BA Hons", "Dr. {}", "{}, PGCE", "{} Jr.", "{} MA", "{} BEd", "{} B.Sc."))
    return replace(stated, last=form.format(stated.last))


def born_as(stated: Stated, _: Random) -> Stated:
    """Write the name before marriage behind the new one: Smith (née Jones)."""
    return replace(stated, last=f"{stated.stranger_last} (née {stated.last})")


def known_as(stated: Stated, rng: Random) -> Stated:
    return replace(stated, first=f"{stated.first} {rng.choice(('(Bobbie)', '“Jay”', 'aka Dee'))}")


def previous_unknown(stated: Stated, _: Random) -> Stated:
    """State a previous name that the register never knew beside the one that it knows."""
    return replace(stated, previous=stated.stranger_last)


def both_previous(stated: Stated, _: Random) -> Stated:
    """Married again: the name in common is a previous one on both sides."""
    if not stated.held_previous:
        raise DoesNotApplyError
    return replace(stated, last=stated.stranger_last, previous=stated.held_previous)


def _shifted(stated: Stated, years: int) -> Stated:
    day = read_date(stated.born)
    if day is None or not 1940 <= day.year + years <= 2008 or (day.month, day.day) == (2, 29):
        raise DoesNotApplyError
    return replace(stated, born=day.replace(year=day.year + years).isoformat())


def year_off_by_one(stated: Stated, rng: Random) -> Stated:
    return _shifted(stated, rng.choice((-1, 1)))


def year_off_by_ten(stated: Stated, rng: Random) -> Stated:
    return _shifted(stated, rng.choice((-10, 10)))


def this_year(stated: Stated, _: Random) -> Stated:
    """Type the year of today: nobody can be born then and teach."""
    return replace(stated, born=f"2026{stated.born[4:]}".replace("-02-29", "-02-28"))


def another_century(stated: Stated, _: Random) -> Stated:
    typed = f"{'20' if stated.born[:2] == '19' else '19'}{stated.born[2:]}"
    if not read_date(typed) or typed > "2026-11-22":
        raise DoesNotApplyError
    return replace(stated, born=typed)


def day_off_by_one(stated: Stated, rng: Random) -> Stated:
    day = read_date(stated.born)
    if day is None:
        raise DoesNotApplyError
    return replace(stated, born=(day + timedelta(days=rng.choice((-1, 1)))).isoformat())


def another_day_entirely(stated: Stated, rng: Random) -> Stated:
    return replace(stated, born=(date(1950, 1, 1) + timedelta(days=rng.randrange(18_000))).isoformat())


def unseen_signs(stated: Stated, rng: Random) -> Stated:
    at = rng.randrange(1, len(stated.last)) if len(stated.last) > 1 else 0
    return replace(
        stated, last=stated.last[:at] + rng.choice(_UNSEEN) + stated.last[at:], first=rng.choice(_UNSEEN) + stated.first
    )


def full_width(stated: Stated, _: Random) -> Stated:
    return replace(stated, first=stated.first.translate(_FULL_WIDTH), last=stated.last.translate(_FULL_WIDTH))


def marks_apart(stated: Stated, _: Random) -> Stated:
    """The same text in the other normal form."""
    apart = [unicodedata.normalize("NFD", text) for text in (stated.first, stated.last)]
    if apart == [stated.first, stated.last]:
        raise DoesNotApplyError
    return replace(stated, first=apart[0], last=apart[1])


def lookalikes(stated: Stated, _: Random) -> Stated:
    """Letters of another script that look the same."""
    return replace(stated, first=stated.first.translate(_LOOKALIKES), last=stated.last.translate(_LOOKALIKES))


def emoji(stated: Stated, rng: Random) -> Stated:
    sign = rng.choice(("😀", "❤️", "👩🏽‍🏫", "🏴󠁧󠁢󠁷󠁬󠁳󠁿", "✨"))
    return replace(stated, first=f"{stated.first} {sign}", last=f"{sign}{stated.last}")


def digits_and_signs(stated: Stated, rng: Random) -> Stated:
    form = rng.choice(("{}1", "{}.", "{},", "-{}-", '"{}"', "{}\t", "{}\x00", "*{}*", "{};"))
    return replace(stated, first=form.format(stated.first), last=form.format(stated.last))


def vowels_left_out(stated: Stated, _: Random) -> Stated:
    short = stated.first[:1] + re.sub("[aeiou]", "", stated.first[1:])
    if len(short) < 2 or short == stated.first:
        raise DoesNotApplyError
    return replace(stated, first=short)


def typo_in_first_letter(stated: Stated, rng: Random) -> Stated:
    letter = rng.choice("abcdefghijklmnoprstw")
    if len(stated.last) < 5 or fold(stated.last)[:1] == letter:
        raise DoesNotApplyError
    return replace(stated, last=letter.upper() + stated.last[1:])


def two_typos_in_last(stated: Stated, rng: Random) -> Stated:
    if len(stated.last) < 7:
        raise DoesNotApplyError
    return typo_last(typo_last(stated, rng), rng)


def married_and_day(stated: Stated, rng: Random) -> Stated:
    return one_digit_of_date(married(stated, rng), rng)


def something_missing(stated: Stated, rng: Random) -> Stated:
    """Leave out any two or three of what was asked."""
    left_out = rng.sample(("first", "middle", "last", "born", "email"), rng.choice((2, 3)))
    return replace(stated, **dict.fromkeys(left_out, ""))


_SURE: Final[tuple[Callable[[Stated, Random], Stated], ...]] = (
    romanised_first, romanised_last, surnames_reversed, surnames_run_together, second_surname, whole_name_in_both,
    whole_name_in_last, with_particle, mac_or_mc, apostrophe_forms, title_in_last, known_as, previous_unknown,
    both_previous, unseen_signs, full_width, marks_apart, lookalikes, emoji, digits_and_signs,
)  # fmt: skip
"""A person would link these by names and date of birth alone."""

_THIN: Final[tuple[Callable[[Stated, Random], Stated], ...]] = (
    sounds_alike, middle_in_first_and_typo, initials_only, initials_together, half_in_middle, half_a_barrel_and_typo,
    married_barrel_and_typo, family_name_first, swapped_and_typo, without_particle, born_as, year_off_by_one,
    year_off_by_ten, another_century, day_off_by_one, typo_in_first_letter, two_typos_in_last,
    married_and_day,
)  # fmt: skip
"""Too thin without a number; with the right one they are still this person's."""

_NEVER: Final[tuple[Callable[[Stated, Random], Stated], ...]] = (
    this_year, another_day_entirely, something_missing, vowels_left_out,
)  # fmt: skip
"""Too thin even with a number, though a link to the right record is no fault."""

SLIPS: Final[dict[str, Expectation]] = (
    {change.__name__: Expectation(change) for change in _SURE}
    | {change.__name__: Expectation(change, _UNSURE) for change in _THIN}
    | {change.__name__: Expectation(change, _UNSURE, _UNSURE) for change in _NEVER}
)
