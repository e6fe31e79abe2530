"""Places for the tests of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit.places import open_place


@pytest.fixture
def place() -> Iterator[Path]:
    with open_place() as path:
        yield path
