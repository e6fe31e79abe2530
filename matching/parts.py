"""Parts of given names: which of them make two names one person's, and which tell brothers and sisters apart."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final

from rapidfuzz.distance import OSA, Postfix, Prefix

from matching.blocking import sound
from matching.cuts import NO_NAME_CUT_FROM
from matching.given_names import (
    are_brother_and_sister,
    are_given_name_forms,
    given_name_forms,
    is_borne,
    is_given_name,
    is_of_one_sex,
)
from matching.normalise import PARTICLES, Name

BROTHERS_SHARE: Final = given_name_forms("mohammed") | {
    "abd", "abdul", "abdur", "abul", "bibi", "ghulam", "golam", "md", "mohammed", "mohd", "mosammat", "most",
    "mst", "nur", "sai", "sayed", "sayyid", "shaikh", "sheikh", "syed", "syeda", "umme", "venkata",
}  # fmt: skip
"""What stands before the name by which brothers, or sisters, are told apart: Mohammed Ali is not Mohammed Imran."""

FAMILIES_SHARE: Final = BROTHERS_SHARE | {
    "akhtar", "akter", "ali", "bano", "begum", "ben", "bhai", "bibi", "devi", "kaur", "khan", "khatoon", "khatun",
    "kor", "kumar", "kumari", "parveen", "singh", "sultana", "thi", "van",
}  # fmt: skip
"""Middle names that brothers and sisters have in common."""

SLIP_FROM: Final = 5
"""A letter more, less or exchanged leaves a further given name the same only when it has so many."""

ALMOST_FROM: Final = 3
"""Shorter words are almost anybody's name."""

MOST_SLIPS: Final = 2
"""So many slips in a name of SLIP_FROM letters leave it recognisable, where it is no name."""

TWO_SYLLABLES_FROM: Final = 7
"""Shorter names are read as two Chinese syllables by chance: Susan, Megan."""

_PINYIN_SYLLABLE: Final = (
    "((?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])"
    "(?:iang|iong|uang|[aeiou]ng|iao|uai|[iu]an|ai|ao|ei|ou|i[aeu]|u[aeio]|[aeiu]n|[aeiou])"
    "|[ae]ng?|a[io]|ou|a|e)"
)
_PINYIN: Final = re.compile(_PINYIN_SYLLABLE * 2)
_PUNJABI: Final = re.compile(
    "(aman|bal|dal|dil|gur|har|jag|jas|kul|man|nav|par|raj|sat|simran|sukh|tej)"
    "(preet|prit|j?inder|[vw]inder|deep|dip|jeet|jit|meet|want|bir|veer)"
)
_SYLLABLE: Final = re.compile(
    "(?:(?:n?g|[cszptk]h|tch|t[sz]|[kg]w|hs|kk|tt|pp|ss|jj|[bcdfghjklmnpqrstwxz]?y|[bcdfghjklmnpqrstwxyz])[aeiouy]{1,3}"
    "|[aeo][aeiou]{0,2})(?:ng|[nmkptlh])?|t?sz|ng"
)
"""What may be a syllable of a Cantonese or Korean name; what is none was mistyped."""

_SYLLABLES: Final = re.compile(f"(?:{_SYLLABLE.pattern}){{1,2}}")

_KOREAN: Final = (
    ("yeo", "yu"),
    ("you", "yu"),
    ("eo", "u"),
    ("oo", "u"),
    ("ee", "i"),
    ("ae", "e"),
    ("g", "k"),
    ("nk", "ng"),
)

_KOREAN_SURELY: Final = (
    ("yeong", "yung"), ("young", "yung"), ("eong", "ung"), ("oo", "u"), ("ee", "i"), ("ae", "e"),
)  # fmt: skip
"""Two ways to write one syllable, and no other one: Seo is not Su, nor Yeon Yun, as brothers and sisters are called."""

_VOWELS: Final = frozenset("aeiouy")
_TWO_SYLLABLES: Final = frozenset({"eo", "ia", "io", "iw", "ua"})
"""Letters that make two syllables of one: Dina is not Diana."""

_FIRST_VOWEL: Final = re.compile("([^aeiou]+)([aeiou])(?![aeiouy])")
_UNLIKE_VOWELS: Final = ({"a", "i"}, {"a", "o"}, {"a", "u"}, {"e", "o"}, {"e", "u"}, {"i", "o"}, {"i", "u"})
"""What is said otherwise in every tongue; a and e, e and i, o and u stand for each other."""

