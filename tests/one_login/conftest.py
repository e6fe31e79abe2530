"""One Login, switched on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.kit.one_login import OneLoginNearby, one_login_beside


@pytest.fixture
def one_login(app: Flask) -> Iterator[OneLoginNearby]:
    with one_login_beside(app) as nearby:
        yield nearby
