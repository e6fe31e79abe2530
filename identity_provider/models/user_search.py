"""What makes people findable by name among a million: the consonants that their names begin with, indexed."""

from __future__ import annotations

from sqlalchemy import ColumnElement, String, func

from identity_provider.models.user import User

DROPPED = "aeiouyhw '’-"
"""Letters that slips leave out, add or exchange."""

_KEPT = 3


def _consonants(column: ColumnElement[str]) -> ColumnElement[str]:
    # Only functions that are immutable: the expression is indexed, and a query must repeat it to the letter.
    return func.left(func.translate(func.lower(column), DROPPED, "", type_=String), _KEPT, type_=String)


FIRST_CONSONANTS = _consonants(User.first_name.expression)
LAST_CONSONANTS = _consonants(User.last_name.expression)
