"""What the DQT API's JSON says of alerts on a person: whether there is an open one, and whether it is a prohibition.

From version 20240920 an alert has a type and the type a category, each with a name; before, the type was one word, and
v2 has a flag only. Prohibitions are told by these names, as the API has no flag for them: "Prohibition from teaching",
"Interim prohibition", "GTC Prohibition from teaching" are some, "Failed induction", "Flag" or "Restriction" are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from identity_provider.adapters import dqt_fields as fields

_SAYS_SO = "prohibit"


@dataclass(frozen=True, slots=True)
class Alerts:
    """None where the answer does not say, or nothing is open to say it of. `names` are those of the open ones."""

    is_open: bool | None
    is_prohibition: bool | None
    names: tuple[str, ...] = ()


def read_alerts(body: dict[str, Any]) -> Alerts:
    """The alerts of a person of v2 or v3. Raises RegisterUnavailable when they are no list, or the flag is none."""
    listed = fields.listed(body, "alerts")
    if listed is not None:
        return _read_list([each for each in listed if _is_open(each)])
    flag = fields.flag(body, "hasActiveSanctions")
    if flag is not None:
        # Of a sanction whose kind is not said, it is not known whether it is a prohibition.
        return Alerts(flag, None)
    return Alerts(None, None)


def _read_list(still_open: list[Any]) -> Alerts:
    if not still_open:
        return Alerts(is_open=False, is_prohibition=None)
    named = [_names(each) for each in still_open]
    shown = tuple(dict.fromkeys(names[0] for names in named if names))
    if any(_SAYS_SO in name.casefold() for names in named for name in names):
        return Alerts(is_open=True, is_prohibition=True, names=shown)
    return Alerts(is_open=True, is_prohibition=False if all(map(_is_told, still_open)) else None, names=shown)


def _is_open(alert: Any) -> bool:
    """What cannot be read, the entry or the day on which it ended, is not taken for one that has ended."""
    return not isinstance(alert, dict) or not fields.is_day(alert.get("endDate"))


def _is_told(alert: Any) -> bool:
    """Whether the answer says all that an alert is called: the half that is missing may be the prohibition."""
    kind = alert.get("alertType") if isinstance(alert, dict) else None
    return len(_names(alert)) == (2 if isinstance(kind, dict) else 1)


def _names(alert: Any) -> list[str]:
    """What the alert's type and its category are called, as far as the answer says it."""
    kind = alert.get("alertType") if isinstance(alert, dict) else None
    if isinstance(kind, dict):
        category = kind.get("alertCategory")
        names = [kind.get("name"), category.get("name") if isinstance(category, dict) else None]
    else:
        names = [kind]
    return [name.strip() for name in names if isinstance(name, str) and name.strip()]
