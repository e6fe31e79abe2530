"""Progress of long jobs: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

import click

SECONDS_BETWEEN_LINES = 10.0
_WIDTH = 30


class Progress:
    """Shows how much of a phase is done, on standard error, so that standard output stays machine-readable."""

    def __init__(self) -> None:
        self._on_terminal = sys.stderr.isatty()
        self._phase = ""
        self._began = 0.0
        self._next_line = 0.0

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Show it; cheap enough to be called often."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began, self._next_line = phase, now, now
        complete = done >= total
        if now < self._next_line and not complete:
            return
        share = min(done / total, 1.0) if total else 1.0
        spent = now - self._began
        left = "" if complete or not share else f", about {spent / share - spent:.0f} s left"
        line = f"{phase.capitalize()}: {share:4.0%} after {spent:.0f} s{left}"
        if self._on_terminal:
            bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, "-")
            click.echo(f"\r\x1b[K[{bar}] {line}", err=True, nl=complete)
        else:
            click.echo(line, err=True)
        self._next_line = now + (0.2 if self._on_terminal else SECONDS_BETWEEN_LINES)
