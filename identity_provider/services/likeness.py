"""Whether two names may be one person's, by the matcher's own comparisons."""

from __future__ import annotations

from identity_provider.domain.values import PersonName
from matching.comparisons import Level, first_names, last_names
from matching.normalise import family_name, given_name

_ONE_PERSON_S = frozenset({Level.SAME, Level.PART, Level.VARIANT})
"""Relations of names by which an account may be the person's own; a misspelling would show the accounts of others."""


def are_alike(one: PersonName, other: PersonName) -> bool:
    """Whether they are the same, or forms of the same: Kate is Catherine, and Smith-Jones is Jones. No misspelling."""
    if compared(one) == compared(other):
        return True
    first, middle = given_name(one.first), given_name(one.middle)
    held, held_middle = given_name(other.first), given_name(other.middle)
    return (
        first_names([first], middle, [held], held_middle).level in _ONE_PERSON_S
        and last_names([family_name(one.last)], [family_name(other.last)]).level in _ONE_PERSON_S
    )


def compared(name: PersonName) -> tuple[str, str]:
    """First and last name as they are compared; one of which the matcher keeps nothing, as it stands."""
    return given_name(name.first).joined or name.first, family_name(name.last).joined or name.last
