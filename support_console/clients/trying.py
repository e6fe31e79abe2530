"""People to try a service with, and what has to happen: a file that the operator of a test environment names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_babel import gettext as _

_KNOWN = ("first_name", "middle_name", "last_name", "date_of_birth", "previous_last_names", "nino", "trn", "has_qts")


def read(path: str) -> list[Mapping[str, Any]]:
    """Everybody in the file; nobody where there is none, as in production, or where it cannot be read."""
    try:
        people = json.loads(Path(path).read_text(encoding="utf-8")).get("people", []) if path else []
    except (OSError, ValueError, AttributeError):
        return []
    return [each for each in people if isinstance(each, dict) and each.get("email")]


def row(person: Mapping[str, Any]) -> list[str]:
    """One of them: whom they sign in as, what they say, and where that has to lead."""
    expected = person.get("expected") or {}
    outcome = " / ".join(
        str(expected[name]) for name in ("trn_lookup_status", "trn_lookup_reason") if expected.get(name)
    )
    return [
        str(person["email"]),
        str(person.get("story") or ""),
        _states(person),
        outcome,
        str(expected.get("trn") or ""),
    ]


def _states(person: Mapping[str, Any]) -> str:
    stated = person.get("states") or {}
    labels = dict(zip(_KNOWN, _labels(), strict=True))
    return "; ".join(
        f"{labels[name]}: {_plain(stated[name])}" for name in _KNOWN if stated.get(name) not in (None, "", [])
    )


def _labels() -> tuple[str, ...]:
    return (
        _("First name"),
        _("Middle name"),
        _("Last name"),
        _("Date of birth"),
        _("Previous last names"),
        _("National Insurance number"),
        _("TRN"),
        _("Awarded QTS"),
    )


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
