"""A listener to evidence as the services have theirs: for the whole run, heard inside a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from identity_provider.domain.evidence import EvidenceState
from identity_provider.models import Evidence
from identity_provider.services import evidence

_heard: list[EvidenceState] = []


@evidence.when_judged
def _listen(judged: Evidence, *, now: datetime) -> None:
    del now
    _heard.append(judged.state)


@contextmanager
def listening() -> Iterator[list[EvidenceState]]:
    """What is heard of files, from the beginning of the block on."""
    _heard.clear()
    yield _heard
