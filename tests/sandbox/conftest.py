"""Places and parents for the tests of the sandbox."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def place() -> Iterator[Path]:
    """A fresh directory that every account can enter; pytest's own is closed to all but its owner."""
    path = Path(tempfile.mkdtemp(prefix="gai-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
