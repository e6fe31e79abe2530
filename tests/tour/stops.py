"""Every stop of the tour."""

from __future__ import annotations

from tests.tour import console, provider, sharing, teachers
from tests.tour.guide import STOPS, Stop

AREAS = (console, provider, sharing, teachers)
EVERY_STOP: tuple[Stop, ...] = tuple(STOPS.values())
