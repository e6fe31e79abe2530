"""What every part shares: recall at a precision, and lines of figure, target and ratio. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PRECISION = 0.999


@dataclass(frozen=True, slots=True)
class Scored:
    """The best candidate of one query."""

    score: float
    right: bool


def recall_at_precision(scored: Iterable[Scored], registered: int, precision: float = PRECISION) -> float:
    """The highest recall at which at least `precision` of what scores so much or more is right.

    Of equal scores the wrong ones come first, so that a tie never flatters.
    """
    best, right = 0.0, 0
    ordered = sorted(scored, key=lambda each: (-each.score, each.right))
    for count, each in enumerate(ordered, start=1):
        right += each.right
        if right / count >= precision:
            best = right / registered
    return best


def title(text: str) -> None:
    """Begin a part."""
    print(f"\n{text}\n{'-' * len(text)}", flush=True)


def line(what: str, figure: str, target: str = "", ratio: str = "", *, met: bool | None = None) -> None:
    """Print one figure, its target, the ratio to a peer, and whether the target is met."""
    verdict = "" if met is None else "met" if met else "MISSED"
    print(f"  {what:<44}{figure:>16}  {target:<26}{ratio:<18}{verdict}".rstrip(), flush=True)
