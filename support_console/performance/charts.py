"""Bars as SVG, made on the server: no script, no style attribute, and nothing that the tables do not say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from support_console.performance.queries import Share

WIDTH = 600


@dataclass(frozen=True, slots=True)
class Key:
    """What a colour stands for. The colours differ in lightness too."""

    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar."""

    x: float
    width: float
    colour: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One group of people."""

    name: str
    total: int
    parts: tuple[Part, ...]


def legend() -> list[Key]:
    """What the pieces of a bar are, from left to right."""
    return [
        Key(_("Found at once"), "#00703c"),
        Key(_("Found by the helpdesk"), "#85994b"),
        Key(_("Pending"), "#f47738"),
        Key(_("No record"), "#b1b4b6"),
        Key(_("Confirmed that there is no TRN"), "#505a5f"),
    ]


def bars(shares: Sequence[Share]) -> list[Bar]:
    """One bar per group, all of one length: shares, not sizes."""
    return [Bar(each.name or _("Not known"), each.total, _parts(each)) for each in shares if each.total]


def _parts(share: Share) -> tuple[Part, ...]:
    made: list[Part] = []
    x = 0.0
    counts = (share.at_once, share.by_helpdesk, share.pending, share.no_record, share.confirmed_none)
    for key, count in zip(legend(), counts, strict=True):
        width = WIDTH * count / share.total
        made.append(Part(round(x, 1), round(width, 1), key.colour))
        x += width
    return tuple(each for each in made if each.width)


def lengths(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    """One bar per number, as long as it is beside the largest."""
    most = max((number for _name, number in counted), default=0)
    return [Bar(name, number, (_length(number / most),)) for name, number in counted if number]


def _length(share: float) -> Part:
    return Part(0.0, round(WIDTH * share, 1), "#1d70b8")
