"""Nothing lies in the store that no row points at, and no row points nowhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from identity_provider.adapters.memory import ManualClock
from identity_provider.adapters.memory_evidence import MemoryEvidence
from identity_provider.domain.evidence import EvidenceState
from identity_provider.ports import StoreUnavailable
from identity_provider.services import evidence
from identity_provider.services.evidence_sweep import SETTLED, Swept, sweep
from tests.builders import a_user
from tests.kit.listening import listening
from tests.kit.outside import OutsideWorld
from tests.services.test_evidence import row_of, sent


@pytest.fixture
def clock(clock: ManualClock) -> ManualClock:
    """The store writes down the day by its own clock, which is the real one."""
    clock.moment = datetime.now(UTC)
    return clock


def swept(store: MemoryEvidence, clock: ManualClock) -> Swept:
    return sweep(store, now=clock.now())


def test_a_file_whose_row_was_never_written_goes_and_the_others_stay(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    sent(a_user(), outside)
    [ours] = outside.store.kept
    outside.store.put("0a" * 24, b"the request was broken off before the row was written")
    assert swept(outside.store, clock) == Swept(0, 0), "it may still be written"
    clock.advance(SETTLED * 2)
    assert swept(outside.store, clock) == Swept(1, 0)
    assert list(outside.store.kept) == [ours]


def test_a_row_whose_file_is_lost_says_so_and_who_listens_hears_of_it(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    lost, kept = sent(a_user(), outside), sent(a_user(), outside)
    del outside.store.kept[row_of(lost).storage_key]
    clock.advance(SETTLED * 2)
    with listening() as heard:
        assert swept(outside.store, clock) == Swept(0, 1)
    assert (row_of(lost).state, row_of(kept).state) == (EvidenceState.GONE, EvidenceState.WAITING)
    assert heard == [EvidenceState.GONE]
    assert swept(outside.store, clock) == Swept(0, 0)


def test_a_store_that_is_not_mounted_gives_up_nothing(app: Flask, outside: OutsideWorld, clock: ManualClock) -> None:
    photo = sent(a_user(), outside)
    clock.advance(SETTLED * 2)
    with pytest.raises(StoreUnavailable):
        swept(MemoryEvidence(), clock)
    assert row_of(photo).state is EvidenceState.WAITING


def test_a_file_that_should_be_gone_and_came_back_goes_again(
    app: Flask, outside: OutsideWorld, clock: ManualClock
) -> None:
    photo = sent(a_user(), outside)
    key = row_of(photo).storage_key
    evidence.remove(photo, outside.store, now=clock.now() + timedelta(days=90))
    outside.store.put(key, b"out of an old backup")
    clock.advance(SETTLED * 2)
    assert swept(outside.store, clock) == Swept(1, 0)
