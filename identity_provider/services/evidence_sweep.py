"""What the store holds and what the table says are brought together: nothing lies about, and no row points nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import structlog
from sqlalchemy import select

from identity_provider.db import db, transaction
from identity_provider.domain.evidence import EvidenceState
from identity_provider.models import Evidence
from identity_provider.ports import EvidenceStore, StoreUnavailable
from identity_provider.services import evidence

log = structlog.get_logger("evidence")

SETTLED = timedelta(hours=1)
"""A file comes into the store before its row is written; by now it is."""
_AHEAD = timedelta(days=1)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """Files that no row pointed at, which were deleted; and rows whose file is lost, which say so now."""

    orphans: int
    lost: int


def sweep(store: EvidenceStore, *, now: datetime) -> Swept:
    """Compare both sides and mend each; for the worker, once a day. Not inside a transaction.

    Raises StoreUnavailable, also when the store is empty although it should not be: that is a directory that is not
    mounted, or another bucket, and no reason to give up every file.
    """
    settled = now - SETTLED
    there = set(store.keys(before=now + _AHEAD))
    old = list(store.keys(before=settled))
    lost = _rows_without(there, settled)
    if lost and not there:
        raise StoreUnavailable("the store is empty, and should not be")
    orphans = 0
    for some in _batches(old):
        with transaction():
            pointed_at = select(Evidence.storage_key).where(Evidence.storage_key.in_(some))
            known = set(db.session.scalars(pointed_at.where(Evidence.deleted_at.is_(None))))
        for key in set(some) - known:
            store.delete(key)
            orphans += 1
    for row in lost:
        with transaction():
            evidence.give_up(row.id, now)
    if orphans or lost:
        log.warning("evidence_swept", orphans=orphans, lost=len(lost))
    return Swept(orphans, len(lost))


def _rows_without(there: set[str], settled: datetime) -> list[Evidence]:
    shown = Evidence.state.in_((EvidenceState.WAITING, EvidenceState.CLEAN))
    with transaction():
        rows = db.session.scalars(select(Evidence).where(shown, Evidence.received_at < settled)).all()
    return [row for row in rows if row.storage_key not in there]


def _batches(keys: Iterable[str]) -> Iterable[list[str]]:
    remaining = iter(keys)
    while some := list(islice(remaining, BATCH)):
        yield some
