"""Finding people by what an agent knows of them: any part of a name, with slips, an address, or a TRN.

The database has no fuzzy search of its own. It narrows a million names to at most a few thousand by the consonants
that a name begins with, which slips rarely change; rapidfuzz ranks those.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from uuid import UUID

from rapidfuzz.distance import JaroWinkler
from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select

from identity_provider.db import db
from identity_provider.domain.values import Trn, ValueRefused
from identity_provider.models import User
from identity_provider.models.user_search import FIRST_CONSONANTS, KEPT, LAST_CONSONANTS, consonants_of

MOST_SHOWN = 50
_MOST_COMPARED = 3_000
_ALIKE_FROM = 0.84
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
    found: dict[UUID, float] = {}
    for condition in _conditions(tokens):
        for row in db.session.execute(_names().where(condition).limit(_MOST_COMPARED)):
            score = _alike(tokens, row)
            if score >= _ALIKE_FROM:
                found[row.id] = score
        if len(found) >= MOST_SHOWN:
            break
    return sorted(found, key=lambda each: -found[each])[:MOST_SHOWN]


def _names() -> Select[UUID, str, str, str]:
    return select(User.id, User.first_name, User.last_name, User.preferred_name).where(User.erased_at.is_(None))


def _conditions(tokens: Sequence[str]) -> list[ColumnElement[bool]]:
    """From narrow to wide: names that are what was typed or begin like it, then names that begin so but for a slip."""
    exact = or_(func.lower(User.last_name).in_(tokens), func.lower(User.first_name).in_(tokens))
    # A name of several words ("de la Cruz") is indexed by its beginning: words that follow one another are joined too.
    joined = ("".join(tokens[start:end]) for start in range(len(tokens)) for end in range(start + 1, len(tokens) + 1))
    alike = sorted({consonants_of(each)[:KEPT] for each in joined})
    slipped = sorted({slip for each in tokens for slip in _slips(consonants_of(each))})
    if len(tokens) > 1:
        both = (and_(LAST_CONSONANTS.in_(each), FIRST_CONSONANTS.in_(each)) for each in (alike, slipped))
        return [*both, exact, LAST_CONSONANTS.in_(alike)]
    return [exact, *(column.in_(each) for each in (alike, slipped) for column in (LAST_CONSONANTS, FIRST_CONSONANTS))]


def _slips(consonants: str) -> set[str]:
    """How the name may begin when one of these consonants was typed too much, or two in each other's place."""
    start = consonants[: KEPT + 1]
    left_out = {start[:at] + consonants[at + 1 :] for at in range(len(start))}
    swapped = {start[:at] + start[at + 1] + start[at] + consonants[at + 2 :] for at in range(len(start) - 1)}
    return {each[:KEPT] for each in left_out | swapped | {consonants}}


def _alike(tokens: Sequence[str], row: Named) -> float:
    """How well every word that was typed is found again in the person's names."""
    names = _tokens(f"{row.first_name} {row.last_name} {row.preferred_name}")
    if not names:
        return 0.0
    return sum(max(JaroWinkler.similarity(token, name) for name in names) for token in tokens) / len(tokens)


def _tokens(text: str) -> list[str]:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(each))
    for written, spelled in _SPELLED.items():
        plain = plain.replace(written, spelled)
    return plain.split()[:_MOST_WORDS]


def _in_order(ids: list[UUID]) -> list[User]:
    there = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return [there[each] for each in ids if each in there]
