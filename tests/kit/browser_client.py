"""A test client whose requests share nothing, as in life: Flask would lend them the test's own context and its `g`."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class ApartClient(FlaskClient):
    """Each request runs in an application context of its own."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)
