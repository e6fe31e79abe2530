"""Measures are counted, and a measure that can not be written stops nobody."""

from __future__ import annotations

import pytest
from prometheus_client import REGISTRY, Counter

from identity_provider.services import measures


def counted(path: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("credentials_total", {"path": path, "outcome": outcome}) or 0


@pytest.mark.parametrize("outcome", ["accepted", "refused", "reused"])
def test_what_was_shown_is_counted_by_its_outcome(outcome: str) -> None:
    before = counted("a path of this test", outcome)
    getattr(measures, outcome)("a path of this test")
    assert counted("a path of this test", outcome) == before + 1


def test_a_measure_that_can_not_be_written_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise FileNotFoundError("the directory is not there")

    monkeypatch.setattr(Counter, "labels", full)
    measures.refused("a path of this test")
    measures.limited("a limit of this test")
    assert capsys.readouterr().out.count("measure_not_written") == 2
