"""What a person stated, prepared once for asking and comparing."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from matching import normalise, readings
from matching.given_names import is_borne, is_given_name
from matching.normalise import NO_NAME, CountedNames, Name, Nino, Trn, is_unknown_birthday, name_forms
from matching.records import PersonDetails

_NONE_GIVEN: Final = frozenset(
    {"n a", "na", "nil", "nmn", "no", "no middle name", "none", "none given", "not applicable", "null", "unknown", "x"}
    | {"as above", "blank", "ditto", "not given", "same", "same as above", "see above"}
    | {"as passport", "dont have one", "have none", "i dont have one", "i have none", "nope", "nothing"}
    | {"see passport", "tbc"}
)
"""What people type into the box for a middle name who have none. A Na or an X. loses little: it is no evidence."""

TWICE_FROM: Final = 4
"""Letters of a name that stands there twice without a space; what is shorter is one: Mimi."""

MOST_PREVIOUS: Final = 20
"""So many names that were borne before are read: nobody has more, and each is compared with each of a record."""

LONGEST_READ: Final = 1_000
"""Characters of anything stated that are looked at: more than any name, number or address has."""

_TIED: Final = re.compile(r"\w[-\u2010-\u2015]\w")
SIX: Final = 6
_ADDRESS: Final = re.compile(r"\S@\S+\.\S")
_LABEL: Final = re.compile(
    r"\s*(?:(?:first|given|middle|last|family|full) ?name(?:s|\(s\))?|forename(?:s|\(s\))?|surname|name)"
    r"(?: ?[:=]| [-\u2013] )",
    re.I,
)
"""What is copied with a name: First name: Janice."""

_NOT_APPLICABLE: Final = re.compile(r"\W*n\s*[/\\]\s*a\W*", re.I)
_STUCK: Final = re.compile(r"([^\W\d_])\1{3,}", re.IGNORECASE)
"""No name has a letter four times in a row; three times it has by a slip: Scottt."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a person stated, normalised. Empty where nothing usable was given.

    `misread` says that something was given that could not be read, so that its absence proves nothing. `six_digits`
    are those of a TRN that was typed with so many: perhaps without the zero in front, perhaps without another digit.
    So many of the first and last names as `present` says, the first ones, are borne now.
    """

    person: PersonDetails
    firsts: tuple[Name, ...]
    middle: Name
    lasts: tuple[Name, ...]
    born: date | None
    trn: str
    nino: str
    nino_well_formed: bool
    email: str
    misread: bool
    impossible_date: bool = False
    six_digits: str = ""
    present: tuple[int, int] = (0, 0)

    @property
    def at_present(self) -> "Statement":
        """The same without the names that the person says they had before."""
        firsts, lasts = self.present
        person = replace(self.person, previous_first_names=(), previous_last_names=())
        return replace(self, person=person, firsts=self.firsts[:firsts], lasts=self.lasts[:lasts])

    @property
    def has_names(self) -> bool:
        """Whether both a first and a last name were given."""
        return bool(self.firsts and self.lasts)

    @property
    def last_names_stated(self) -> int:
        """How many last names were stated: one that is part of another, or only written otherwise, is not one more."""
        if len(self.lasts) < 2:
            return len(self.lasts)
        told: list[Name] = []
        for name in sorted(self.lasts, key=lambda each: -len(each.tokens)):
            if not any(set(name.tokens) <= set(other.tokens) or name.joined == other.joined for other in told):
                told.append(name)
        return len(told)

    @property
    def names(self) -> CountedNames:
        """The stated names in the forms under which a register counts them."""
        return CountedNames(name_forms(self.firsts), name_forms(self.lasts))


def prepare(person: PersonDetails, today: date) -> Statement:
    """Normalise what was stated; a whole name in one box is taken apart."""
    cut = _is_cut(person)
    person = _with_earlier_name(_cut(person))
    first = _first_name(person.first_name)
    middle = _middle_name(person.middle_name, first)
    last = _named(person.last_name, normalise.family_name)
    # Letters that no record has: that such a name is not found says nothing, however it is read below.
    in_another_script = not (first.joined.isascii() and last.joined.isascii())
    if normalise.writes_look_alikes(person.last_name, last):
        first = normalise.as_latin(first)
    elif normalise.writes_look_alikes(person.first_name, first):
        last = normalise.as_latin(last)
    stated_trn, number, unread = numbers(person)
    boxes = _taken_apart(_Boxes(first, middle, last), person, numbered=bool(stated_trn or number))
    given_date = person.date_of_birth
    born = normalise.birth_date(given_date, today)
    # An initial is found beside the last name only: that no record has it says nothing of somebody newly married.
    shortened = 1 in (len(boxes.first.joined), len(boxes.last.joined))
    lost = normalise.has_lost_letters(person.first_name + person.last_name)
    doubtful = (given_date and not born) or (born and born.year > today.year - normalise.TRAINED_FROM)
    firsts = _distinct((boxes.first, boxes.whole, _after(boxes.last, boxes.first)))
    lasts = _distinct((boxes.last, _before(boxes.first, boxes.last)))
    return Statement(
        person=person,
        firsts=_with_earlier(firsts, person.previous_first_names, normalise.given_name),
        middle=boxes.middle,
        lasts=_with_earlier(lasts, person.previous_last_names, normalise.family_name),
        born=born,
        trn=stated_trn.value if stated_trn else "",
        nino=number.value if number else "",
        nino_well_formed=bool(number and number.well_formed),
        email=normalise.email(person.email),
        misread=bool(boxes.split or unread or shortened or lost or doubtful or in_another_script or cut),
        impossible_date=bool(given_date and born is None and not is_unknown_birthday(given_date)),
        six_digits=stated_trn.given if stated_trn and len(stated_trn.given) == SIX else "",
        present=(len(firsts), len(lasts)),
    )


class _Boxes(NamedTuple):
    """The names of the three boxes, read; `whole` is a first name as it was, where the last one was taken out of it.

    `split` says that names were put into other boxes than they were typed into.
    """

    first: Name
    middle: Name
    last: Name
    whole: Name = NO_NAME
    split: bool = False


def _taken_apart(boxes: _Boxes, person: PersonDetails, *, numbered: bool) -> _Boxes:
    """Put a whole name in one box, or in both, where it belongs, and given names that are all in the second."""
    first, middle, last, whole, split = boxes
    second = NO_NAME if first else _named(person.middle_name, normalise.given_name)
    if len(second.tokens) > 1:
        (first, middle), split = _parted(second), True
    if not first and len(last.tokens) > 1:
        first, last = _from_last_box(person, last, numbered=numbered)
        split = bool(first)
    if not last and len(first.tokens) > 1:
        last, first = normalise.family_name(first.tokens[-1]), _without_last(first)
        split = True
    if first == last and " " in person.first_name.strip():  # the whole name in both boxes
        first, last = _parted(first) if len(first.tokens) > 1 else (first, last)
        return _Boxes(first, middle, last, split=True)
    if first == last:  # perhaps the last name in both, whose parts are then no middle names
        return _Boxes(Name(first.joined, (first.joined,) if first else ()), middle, last, split=True)
    named, last = _without_each_other(first, last, person)
    if named != first:
        whole = Name(first.joined, (first.joined,))
    return _Boxes(named, middle, last, whole, split)


def _is_cut(person: PersonDetails) -> bool:
    """Whether names go on behind what is read of them, or are more than are read: the rest may be what a record has."""
    boxes = (person.first_name, person.middle_name, person.last_name)
    earlier = (person.previous_first_names, person.previous_last_names)
    if any(len(names) > MOST_PREVIOUS and sum(map(bool, map(str.strip, names))) > MOST_PREVIOUS for names in earlier):
        return True
    longest = normalise.LONGEST_NAME
    return any(len(name) > longest and name[longest:].strip() for names in (boxes, *earlier) for name in names)


def _cut(person: PersonDetails) -> PersonDetails:
    """Cut what nobody typed, a million letters, to what is read of it: copying and searching it takes time, too."""
    if max(len(person.previous_first_names), len(person.previous_last_names)) > MOST_PREVIOUS:
        person = replace(
            person,
            previous_first_names=tuple(filter(str.strip, person.previous_first_names))[:MOST_PREVIOUS],
            previous_last_names=tuple(filter(str.strip, person.previous_last_names))[:MOST_PREVIOUS],
        )
    texts = (person.first_name, person.middle_name, person.last_name, person.trn, person.nino, person.email)
    if max(map(len, (*texts, *person.previous_first_names, *person.previous_last_names))) <= LONGEST_READ:
        return person
    first, middle, last, stated_trn, number, address = (text[:LONGEST_READ] for text in texts)
    return replace(
        person,
        first_name=first,
        middle_name=middle,
        last_name=last,
        previous_first_names=tuple(name[:LONGEST_READ] for name in person.previous_first_names),
        previous_last_names=tuple(name[:LONGEST_READ] for name in person.previous_last_names),
        trn=stated_trn,
        nino=number,
        email=address,
    )


def _with_earlier_name(person: PersonDetails) -> PersonDetails:
    """Put the name of birth, that was typed behind the last name, among the previous ones, and read those as meant."""
    if person.last_name.isalpha() and not person.previous_last_names:
        return person
    now, earlier = person.last_name, ""
    if person.first_name.strip():  # else it is a whole name: Siew Nee Tan
        now, earlier = readings.without_earlier_name(person.last_name)
    previous = tuple(map(readings.earlier_name, person.previous_last_names))
    names = (*previous, earlier) if earlier else previous
    if (now, names) == (person.last_name, person.previous_last_names):
        return person
    return replace(person, last_name=now, previous_last_names=names)


def _first_name(raw: str) -> Name:
    """Read a first name; a title alone (Mrs Jones) is none."""
    first = _named(raw, normalise.given_name)
    return NO_NAME if first.joined in normalise.TITLES else first


def _named(raw: str, read: Callable[[str], Name]) -> Name:
    """Read a name; what says that none is known is none, and so is an email address; a stuck key's letter is one."""
    if not raw.isalpha():
        raw = _LABEL.sub("", raw[: normalise.LONGEST_NAME], count=1)
    if _ADDRESS.search(raw) or _NOT_APPLICABLE.fullmatch(raw):
        return NO_NAME
    name = normalise.known(read(raw))
    half = len(name.joined) // 2
    if len(name.tokens) == 1 and half >= TWICE_FROM and name.joined[:half] == name.joined[half:]:
        return read(name.joined[:half])  # pasted twice
    return read(_STUCK.sub(r"\1", raw)) if name and _STUCK.search(raw) else name


