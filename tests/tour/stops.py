"""Every stop of the tour."""

from __future__ import annotations

from tests.tour import console, provider, teachers
from tests.tour.guide import STOPS, Stop

AREAS = (console, provider, teachers)
EVERY_STOP: tuple[Stop, ...] = tuple(STOPS.values())