_SAID: Final = tuple(
    (re.compile(written), said)
    for written, said in (
        ("^wr", "r"), ("^kn", "n"), ("ph", "f"), ("ck", "k"), ("c(?=[aoulrk])", "k"), ("z", "s"),
        ("y", "i"), ("(?<=[^aeiou]{2})e$|(?<=[aeiou]{2}[^aeiou])e$", ""),
        ("ie|ei|ee|ea", "i"), ("[eiu]r(?=[^aeiour])", "er"),
        ("(?<=[aeiou])([^aeiou]+)[aeiou]([rnls])(?=s?$)", "\\1e\\2"),
    )
)  # fmt: skip
"""What stands for the same sound in last names."""

WRITTEN_ALIKE: Final = frozenset({"bv", "ck", "cs", "fp", "gj", "iy", "jy", "jz", "kq", "sz", "uw", "vw"})
"""Letters, in the order of the alphabet, with which one name is written here and there: Kathryn, Cathryn."""

_LIGHT_ENDING: Final = re.compile("(?:ie|ey|i)$")
_LONG_VOWEL: Final = re.compile("ee|oo|ou|aa")


def begin_alike(one: str, other: str) -> bool:
    """Whether two names begin with one letter, or with two that one name is written with; Ellen and Helen do not."""
    return one[:1] == other[:1] or "".join(sorted(one[:1] + other[:1])) in WRITTEN_ALIKE


def may_be_a_form(held: str, stated: Iterable[str]) -> bool:
    """Whether a first name may be a form, that no list has, of one that was stated: Jno of John, Femi of Olufemi."""
    for name in stated:
        shorter, longer = (name, held) if len(name) <= len(held) else (held, name)
        if shorter and (begin_alike(shorter, longer) or (len(shorter) >= ALMOST_FROM and shorter in longer)):
            return True
    return False


def are_told_apart(rest: Sequence[str], held_rest: Sequence[str]) -> bool:
    """Whether both bear further given names, and none in common."""
    return bool(rest and held_rest) and not any(may_be_one(a, b) for a in rest for b in held_rest)


def may_be_one(one: str, other: str) -> bool:
    """Whether two words of given names may be one: an initial, another form, a slip that makes no other name."""
    if len(one) == 1 or len(other) == 1:
        return one[0] == other[0]
    if one == other or are_given_name_forms(one, other) or _are_one_syllable(one, other):
        return True
    if _is_garbled(one) or _is_garbled(other):
        return OSA.distance(one, other, score_cutoff=1) <= 1
    exchanged = len(one) == len(other) and sorted(one) != sorted(other)
    letters = min(len(one), len(other)) if exchanged else max(len(one), len(other))
    if letters < SLIP_FROM and sorted(one) != sorted(other):  # it makes another name: Ji-Won is not Ji-Woo
        return one.replace("m", "n") == other.replace("m", "n") or _undoubled(one) == _undoubled(other)
    return OSA.distance(one, other, score_cutoff=1) <= 1


def is_slip_of_one(one: str, other: str, middle: str) -> bool:
    """Whether two names are a letter apart, and not as those of twins are: they rhyme, or are a man's and a woman's.

    No brother has his sister's middle name where that is a woman's: Denis Janet is Denise Janet, mistyped.
    """
    if one[:1] != other[:1] or OSA.distance(one, other, score_cutoff=1) > 1:
        return False
    return not are_brother_and_sister(one, other) or is_of_one_sex(middle)


def is_told_by_middle_name(first: Name, middle: Name, held_first: Name) -> bool:
    """Whether a middle name that is the record's, too, says whose a first name is.

    Not what families share, nor the half of a first name: the Ling of Wai-Ling.
    """
    return len(held_first.tokens) == 1 and FAMILIES_SHARE.isdisjoint((*middle.tokens, *first.tokens[1:]))


