"""A version names one set of rules: what it decides of fixed cases stands in a file that is reviewed."""

from __future__ import annotations

from matching.weights import VERSION
from tests.matching.decisions import decided, kept

ACCEPT = "python -m tests.matching.decisions"


def test_whoever_changes_what_is_decided_raises_the_version() -> None:
    head, *rest = kept()
    cases = [each for each in rest if "asked" in each]
    others = [
        f"{case['asked']} by {case['policy']}: {case['decided']} -> {now}"
        for case, now in zip(cases, decided(rest), strict=True)
        if case["decided"] != now
    ]
    assert not others or head["version"] != VERSION, f"raise matching.weights.VERSION and run {ACCEPT}: {others}"
    assert (others, head["version"]) == ([], VERSION), f"read what is decided otherwise, then run {ACCEPT}"


def test_the_cases_stand_for_every_outcome_and_policy() -> None:
    cases = [each for each in kept() if "asked" in each]
    assert {each["decided"].split()[0] for each in cases} == {"match", "ambiguous", "not_determinable", "none"}
    assert {each["policy"] for each in cases} == {"Linkage", "Default", "Strict", "Verified"}
    assert len(cases) >= 500
