"""What makes people findable by name among a million: the consonants that their names begin with, indexed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Index, String, func, literal

from identity_provider.models.user import User

DROPPED = "aeiouyhw '’-" + "àáâãäåāăąæèéêëēėęěìíîïīįıòóôõöøōőœùúûüūůűųýÿŵ"
"""Letters that slips leave out, add or exchange."""

PLAIN = dict(zip("çćčďđðğłľļńñňņŕřśšșşťțţźżž", "cccdddglllnnnnrrssssttt" + "zzz", strict=True))
"""Consonants as they are typed by whoever has no such key."""

KEPT = 3
"""How many consonants are indexed."""


def consonants_of(text: str) -> str:
    """The consonants of a name in lower case, as PostgreSQL computes them; all of them, not just the indexed ones."""
    return "".join(PLAIN.get(each, each) for each in text.lower() if each not in DROPPED)


def _consonants(column: ColumnElement[str]) -> ColumnElement[str]:
    # Only functions that are immutable, and constants in the text: a query must repeat what is indexed to the letter.
    # translate() drops the letters for which the third argument has none.
    written, plain, kept = (
        literal(each, literal_execute=True) for each in ("".join(PLAIN) + DROPPED, "".join(PLAIN.values()), KEPT)
    )
    return func.left(func.translate(func.lower(column), written, plain, type_=String), kept, type_=String)


FIRST_CONSONANTS = _consonants(User.first_name.expression)
LAST_CONSONANTS = _consonants(User.last_name.expression)

# All that names are compared by stands in these two, so that thousands of people are read from a few pages that lie
# beside each other, and not from as many pages of the table as there are people.
_BESIDE = ["id", "first_name", "last_name", "preferred_name"]
_NOT_ERASED = User.erased_at.is_(None)

Index(
    "ix_users_found_by_last_name",
    LAST_CONSONANTS,
    FIRST_CONSONANTS,
    postgresql_include=_BESIDE,
    postgresql_where=_NOT_ERASED,
)
Index("ix_users_found_by_first_name", FIRST_CONSONANTS, postgresql_include=_BESIDE, postgresql_where=_NOT_ERASED)
Index("ix_users_first_name_lower", func.lower(User.first_name))
Index("ix_users_last_name_lower", func.lower(User.last_name))
