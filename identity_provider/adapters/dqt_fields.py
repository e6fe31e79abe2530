"""Single values of the DQT API's JSON: what is none of the kind that the API gives is no clear answer.

Read loosely it would decide something: a birthday that cannot be read would count as one that the record lacks. Raises
RegisterUnavailable, which names the member and never what stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from identity_provider.domain.errors import RegisterUnavailable

LONGEST_TEXT = 1_000

_TRN = re.compile(r"[0-9]{7}")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T[0-9:.]+(?:Z|[+-][0-9:]+)?)?")

Body = Mapping[str, Any]


def is_trn(value: Any) -> bool:
    """Whether this is a TRN as the records hold it: seven digits, zeros in front included, and not zeros only."""
    return isinstance(value, str) and bool(_TRN.fullmatch(value)) and bool(value.strip("0"))


def is_day(value: Any) -> bool:
    """Whether this is a date as the API writes it, with or without a time of day."""
    return _day(value) is not None


def must_speak_of(body: Body, *names: str) -> None:
    """Refuse a body that lacks one of the members that the API always gives, were it with null."""
    for name in names:
        if name not in body:
            raise _unclear(name)


def text(body: Body, name: str) -> str:
    """A text without signs that cannot be shown or stored; empty where it is null or missing."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _unclear(name)
    return value if value.isprintable() else " ".join("".join(c if c.isprintable() else " " for c in value).split())


def day(body: Body, name: str) -> date | None:
    """A date, also from a date with a time; None where it is null or missing."""
    value = body.get(name)
    found = _day(value)
    if found is None and value is not None:
        raise _unclear(name)
    return found


def flag(body: Body, name: str) -> bool | None:
    """True or false; None where it is null or missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise _unclear(name)
    return value


def listed(body: Body, name: str) -> list[Any] | None:
    """A list; None where it is null or missing."""
    value = body.get(name)
    if value is not None and not isinstance(value, list):
        raise _unclear(name)
    return value


def objects(body: Body, name: str) -> list[dict[str, Any]]:
    """A list of objects; an empty one where it is null or missing."""
    found = listed(body, name) or []
    if not all(isinstance(each, dict) for each in found):
        raise _unclear(name)
    return found


def texts(body: Body, name: str) -> list[str]:
    """A list of texts; an empty one where it is null or missing."""
    return [text({name: each}, name) for each in listed(body, name) or []]


def _day(value: Any) -> date | None:
    written = _DAY.fullmatch(value) if isinstance(value, str) else None
    try:
        return date.fromisoformat(written[1]) if written else None
    except ValueError:
        return None


def _unclear(name: str) -> RegisterUnavailable:
    return RegisterUnavailable(f"the DQT API's answer has no {name} that can be read")
