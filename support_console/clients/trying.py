"""People to try a service with, as its team reads of them: whom to sign in as, and what has to happen then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _

from identity_provider.kit.people_to_try import KNOWN


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
    labels = dict(zip(KNOWN, _labels(), strict=True))
    return "; ".join(
        f"{labels[name]}: {_plain(stated[name])}" for name in KNOWN if stated.get(name) not in (None, "", [])
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