def are_both_borne(one: str, other: str) -> bool:
    """Whether letters for others make of a name that people bear another one: Mita and Nita, Rajesh and Rakesh.

    It may be a twin's, whose number was given. Vowels and letters that are written for each other make the same name
    (Marian, Marion), and so do m and n behind the first; a letter too few or too many, or two exchanged, are slips.
    """
    if len(one) != len(other) or sorted(one) == sorted(other) or not (is_borne(one) and is_borne(other)):
        return False
    pairs = ((at, {a, b}) for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    return not all(
        letters <= _VOWELS or "".join(sorted(letters)) in WRITTEN_ALIKE or (at > 0 and letters == {"m", "n"})
        for at, letters in pairs
    )


def is_misspelt(one: str, other: str) -> bool:
    """Whether one of two names is none that is known, but the other with a slip: Kevun."""
    if is_given_name(one) and is_given_name(other):
        return False
    return min(len(one), len(other)) >= SLIP_FROM and OSA.distance(one, other, score_cutoff=1) <= 1


def _is_garbled(word: str) -> bool:
    """Whether a short word is neither a name nor made of what may be syllables of one: Lib, for the Lin of Mei Lin."""
    return len(word) < SLIP_FROM and not _SYLLABLES.fullmatch(word) and not is_given_name(word)


def _undoubled(word: str) -> str:
    return "".join(letter for letter, _ in groupby(word))


def are_of_siblings(one: str, other: str, *, alike: bool) -> bool:
    """Whether names that resemble each other differ in one part and wholly in that, as those of siblings do.

    `alike` says that they sound the same, as two spellings of one name do, and by chance also Jaspreet and Sukhpreet.
    """
    if alike:
        return _begin_otherwise(one, other)
    return _part_exchanged(one, other) or _syllable_exchanged(one, other)


def _begin_otherwise(one: str, other: str) -> bool:
    """Whether two Punjabi names end alike and begin with two of the usual beginnings."""
    begin, begins = _PUNJABI.fullmatch(one), _PUNJABI.fullmatch(other)
    return begin is not None and begins is not None and begin[2] == begins[2] and begin[1] != begins[1]


def _syllable_exchanged(one: str, other: str) -> bool:
    """Whether two Chinese names share one of two syllables: Xiaoping is not Xiaoming, though a letter apart."""
    if min(len(one), len(other)) < TWO_SYLLABLES_FROM:
        return False
    parts, others = _PINYIN.fullmatch(one), _PINYIN.fullmatch(other)
    return parts is not None and others is not None and (parts[1] == others[1]) != (parts[2] == others[2])


def share_one_syllable(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two names of two short words share the second and not the first: Kei-Yan and Ka-Yan are siblings.

    Not where the first is a name for itself: Jo-Anne may well be Joe-Anne.
    """
    if len(one) != 2 or len(other) != 2 or one[1] != other[1] or max(len(one[0]), len(other[0])) > SLIP_FROM:
        return False
    if any(is_given_name(name[0]) or not _SYLLABLE.fullmatch(name[0]) for name in (one, other)):
        return False
    return not may_be_one(one[0], other[0]) and _romanised(one[0]) != _romanised(other[0])


def _are_one_syllable(one: str, other: str) -> bool:
    """Whether two short words are one Korean syllable: the Hun and Hoon of Ji-Hun."""
    if max(len(one), len(other)) > SLIP_FROM or one[0] != other[0]:
        return False
    if not (_SYLLABLE.fullmatch(one) and _SYLLABLE.fullmatch(other)):
        return False
    for written, said in _KOREAN_SURELY:
        one, other = one.replace(written, said), other.replace(written, said)
    return one == other


def _romanised(syllable: str) -> str:
    """Write a Korean syllable in one of the ways in which it is written: Jee is Ji, Yeong is Young, Gyu is Kyu."""
    for written, said in _KOREAN:
        syllable = syllable.replace(written, said)
    return syllable


def are_said_otherwise(one: str, other: str, slips: int) -> bool:
    """Whether names of the same consonants are two: Luca and Lucy, Dina and Diana; not Debbie and Debby."""
    if slips > 1:
        one, other = (_LIGHT_ENDING.sub("y", _undoubled(_LONG_VOWEL.sub(_as_short, name))) for name in (one, other))
        return OSA.distance(one, other, score_cutoff=1) > 1
    if one[:-1] == other[:-1] and {one[-1], other[-1]} <= _VOWELS:
        return True
    shorter, longer = sorted((one, other), key=len)
    at = Prefix.similarity(shorter, longer)
    one_more = bool(shorter[at:]) and longer[at + 1 :] == shorter[at:]
    return one_more and not {longer[at - 1 : at + 1], longer[at : at + 2]}.isdisjoint(_TWO_SYLLABLES)


def begin_with_other_vowels(one: str, other: str) -> bool:
    """Whether two names of the same consonants differ in the first vowel, and so in sound: Kara and Kira."""
    begins, otherwise = _FIRST_VOWEL.match(one), _FIRST_VOWEL.match(other)
    if len(one) != len(other) or begins is None or otherwise is None or begins[1] != otherwise[1]:
        return False
    return {begins[2], otherwise[2]} in _UNLIKE_VOWELS


def _as_short(written: re.Match[str]) -> str:
    """A long vowel as others write it: Geeta is Gita, Noor Nur."""
    return {"e": "i", "o": "u", "a": "a"}[written[0][0]]


def _part_exchanged(one: str, other: str) -> bool:
    """Whether one part is another: Gurpreet and Rajpreet, Xiaoming and Xiaofeng.

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
    What is written for a name without its vowels is initials where a second name bears it out: MD is Martin David.
    """
    written = short.joined
    if len(written) != 2:
        return False
    letters = [token[0] for token in (*name.tokens, *middle.tokens)]
    borne_out = written[0] == letters[0] and written[1] in letters[1:]
    if is_given_name(written) or written in BROTHERS_SHARE:
        return borne_out and _VOWELS.isdisjoint(written)
    if written[0] != letters[0] or len(letters) > 1:
        return borne_out
    return _VOWELS.isdisjoint(written) and len(name.joined) > 3  # Km is Kim, mistyped


def is_almost_a_form(typed: str, held: str) -> bool:
    """Whether what was typed is a slip or two away from a given name or one of its forms, or sounds like the name.

    Daev is Dave and so David, Aisilgn is Aisling, Sersha Saoirse. It says nothing of whose name that may be besides.
    """
    if len(typed) < ALMOST_FROM:
        return False
    if typed[:1] == held[:1] and sound(typed) == sound(held) and min(len(typed), len(held)) >= SLIP_FROM:
        return True
    return any(_is_a_slip_away(typed, form) for form in (held, *given_name_forms(held)))


def _is_a_slip_away(typed: str, form: str) -> bool:
    """Whether a name has a slip, or two when long, and begins alike: twins' names rhyme, or have a part in common."""
    most = MOST_SLIPS if min(len(typed), len(form)) >= SLIP_FROM else 1
    if typed[:1] != form[:1] or OSA.distance(typed, form, score_cutoff=most) > most:
        return False
    return not are_of_siblings(typed, form, alike=False)


def are_two_families(one: str, other: str) -> bool:
    """Whether two last names are called after one father in two ways: Adams and Adamson, Roberts and Robertson."""
    shorter, longer = sorted((one, other), key=len)
    return shorter.endswith("s") and longer == shorter + "on"


def are_families_said_otherwise(one: str, other: str, slips: int) -> bool:
    """Whether last names of one length differ in a letter that is heard: Khan and Chan, Shaw and Shah, Ball and Bell.

    Not Smith and Smyth, Reed and Read, Taylor and Tayler.
    """
    return slips == 1 and len(one) == len(other) and _as_said(one) != _as_said(other)


def _as_said(name: str) -> str:
    """Write a last name so that what sounds the same is the same: coarser than spelling, finer than `sound`."""
    for written, said in _SAID:
        name = written.sub(said, name)
    return _undoubled(name)


def have_halves_of_two(one: Name, other: Name, shared: str) -> bool:
    """Whether two last names have one part in common, and each another one beside it: Barnes-Buckley, Buckley-Price.

    A given name before it is perhaps a middle name in the wrong box.
    """
    rest, others = _beside(one, shared), _beside(other, shared)
    return bool(rest and others) and not any(
        a == b or a.startswith(b) or b.startswith(a) or OSA.distance(a, b, score_cutoff=2) <= 2
        for a in rest
        for b in others
    )


def _beside(name: Name, shared: str) -> list[str]:
    """The words of a last name beside one of them that say more than that it has several."""
    before = name.tokens.index(shared) if shared in name.tokens else 0
    words = [word for at, word in enumerate(name.tokens) if not (at < before and is_given_name(word))]
    return [word for word in words if len(word) > 1 and word != shared and word not in PARTICLES]


def runs_on(name: Name, other: Name, middle: Name) -> bool:
    """Whether a first name runs on into what the other side has as a middle name: Annmarie is Ann Marie."""
    if len(name.tokens) > 1 or not middle.tokens or len(name.joined) != len(other.joined) + len(middle.tokens[0]):
        return False
    return name.joined == other.joined + middle.tokens[0]


def is_keyed_wrongly(typed: str, held: str) -> bool:
    """Whether the held of two names, a slip apart, only has two letters exchanged or lacks one: Rebecac, Stehen.

    Or has one twice: Chrristopher. Other letters make other people's names (Roanne, of Joanne), so do other beginnings
    (Archana, of Rachana), and a lost last letter of a short name may.
    """
    if len(held) < SLIP_FROM or typed[0] != held[0]:
        return False
    lost = len(held) + 1 == len(typed) and (held != typed[:-1] or len(held) >= NO_NAME_CUT_FROM)
    twice = len(held) == len(typed) + 1 and _undoubled(held) == _undoubled(typed)
    return lost or twice or sorted(typed) == sorted(held)


def is_split(name: Name, other: str) -> bool:
    """Whether a name was typed in two words that is one, or with a space for one of its letters: Da id is David."""
    lost = len(name.joined) + 1 == len(other)
    return name.joined == other or (
        lost and other.startswith(name.tokens[0]) and other.endswith("".join(name.tokens[1:]))
    )
