"""Other forms of a name: short forms, spellings and transliterations, from the lists in `data/`."""

from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import Final

from matching.normalise import Name

MOST_FORMS: Final = 60
GROUP_NAMES: Final = 40

_YORUBA: Final = ("oluwa", "olu", "ola", "ade", "ayo", "fola", "omo", "oye", "temi", "titi")
"""What begins Yoruba names and is left out in daily use: Oluwabukola is Bukola, Aderonke is Ronke."""

_WITHOUT_O_FROM: Final = 5
"""Shorter names that an O begins are not Irish: Olam."""

_HIS_FROM: Final = 5
_HIS_ADJECTIVES: Final = (
    *("ski", "cki", "dzki", "sky", "cky", "zky"),
    *("cerny", "konecny", "kopecky", "maly", "novotny", "pokorny", "siroky", "slavny", "tichy", "vesely", "stastny"),
)
"""Letters that a man's last name must have for a woman's to be told from it by its ending."""

_HER_ENDS: Final = ("a", "ah", "e")
_HER_ENDS_OF_L: Final = ("la", "lah", "le")
"""What a woman's name has more than a man's: Samuella, of Samuel; not Annabelle, of Annabel."""

_HIS_OF_L: Final = frozenset(
    {"ariel", "daniel", "emanuel", "emmanuel", "gabriel", "joel", "manuel", "marcel", "michael", "michel"}
    | {"nathaniel", "noel", "rafael", "raphael", "samuel"}
)
_HERS_IN_BOTH: Final = frozenset({"blod", "bron", "ol"})
"""What begins a woman's name in either spelling: Bronwen and Bronwyn."""

_OVA_ITSELF: Final = frozenset({"casanova", "cordova", "genova", "padova", "terranova", "villanova"})
"""Last names that end so, and are not Czech."""

_STEM_FROM: Final = 3
"""Letters that a name must have left without its beginning, to be a name."""

_Forms = dict[str, frozenset[str]]


def _groups(file_name: str) -> Iterator[list[str]]:
    text = resources.files("matching").joinpath("data", file_name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split()


def _variants(file_name: str) -> _Forms:
    """Each name with the others of its groups: a relation without direction."""
    found: dict[str, set[str]] = {}
    for group in _groups(file_name):
        for name in group:
            found.setdefault(name, set()).update(other for other in group if other != name)
    return {name: frozenset(others) for name, others in found.items()}


def _joined(one: _Forms, other: _Forms) -> _Forms:
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {*one, *other}}


def _short_form_groups() -> list[list[str]]:
    """Formal names with all of their short forms, whichever list has them."""
    found: dict[str, dict[str, None]] = {}
    for file_name in ("short_forms.txt", "more_short_forms.txt"):
        for formal, *short in _groups(file_name):
            found.setdefault(formal, {}).update(dict.fromkeys(short))
    return [[formal, *short] for formal, short in found.items()]


def _short_forms(groups: list[list[str]]) -> _Forms:
    """Each name with its short or formal forms, and with the short forms that share a formal form with it.

    Two formal names stay strangers: Albert and Alan are both Al, Susan and Hannah both come from Susannah.
    """
    formal_names = {formal for formal, *_ in groups}
    found: dict[str, set[str]] = {}
    for formal, *short in groups:
        found.setdefault(formal, set()).update(short)
        for name in short:
            also = (other for other in short if other not in formal_names or name not in formal_names)
            found.setdefault(name, set()).update({formal, *also} - {name})
    return {name: frozenset(others) for name, others in found.items()}


def _inverse(forms: _Forms) -> _Forms:
    found: dict[str, set[str]] = {}
    for formal, short in forms.items():
        for name in short:
            found.setdefault(name, set()).add(formal)
    return {name: frozenset(formal) for name, formal in found.items()}


_GIVEN: Final = _variants("given_name_variants.txt")
_SHORT_FORM_GROUPS: Final = _short_form_groups()
_SHORT: Final = _short_forms(_SHORT_FORM_GROUPS)
_SHORT_OF: Final = {formal: frozenset(short) for formal, *short in _SHORT_FORM_GROUPS}
_INDEPENDENT: Final = frozenset(formal for formal, short in _SHORT_OF.items() if len(short) >= 3)
_FORMAL_OF: Final = _inverse(_SHORT_OF)
_FAMILY: Final = _variants("family_name_variants.txt")
_OTHER_PEOPLE: Final = _variants("other_people.txt")
_EQUIVALENT: Final = _variants("equivalents.txt")
_LOOSE: Final = _joined(_variants("loose_forms.txt"), _EQUIVALENT)
_BORNE: Final = frozenset(name for line in _groups("borne_names.txt") for name in line)
_OF_BOTH_SEXES: Final = frozenset(name for line in _groups("names_of_both_sexes.txt") for name in line)
_NONE: Final[frozenset[str]] = frozenset()


