"""Scoring of predictions against the truth."""

import json
from pathlib import Path

import pytest

from matching.evaluate import Rate, evaluate, evaluate_files


def truth(query_id: str, expected: str, trn: str = "", acceptable: str = "", name: str = "exact") -> dict[str, str]:
    return {
        "query_id": query_id, "class": name, "ident": "none", "in_register": str(int(bool(trn))), "truth_trn": trn,
        "expected": expected, "acceptable": acceptable, "note": "",
    }  # fmt: skip


def said(query_id: str, outcome: str, trn: str = "") -> dict[str, str]:
    return {"query_id": query_id, "outcome": outcome, "trn": trn}


def test_a_link_to_somebody_else_is_false_and_one_to_oneself_is_right() -> None:
    report = evaluate(
        [said("1", "match", "42"), said("2", "match", "0000043"), said("3", "match", "0000044")],
        [truth("1", "match", "0000042"), truth("2", "match", "0000099"), truth("3", "none")],
    )
    assert (report.everything.right_links, report.everything.false_links) == (1, 2)
    assert report.everything.coverage.value == 0.5
    assert report.everything.precision.count == 1


def test_the_right_person_against_policy_is_neither_right_nor_false() -> None:
    report = evaluate([said("1", "match", "0000042")], [truth("1", "not_determinable", "0000042")])
    assert (report.everything.policy_links, report.everything.false_links) == (1, 0)
    allowed = evaluate([said("1", "match", "42")], [truth("1", "not_determinable", "0000042", "match:0000042")])
    assert allowed.everything.right_links == 1


def test_none_for_somebody_registered_is_counted() -> None:
    report = evaluate([said("1", "none"), said("2", "none")], [truth("1", "match", "0000042"), truth("2", "none")])
    assert report.everything.false_none_rate.count == 1
    assert report.everything.nones == 2


def test_a_missing_prediction_is_not_determinable() -> None:
    assert evaluate([], [truth("1", "not_determinable", "0000042")]).everything.as_expected == 1


def test_classes_that_nobody_can_decide_are_left_out_of_the_decidable() -> None:
    rows = [truth("1", "none", name="absent_collides"), truth("2", "match", "0000042")]
    report = evaluate([said("1", "match", "7"), said("2", "match", "42")], rows, ["absent_collides"])
    assert report.everything.false_links == 1
    assert report.decidable.false_links == 0
    assert sorted(report.by_class) == ["absent_collides", "exact"]


@pytest.mark.parametrize("rows", [[said("1", "perhaps")], [said("1", "none"), said("1", "none")]])
def test_malformed_predictions_are_refused(rows: list[dict[str, str]]) -> None:
    with pytest.raises(ValueError, match="query 1"):
        evaluate(rows, [])


def test_wilson_s_interval_is_sane_at_the_edges() -> None:
    assert Rate(0, 0).interval == (0.0, 1.0)
    low, high = Rate(0, 100).interval
    assert low == 0.0
    assert 0.03 < high < 0.04
    assert Rate(100, 100).interval[1] == 1.0


def test_files_are_scored_and_the_report_is_plain_values(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("query_id,outcome,trn\n1,match,42\n", encoding="utf-8")
    header = "query_id,class,ident,in_register,truth_trn,expected,acceptable,note\n"
    (tmp_path / "truth.csv").write_text(header + "1,exact,none,1,0000042,match,,\n", encoding="utf-8")
    (tmp_path / "meta.json").write_text('{"undecidable": ["exact"]}', encoding="utf-8")
    report = evaluate_files(tmp_path / "p.csv", tmp_path / "truth.csv")
    assert report.decidable.queries == 0
    assert json.loads(json.dumps(report.to_json()))["everything"]["coverage"]["rate"] == 1.0
