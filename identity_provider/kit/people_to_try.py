"""People to try a service with, and what has to happen: a file that the operator of a test environment names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

KNOWN = ("first_name", "middle_name", "last_name", "date_of_birth", "previous_last_names", "nino", "trn", "has_qts")
"""What such a person may say of themselves, in the order in which it is shown."""

_EXPECTED = ("trn_lookup_status", "trn_lookup_reason", "trn")
_MOST_FAULTS = 10


@dataclass(frozen=True, slots=True)
class PeopleToTry:
    """Everybody in the file; or nobody, and what is wrong with it."""

    people: list[Mapping[str, Any]]
    faults: list[str]


def read(path: str) -> PeopleToTry:
    """What the file holds. Nobody where none is named, as in production; nobody, and why, where it is no such file."""
    if not path:
        return PeopleToTry([], [])
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        # Half a character may be written in JSON, and in no page.
        json.dumps(content, ensure_ascii=False).encode()
    except OSError as error:
        return PeopleToTry([], [_("It cannot be read: %(why)s", why=error.strerror or type(error).__name__)])
    except (ValueError, RecursionError) as error:
        return PeopleToTry([], [_("It is not JSON in UTF-8: %(why)s", why=str(error)[:200])])
    faults = list(_faults(content))
    return PeopleToTry([], faults[:_MOST_FAULTS]) if faults else PeopleToTry(content["people"], [])


def _faults(content: object) -> Iterator[str]:
    """Where the file is not what docs/console-areas.md says that it is."""
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        yield _("It has to be an object with a list “people”")
        return
    for number, person in enumerate(people, 1):
        if not isinstance(person, dict):
            yield _("Person %(number)s has to be an object", number=number)
            continue
        for name, words in _faults_of(person):
            yield _("Person %(number)s, “%(name)s”: %(words)s", number=number, name=name, words=words)


def _faults_of(person: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    email, plain = person.get("email"), _("has to be a text, a number, or true or false")
    if not isinstance(email, str) or not email:
        yield "email", _("has to be an email address")
    if not isinstance(person.get("story"), str | None):
        yield "story", _("has to be a text")
    for part, names in (("states", KNOWN), ("expected", _EXPECTED)):
        held = person.get(part)
        if not isinstance(held, dict | None):
            yield part, _("has to be an object")
            continue
        for name in names:
            value = (held or {}).get(name)
            each = value if isinstance(value, list) and name == "previous_last_names" else [value]
            if not all(isinstance(one, str | int | float | None) for one in each):
                yield f"{part}.{name}", plain
