"""Finding people by what an agent knows of them: any part of a name, with slips, an address, or a TRN.

The database has no fuzzy search of its own. It narrows a million names to at most a few thousand by the consonants
that a name begins with, which slips rarely change; rapidfuzz ranks those.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from uuid import UUID

from rapidfuzz.distance import JaroWinkler
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from identity_provider.db import db
from identity_provider.domain.values import Trn, ValueRefused
from identity_provider.models import User
from identity_provider.models.user_search import FIRST_CONSONANTS, KEPT, LAST_CONSONANTS, consonants_of

MOST_SHOWN = 50
_MOST_COMPARED = 3_000
_ALIKE_FROM = 0.84
_MOST_NAMES = 10_000
_NAMES_KEPT = 100
_MOST_WORDS = 6
_SPELLED = {
    "'": "",
    "’": "",
    "-": " ",
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ı": "i",
}

Named = Row[UUID, str, str, str]


def find(text: str) -> list[User]:
    """People whom this text leads to, best first; at most MOST_SHOWN."""
    return _in_order(find_ids(text))


def find_ids(text: str) -> list[UUID]:
    """The ids of the people whom this text leads to, best first."""
    if "@" in text:
        return _by_address(text.strip().lower())
    trn = trn_in(text)
    if trn is not None:
        return list(
            db.session.scalars(select(User.id).where(or_(User.trn == trn, User.stated_trn == trn)).limit(MOST_SHOWN))
        )
    return _by_name(text)


def trn_in(text: str) -> str | None:
    """The TRN that the text is, if it is one: names have no digits, references have letters."""
    if any(each.isalpha() for each in text.upper().replace("RP", "", 1)):
        return None
    try:
        return Trn.parse(text).digits
    except ValueRefused:
        return None


def _by_address(address: str) -> list[UUID]:
    """Live people first, whom an index finds; only then those merged away, who keep their last address."""
    live = and_(User.merged_into_id.is_(None), User.erased_at.is_(None))
    there = db.session.scalars(select(User.id).where(User.email == address, live)).all()
    return list(there or db.session.scalars(select(User.id).where(User.email == address).limit(MOST_SHOWN)))


def _by_name(text: str) -> list[UUID]:
    tokens = _tokens(text)
    if not tokens:
        return []
    alike = _Alike(tokens)
    found: dict[UUID, float] = {}
    for condition, most in _conditions(tokens, alike):
        for row in db.session.execute(_names().where(condition).limit(most)):
            score = alike.score(row)
            if score >= _ALIKE_FROM:
                found[row.id] = score
        if len(found) >= MOST_SHOWN:
            break
    if not found and len(tokens) > 1:
        return _by_one_word(tokens, alike)
    return sorted(found, key=lambda each: -found[each])[:MOST_SHOWN]


def _by_one_word(tokens: Sequence[str], alike: _Alike) -> list[UUID]:
    """People of whom one word of several is the name, where nobody has them all: the rest may be a middle name."""
    wide = or_(_is_one_of(User.last_name, tokens), _is_one_of(User.first_name, tokens))
    for condition in (wide, LAST_CONSONANTS.in_(_beginnings(tokens))):
        rows = db.session.execute(_names().where(condition).limit(_MOST_COMPARED)).all()
        scores = {row.id: score for row in rows if (score := alike.score(row)) >= _ALIKE_FROM}
        if scores:
            return sorted(scores, key=lambda each: -scores[each])[:MOST_SHOWN]
    return []


def _names() -> Select[UUID, str, str, str]:
    return select(User.id, User.first_name, User.last_name, User.preferred_name).where(User.erased_at.is_(None))


def _conditions(tokens: Sequence[str], alike: _Alike) -> Iterator[tuple[ColumnElement[bool], int]]:
    """From narrow to wide, and how many to compare of each: names as typed, of which one is as good as another, and
    names that begin like it, perhaps but for a slip.
    """
    first, last = _is_one_of(User.first_name, tokens), _is_one_of(User.last_name, tokens)
    near = _beginnings(tokens)
    slipped = sorted({slip for each in tokens for slip in _slips(consonants_of(each))})
    if len(tokens) > 1:
        yield and_(last, first), MOST_SHOWN
        for each in (near, slipped):
            yield and_(LAST_CONSONANTS.in_(each), FIRST_CONSONANTS.in_(each)), _MOST_COMPARED
        return
    yield last, MOST_SHOWN
    yield first, MOST_SHOWN
    begins = sorted({*near, *slipped})
    for column, beginning in ((User.last_name, LAST_CONSONANTS), (User.first_name, FIRST_CONSONANTS)):
        yield _is_one_of(column, _names_alike(column, beginning.in_(begins), alike)), 2 * MOST_SHOWN


def _names_alike(column: InstrumentedAttribute[str], begins: ColumnElement[bool], alike: _Alike) -> list[str]:
    """The names, not the people, that resemble what was typed: a thousand have one name, and it is judged once."""
    names = db.session.scalars(select(column).where(begins, User.erased_at.is_(None)).distinct().limit(_MOST_NAMES))
    scores = {name.lower(): alike.of(name)[0] for name in names}
    best = sorted((name for name in scores if scores[name] >= _ALIKE_FROM), key=lambda name: -scores[name])
    return best[:_NAMES_KEPT]


def _is_one_of(column: InstrumentedAttribute[str], tokens: Sequence[str]) -> ColumnElement[bool]:
    return func.lower(column).in_(tokens)


def _beginnings(tokens: Sequence[str]) -> list[str]:
    """How the names begin. One of several words ("de la Cruz") is indexed by its beginning: words are joined, too."""
    joined = ("".join(tokens[start:end]) for start in range(len(tokens)) for end in range(start + 1, len(tokens) + 1))
    return sorted({consonants_of(each)[:KEPT] for each in joined})


def _slips(consonants: str) -> set[str]:
    """How the name may begin when one of these consonants was typed too much, or two in each other's place."""
    start = consonants[: KEPT + 1]
    left_out = {start[:at] + consonants[at + 1 :] for at in range(len(start))}
    swapped = {start[:at] + start[at + 1] + start[at] + consonants[at + 2 :] for at in range(len(start) - 1)}
    return {each[:KEPT] for each in left_out | swapped | {consonants}}


class _Alike:
    """How well every word that was typed is found again in somebody's names. Most names are many people's."""

    def __init__(self, typed: Sequence[str]) -> None:
        self._typed = typed
        self._known: dict[str, list[float]] = {}

    def score(self, row: Named) -> float:
        """From 0 to 1; 0 for somebody without a name."""
        parts = [self.of(name) for name in {row.first_name, row.last_name, row.preferred_name} if name]
        best = [max((part[at] for part in parts), default=0.0) for at in range(len(self._typed))]
        return sum(best) / len(best)

    def of(self, name: str) -> list[float]:
        """How well each word that was typed is found again in one name."""
        known = self._known.get(name)
        if known is None:
            words = _tokens(name)
            known = [max((JaroWinkler.similarity(each, word) for word in words), default=0.0) for each in self._typed]
            self._known[name] = known
        return known


def _tokens(text: str) -> list[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(each))
    for written, spelled in _SPELLED.items():
        plain = plain.replace(written, spelled)
    return plain.split()[:_MOST_WORDS]


def _in_order(ids: list[UUID]) -> list[User]:
    there = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return [there[each] for each in ids if each in there]