@lru_cache(maxsize=1 << 14)
def given_name_forms(name: str) -> frozenset[str]:
    """Other given names by which somebody of this name may be known; symmetric, never the name itself.

    A short form is one of every spelling of its formal name: Kate is Katherine, and so Catherine.
    """
    spellings = _GIVEN.get(name, _NONE)
    direct = spellings | _SHORT.get(name, _NONE)
    formal = {spelling for each in _FORMAL_OF.get(name, _NONE) for spelling in _GIVEN.get(each, _NONE)}
    short = {form for spelling in spellings for form in _SHORT_OF.get(spelling, _NONE)}
    # Susan is also spelled Susannah, whose short forms include Hannah: that does not make Susan a Hannah.
    further = (other for other in formal | short if not {name, other} <= _INDEPENDENT)
    return frozenset({*direct, *further, *_EQUIVALENT.get(name, _NONE)} - {name})


def is_given_name(name: str) -> bool:
    """Whether this is a given name in its own right, as far as the lists go."""
    return name in _GIVEN or name in _SHORT


def are_spellings(one: str, other: str) -> bool:
    """Whether lists have two given names as spellings of one: Steven and Stephen; not short forms."""
    return other in _GIVEN.get(one, _NONE)


def is_borne(name: str) -> bool:
    """Whether people are called so, as far as all lists go."""
    return name in _BORNE or is_given_name(name)


def is_of_one_sex(name: str) -> bool:
    """Whether this is an English given name, with short forms of its own, that only men or only women bear."""
    return name in _SHORT_OF and name not in _OF_BOTH_SEXES


def is_short_form(one: str, other: str) -> bool:
    """Whether one of two given names is a short form of the other, however that is spelled; no spelling of it.

    Two names with short forms of their own are two, unless a list says it of these: Susan and Hannah, though both come
    from Susannah.
    """
    if other in _GIVEN.get(one, _NONE):
        return False
    if one in _SHORT_OF.get(other, _NONE) or other in _SHORT_OF.get(one, _NONE):
        return True
    if {one, other} <= _INDEPENDENT:
        return False
    return any(
        short in _SHORT_OF.get(spelling, _NONE)
        for short, formal in ((one, other), (other, one))
        for spelling in (formal, *_GIVEN.get(formal, _NONE))
    )


def is_short_for(short: str, name: str) -> bool:
    """Whether the first of two given names is a short form of the other: Dan, of Daniel; not Cathryn, of Kate."""
    if not is_short_form(short, name) or are_two_people(short, name):
        return False
    return any(short in _SHORT_OF.get(spelling, _NONE) for spelling in (name, *_GIVEN.get(name, _NONE)))


def are_two_people(one: str, other: str) -> bool:
    """Whether two given names that look like forms or slips of each other are known to be those of two people."""
    return other in _OTHER_PEOPLE.get(one, _NONE)


def are_often_two_people(stated: str, held: Name) -> bool:
    """Whether two forms of a name are often those of two people, so that it takes a number to take them for one.

    Of names of several words the first counts: Catherine Ann is no more Kathleen than Catherine is.
    """
    others = {other for name in {held.joined, *held.tokens[:1]} for other in _LOOSE.get(name, _NONE)}
    # Carol Ann is Carol here. Jackie is no Jack: she is Jacqueline herself.
    return stated in others or (stated.startswith(tuple(others)) and not are_given_name_forms(stated, held.joined))


def are_brother_and_sister(one: str, other: str) -> bool:
    """Whether two given names differ as a man's and a woman's do: Amir and Amira, Theodore and Theodora."""
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    if len(shorter) == len(longer):
        if {one[-3:], other[-3:]} == {"wen", "wyn"}:  # Welsh: Carwyn and Carwen
            return one[:-3] == other[:-3] and one[:-3] not in _HERS_IN_BOTH
        return one[:-1] == other[:-1] and {one[-1:], other[-1:]} in ({"a", "e"}, {"a", "o"})
    ends = len(shorter) >= 3 and shorter[-1] not in "aeiou"
    if not (ends and longer.startswith(shorter)):
        return False
    end = longer[len(shorter) :]
    if end == "i":  # not where it makes a pet name: Nicki
        return len(shorter) >= _HIS_FROM and not is_given_name(shorter)
    return end in _HER_ENDS or (shorter in _HIS_OF_L and end in _HER_ENDS_OF_L)


