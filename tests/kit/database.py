"""A PostgreSQL cluster for one test run, in a directory that goes away with it.

Each xdist worker has its own (making one takes about a second), so nothing is shared between them.
"""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from identity_provider.sandbox.postgres import EmbeddedPostgres

# What a test loses in a crash nobody misses, so nothing is written through to the disk.
FORGETFUL = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "64MB",
    "jit": "off",
    # It comes when it likes, and rows of one moment of the tests' clock then stand in another order.
    "autovacuum": "off",
}


class TestCluster:
    """`with TestCluster() as cluster: cluster.url("name")`; `url` creates the database when it is missing."""

    __test__ = False

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        # Made in the constructor, so that the directory of a cluster that does not start goes away too.
        self._directory = Path(tempfile.mkdtemp(prefix="gai-test-"))
        self._postgres = EmbeddedPostgres(self._directory / "pg", options={**FORGETFUL, **(options or {})})
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        # As root the server runs under another account, which must get through to its own directory.
        # This one is ours, freshly made and empty.
        if os.geteuid() == 0:
            self._directory.chmod(0o711)
        try:
            self._postgres.start()
        except BaseException:
            shutil.rmtree(self._directory)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._postgres.stop()
        shutil.rmtree(self._directory)

    def restart(self) -> None:
        """Begin again with nothing in the server's memory."""
        self._postgres.stop()
        self._postgres.start()

    def url(self, name: str) -> str:
        if name not in self._known and not self._postgres.has_database(name):
            self._postgres.create_database(name)
        self._known.add(name)
        return self._postgres.url(name)

    def create_database(self, name: str, template: str | None = None) -> None:
        self._postgres.create_database(name, template)
        self._known.add(name)
