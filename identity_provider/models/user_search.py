"""What makes people findable by name among a million: the consonants that their names begin with, indexed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Index, String, func, literal

from identity_provider.models.user import User

DROPPED = "aeiouyhw '’-"
"""Letters that slips leave out, add or exchange."""


def _consonants(column: ColumnElement[str]) -> ColumnElement[str]:
    # Only functions that are immutable, and constants in the text: a query must repeat what is indexed to the letter.
    dropped, nothing, kept = (literal(each, literal_execute=True) for each in (DROPPED, "", 3))
    return func.left(func.translate(func.lower(column), dropped, nothing, type_=String), kept, type_=String)


FIRST_CONSONANTS = _consonants(User.first_name.expression)
LAST_CONSONANTS = _consonants(User.last_name.expression)

Index("ix_users_first_consonants", FIRST_CONSONANTS)
Index("ix_users_last_consonants", LAST_CONSONANTS)
Index("ix_users_first_name_lower", func.lower(User.first_name))
Index("ix_users_last_name_lower", func.lower(User.last_name))
