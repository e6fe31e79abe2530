"""Every stop of the tour."""

from __future__ import annotations

from tests.tour import console, one_login, provider, sharing, teachers, users, webhooks
from tests.tour.guide import STOPS, Stop

AREAS = (console, one_login, provider, sharing, teachers, users, webhooks)
EVERY_STOP: tuple[Stop, ...] = tuple(STOPS.values())
