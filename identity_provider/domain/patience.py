"""How long somebody is still willing to wait, told to whatever is asked on their behalf."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_UNTIL: ContextVar[float | None] = ContextVar("patience_until", default=None)


@contextmanager
def waiting(until: float) -> Iterator[None]:
    """Whoever is asked inside this block has to answer by then, in the reading of `time.monotonic`."""
    token = _UNTIL.set(until)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def no_later_than(deadline: float) -> float:
    """The deadline, or the end of the patience of whoever waits, if that comes first."""
    until = _UNTIL.get()
    return deadline if until is None else min(deadline, until)
