"""The provider's own keys in tests: they outlive a test, so whoever counts or rotates them starts without any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from identity_provider.db import db, transaction
from identity_provider.models import SigningKey
from identity_provider.oidc.keys import key_ring


@pytest.fixture
def no_keys(app: Flask) -> Iterator[None]:
    """The test starts without any key, and leaves none behind."""
    _forget_keys()
    yield
    _forget_keys()


def _forget_keys() -> None:
    with transaction():
        db.session.execute(db.delete(SigningKey))
    key_ring().forget()
