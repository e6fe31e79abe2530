"""Directories for what runs under another account than ours: pytest's own are closed to all but their owner."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_place() -> Iterator[Path]:
    """A fresh directory that every account can enter, removed at the end.

    As root, PostgreSQL runs as an ordinary user. In a closed directory it could not keep its files, and would keep
    them under /var/lib, where nobody removes them.
    """
    path = Path(tempfile.mkdtemp(prefix="gai-test-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)