def _middle_name(raw: str, first: Name) -> Name:
    """Read a middle name; what says that there is none is none, but beside a first name that reads so, too (Na)."""
    if not raw:
        return NO_NAME
    said = normalise.fold(raw)
    return NO_NAME if said in _NONE_GIVEN and said != first.joined else normalise.given_name(raw)


def numbers(person: PersonDetails) -> tuple[Trn | None, Nino | None, bool]:
    """Read both numbers, the National Insurance number also in the TRN's box, and say whether one could not be read.

    The six digits of a National Insurance number, read as a TRN, would be somebody else's. A TRN in the other box is
    not read: it is in the TRN's box that limits and the list of leaked numbers look for one.
    """
    stated_trn, number = normalise.trn(person.trn), normalise.nino(person.nino)
    misplaced = normalise.whole_nino(person.trn)
    if misplaced or _is_birthday(person.trn, person.date_of_birth):
        stated_trn, number = None, number or misplaced
    given = bool(person.trn.strip()) + bool(person.nino.strip())
    return stated_trn, number, (stated_trn is not None) + (number is not None) < given


def _is_birthday(stated: str, born: date | None) -> bool:
    """Whether the birthday stands in the TRN's box, as six digits: 130756."""
    number = stated.strip()
    if born is None or len(number) != SIX:
        return False
    return number in (f"{born:%d%m%y}", f"{born:%y%m%d}", f"{born:%m%d%y}")


