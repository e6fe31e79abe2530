"""Every stop of the tour."""

from __future__ import annotations

from tests.tour import account, areas, console, passkeys, provider, sharing, teachers, users, webhooks
from tests.tour.guide import STOPS, Stop

AREAS = (account, areas, console, passkeys, provider, sharing, teachers, users, webhooks)
EVERY_STOP: tuple[Stop, ...] = tuple(STOPS.values())
