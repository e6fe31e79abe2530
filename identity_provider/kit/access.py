"""Who may enter a view: every route says so, and an architecture test holds it to that."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

View = TypeVar("View", bound=Callable[..., object])


class Audience(StrEnum):
    """Whom a route is for."""

    ANYONE = "anyone"
    # Somebody whose browser holds a journey; the journey's own rules say which step.
    TRAVELLER = "traveller"
    # A person who is signed in.
    PERSON = "person"
    # Software of a relying service, by its credentials or an access token.
    CLIENT = "client"
    # The helpdesk's own system, by the signature of its messages.
    HELPDESK = "helpdesk"
    # Staff, by permission; see support_console/auth.py.
    STAFF = "staff"


def open_to(audience: Audience) -> Callable[[View], View]:
    """Declare whom a view is for. It says so only; the view or its decorator enforces it."""

    def mark(view: View) -> View:
        view.audience = audience  # type: ignore[attr-defined]  # read by the architecture test
        return view

    return mark
