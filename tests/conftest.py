"""What every test may ask for: one application on a real PostgreSQL, emptied after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from identity_provider.adapters.memory import ManualClock, MemoryDesk, MemoryMailer, MemoryRegister
from identity_provider.db import db
from identity_provider.services.changes import note_everywhere
from tests.kit.browser_client import ApartClient
from tests.kit.chance import choose_steadily
from tests.kit.database import TestCluster
from tests.kit.outside import OutsideWorld, settings_for
from tests.kit.patience import be_patient, be_patient_with_others, keep_rounds_out
from tests.kit.rows import delete_every_row
from tests.kit.scheduling import pytest_xdist_auto_num_workers, pytest_xdist_make_scheduler
from wsgi import create_app

__all__ = ["pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]  # hooks

choose_steadily()


@pytest.fixture(scope="session")
def cluster() -> Iterator[TestCluster]:
    with TestCluster() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Nobody who is asked for a record or a document is hurried, and no round of the worker's comes in between."""
    with pytest.MonkeyPatch.context() as patched:
        be_patient_with_others(patched)
        keep_rounds_out(patched)
        yield


@pytest.fixture(scope="session")
def outside() -> OutsideWorld:
    """The adapters of the one application; each test finds them as new."""
    return OutsideWorld()


@pytest.fixture(scope="session")
def _app(cluster: TestCluster, outside: OutsideWorld) -> Iterator[Flask]:
    made = create_app(
        settings_for(cluster.url("identity")),
        outside.ports(),
    )
    made.testing = True
    made.test_client_class = ApartClient
    with made.app_context():
        be_patient(db.engine)
        upgrade()
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(_app: Flask, outside: OutsideWorld) -> Iterator[Flask]:
    """The application, inside its context; every row is deleted afterwards."""
    outside.reset()
    with _app.app_context():
        yield _app
        db.session.rollback()
        delete_every_row(db.session.connection())
        db.session.commit()
        db.session.remove()
        note_everywhere()  # without triggers nothing told of it


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def clock(outside: OutsideWorld) -> ManualClock:
    return outside.clock


@pytest.fixture
def mailer(outside: OutsideWorld) -> MemoryMailer:
    return outside.mailer


@pytest.fixture
def register(outside: OutsideWorld) -> MemoryRegister:
    return outside.register


@pytest.fixture
def desk(outside: OutsideWorld) -> MemoryDesk:
    return outside.desk