def are_long_and_short(one: str, other: str) -> bool:
    """Whether one of two Yoruba names is the other without its beginning, or a short form of that: Bukky, Oluwabukola.

    Brothers and sisters share the beginning, and never what follows it.
    """
    if not (one.startswith(_YORUBA) or other.startswith(_YORUBA)):
        return False
    if one.replace("oluwa", "olu", 1) == other.replace("oluwa", "olu", 1):
        return True
    shorter, longer = sorted((one, other), key=len)
    stems = {longer[len(begin) :] for begin in _YORUBA if longer.startswith(begin)}
    names = [stem for stem in stems if len(stem) >= max(_STEM_FROM, len(shorter))]
    return any(stem == shorter or are_given_name_forms(stem, shorter) for stem in names)


def are_two_short_forms(one: str, other: str) -> bool:
    """Whether two names that begin otherwise are short forms of one, neither of the other: Daisy and Maggie."""
    if one[1:2] == other[1:2] and {one[:1], other[:1]} <= {"c", "k"}:  # Cath and Kath
        return False
    if one[:2] == other[:2] or other in _GIVEN.get(one, _NONE) or is_short_form(one, other):
        return False
    return not _FORMAL_OF.get(one, _NONE).isdisjoint(_FORMAL_OF.get(other, _NONE))


def may_be_typed_for(typed: str, held: str) -> bool:
    """Whether both of two names that begin otherwise are names: Ryan is a slip for Bryan, and a name of his own."""
    return typed[:1] != held[:1] and is_given_name(typed) and is_given_name(held)


def is_her_name(typed: str, held: str) -> bool:
    """Whether an a was added, which slips hardly ever do: Nadira for Nadir, however rare she is in the register."""
    return typed in (held + "a", held + "ah")


def family_name_forms(name: str) -> frozenset[str]:
    """Other spellings of a family name, Mac for Mc among them; symmetric, never the name itself."""
    forms = _FAMILY.get(name, _NONE)
    if name[:1] != "m":
        return forms
    for begins, otherwise in (("mac", "mc"), ("mc", "mac")):
        if name.startswith(begins) and len(name) >= len(begins) + _STEM_FROM:
            return forms | {otherwise + name[len(begins) :]}
    return forms


def are_given_name_forms(one: str, other: str) -> bool:
    """Whether two different given names may be one person's."""
    return other in given_name_forms(one)


def are_family_name_forms(one: str, other: str) -> bool:
    """Whether two different family names may be two spellings of one: MacKay and McKay, or Donnell of O'Donnell."""
    shorter, longer = (one, other) if len(one) <= len(other) else (other, one)
    if len(shorter) >= _WITHOUT_O_FROM and longer == "o" + shorter:
        return True
    if len(shorter) >= _HIS_FROM and (_is_hers(longer, shorter) or _is_hers(shorter, longer)):
        return True
    return other in family_name_forms(one)


def _is_hers(name: str, his: str) -> bool:
    """Whether a Czech or Slovak woman's last name is a man's with her ending: Horáková, Hrušková, Němcová.

    Or a Polish one's, Jabłońska, or that of an adjective: Novotná.
    """
    if len(name) == len(his) and name[:-1] == his[:-1] and name[-1] == "a" and his.endswith(_HIS_ADJECTIVES):
        return True
    if not name.endswith("ova") or name in _OVA_ITSELF:
        return False
    stem = name.removesuffix("ova")
    lost_e = his[-2] == "e" and his[:-2] + his[-1] == stem
    return his == stem or (his[-1] in "aey" and his[:-1] == stem) or lost_e


@lru_cache(maxsize=1 << 14)
def other_forms(name: str, *, given: bool) -> tuple[str, ...]:
    """Other forms of a name, always the same ones when there are absurdly many."""
    forms = given_name_forms(name) if given else family_name_forms(name)
    return tuple(sorted(forms)[:GROUP_NAMES])
