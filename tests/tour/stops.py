"""Every stop of the tour."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.tour.guide import STOPS, Stop

AREAS = tuple(
    import_module(f"tests.tour.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*.py"))
    if path.stem not in {"__init__", "guide", "stops"} and not path.stem.startswith("test_")
)
EVERY_STOP: tuple[Stop, ...] = tuple(STOPS.values())