def _without_each_other(first: Name, last: Name, person: PersonDetails) -> tuple[Name, Name]:
    """Take out of each name the other one, where somebody typed their whole name into both boxes or one of them.

    Not where a hyphen ties it to the rest: Ka-Ho Ho is no Ka.
    """
    words = len(last.tokens)
    if 1 < words < len(first.tokens) and first.tokens[-words:] == last.tokens:
        return Name("".join(first.tokens[:-words]), first.tokens[:-words]), last
    if len(first.tokens) > 1 and first.tokens[-1] == last.joined and not _TIED.search(person.first_name.split()[-1]):
        return _without_last(first), last
    if len(last.tokens) > 1 and last.tokens[0] == first.joined and not _TIED.search(person.last_name.split()[0]):
        return first, Name("".join(last.tokens[1:]), last.tokens[1:])
    return first, last


def _from_last_box(person: PersonDetails, last: Name, *, numbered: bool) -> tuple[Name, Name]:
    """Take a whole name in the last name's box apart: at its comma, or behind a first name.

    Beside a number it stays: there a last name of two words, with no first one, says more.
    """
    before, comma, behind = person.last_name.partition(",")
    if comma and normalise.given_name(behind):
        return normalise.given_name(behind), normalise.family_name(before)
    if numbered or len(person.last_name.split()) < 2:  # a hyphen ties: Braithwell-Kelly
        return NO_NAME, last
    if is_given_name(last.tokens[0]):
        return _parted(last)
    if is_borne(last.tokens[-1]) and not is_borne(last.tokens[0]):  # O'BRIEN Oonagh
        return normalise.given_name(last.tokens[-1]), _without_last(last)
    return NO_NAME, last


def _after(last: Name, first: Name) -> Name:
    """What follows the last name in the box of the first one, as where it is written before: Takács Krisztina."""
    count = len(last.tokens)
    before = 0 < count < len(first.tokens) and first.tokens[:count] == last.tokens
    return Name("".join(first.tokens[count:]), first.tokens[count:]) if before else NO_NAME


def _before(first: Name, last: Name) -> Name:
    """What precedes the first name in the box of the last one."""
    count = len(last.tokens) - len(first.tokens)
    after = first and count > 0 and last.tokens[count:] == first.tokens
    return Name("".join(last.tokens[:count]), last.tokens[:count]) if after else NO_NAME


def _parted(name: Name) -> tuple[Name, Name]:
    """Take a whole name apart after the first word: a last name is often two, and half of one agrees."""
    rest = name.tokens[1:]
    return Name(name.tokens[0], name.tokens[:1]), Name("".join(rest), rest)


def _without_last(name: Name) -> Name:
    tokens = name.tokens[:-1]
    return Name("".join(tokens), tokens)


def _with_earlier(names: tuple[Name, ...], earlier: Sequence[str], read: Callable[[str], Name]) -> tuple[Name, ...]:
    """Names borne now, and those that were borne before."""
    return _distinct((*names, *map(read, earlier))) if earlier else names


def _distinct(names: Iterable[Name]) -> tuple[Name, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
