"""What the rules decide of some hundred fixed cases. `python -m tests.matching.decisions` accepts what they decide now.

The cases stand for all kinds of slips and relatives, in one small register of their own (decisions.jsonl). A change of
weights or rules that decides one of them otherwise wants another VERSION: stored lookups name the rules they went by.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from matching.matcher import DefiniteMatch, PotentialMatches, match
from matching.memory import InMemoryRegister
from matching.policy import Policy
from matching.records import PersonDetails, RecordStatus, TeachingRecord
from matching.weights import VERSION

SNAPSHOT = Path(__file__).with_name("decisions.jsonl")
TODAY = date(2026, 11, 24)


def kept() -> list[dict[str, Any]]:
    """The lines of the file: its version, the records, and the cases."""
    return [json.loads(line) for line in SNAPSHOT.read_text(encoding="utf-8").splitlines()]


def decided(lines: list[dict[str, Any]]) -> Iterator[str]:
    """What the rules decide now of each case, in the order of the file."""
    register = InMemoryRegister([_record(each["record"]) for each in lines if "record" in each])
    for each in lines:
        if "asked" in each:
            outcome = match(_person(each["asked"]), register, Policy(each["policy"]), TODAY)
            match outcome:
                case DefiniteMatch():
                    yield f"match {outcome.record.trn} {outcome.rule}"
                case PotentialMatches():
                    yield f"{outcome.outcome} {outcome.reason}"
                case _:
                    yield f"none {outcome.grade}"


def _person(facts: dict[str, Any]) -> PersonDetails:
    return PersonDetails(**_typed(facts))


def _record(facts: dict[str, Any]) -> TeachingRecord:
    status = RecordStatus(facts.get("status", RecordStatus.ACTIVE))
    return TeachingRecord(**(_typed(facts) | {"status": status}))


def _typed(facts: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in facts.items()}
    if "date_of_birth" in read:
        read["date_of_birth"] = date.fromisoformat(read["date_of_birth"])
    return read


if __name__ == "__main__":
    _, *rest = kept()
    now = decided(rest)
    lines = [{"version": VERSION}, *(each | {"decided": next(now)} if "asked" in each else each for each in rest)]
    written = "".join(json.dumps(line) + "\n" for line in lines)
    SNAPSHOT.write_text(written, encoding="utf-8")
