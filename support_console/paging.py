"""Which page of a list is asked for."""

from __future__ import annotations

from flask import request

FURTHEST = 1_000_000
"""No list is that long; a number of thirty digits is one that the database could not count to."""


def page_asked() -> int:
    """The number of the page in the address; the first one where none stands there that could be one."""
    return min(max(1, request.args.get("page", 1, type=int)), FURTHEST)
