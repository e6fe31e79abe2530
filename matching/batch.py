"""Many people at once: over all cores, from values or from CSV files."""

import csv
import gzip
import multiprocessing
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final, TextIO, assert_never

from matching.matcher import DefiniteMatch, MatchOutcome, NoMatch, PotentialMatches, match
from matching.normalise import read_date
from matching.policy import Policy
from matching.records import PersonDetails, RecordStatus, TeacherRegister, TeachingRecord

CHUNK: Final = 200
OUT_COLUMNS: Final = ("query_id", "outcome", "trn", "reason", "weight", "candidates")

# As the import of the register reads them (docs/register.md).
_TRUTHS: Final = dict.fromkeys(("1", "true", "yes", "y"), True) | dict.fromkeys(("0", "false", "no", "n"), False)

_Job = tuple[TeacherRegister, Policy, date]
_job: list[_Job] = []


def match_batch(
    register: TeacherRegister,
    people: Sequence[PersonDetails],
    policy: Policy,
    today: date,
    processes: int = 0,
) -> Iterator[MatchOutcome]:
    """Match everybody, in the order given, over `processes` (all cores when 0).

    The register is inherited by forked processes, so that one in memory is not copied; a register that holds
    connections must be matched in one process.
    """
    workers = processes or os.cpu_count() or 1
    if workers == 1 or len(people) <= CHUNK:
        for person in people:
            yield match(person, register, policy, today)
        return
    _job.append((register, policy, today))
    try:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield from pool.imap(_match_in_worker, people, chunksize=CHUNK)
    finally:
        _job.pop()


def _match_in_worker(person: PersonDetails) -> MatchOutcome:
    register, policy, today = _job[-1]
    return match(person, register, policy, today)


def match_rows(
    register: TeacherRegister,
    rows: Sequence[Mapping[str, str]],
    policy: Policy,
    today: date,
    processes: int = 0,
) -> Iterator[dict[str, str]]:
    """Match rows of a CSV file and give rows of one; a row costs a few words between processes."""
    workers = processes or os.cpu_count() or 1
    if workers == 1 or len(rows) <= CHUNK:
        for row in rows:
            yield answer_row(row["query_id"], match(read_person(row), register, policy, today))
        return
    _job.append((register, policy, today))
    try:
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield from pool.imap(_row_in_worker, rows, chunksize=CHUNK)
    finally:
        _job.pop()


def _row_in_worker(row: Mapping[str, str]) -> dict[str, str]:
    register, policy, today = _job[-1]
    return answer_row(row["query_id"], match(read_person(row), register, policy, today))


def read_person(row: Mapping[str, str]) -> PersonDetails:
    """Read one person from a row of queries; columns that are missing were not given."""
    text = {name: value or "" for name, value in row.items()}
    return PersonDetails(
        first_name=text.get("first_name", ""),
        middle_name=text.get("middle_name", ""),
        last_name=text.get("last_name", ""),
        previous_last_names=_several(text.get("previous_last_name", "")),
        date_of_birth=read_date(text.get("date_of_birth", "")),
        trn=text.get("trn", ""),
        nino=text.get("nino", ""),
        email=text.get("email", ""),
    )


def read_record(row: Mapping[str, str]) -> TeachingRecord:
    """Read one record from a row of a register file; raises ValueError for a status that does not exist."""
    text = {name: value or "" for name, value in row.items()}
    return TeachingRecord(
        trn=text["trn"].strip().zfill(7),
        first_name=text.get("first_name", ""),
        middle_name=text.get("middle_name", ""),
        last_name=text.get("last_name", ""),
        previous_first_names=_several(text.get("previous_first_names", "")),
        previous_last_names=_several(text.get("previous_last_names", "")),
        date_of_birth=read_date(text.get("date_of_birth", "")),
        nino=text.get("nino", ""),
        email=text.get("email", ""),
        status=RecordStatus(text.get("status", "") or "active"),
        merged_into=text.get("merged_into", "").strip().zfill(7) if text.get("merged_into", "").strip() else None,
        has_qts=_TRUTHS.get(text.get("has_qts", "").lower()),
        has_open_alert=_TRUTHS.get(text.get("has_open_alert", "").lower()),
    )


def _several(text: str) -> tuple[str, ...]:
    """Names of a column that may hold several, apart by semicolons or bars."""
    return tuple(name.strip() for name in text.replace("|", ";").split(";") if name.strip())


def read_register(path: Path) -> Iterator[TeachingRecord]:
    """Read a register file, compressed or not."""
    with opened(path) as lines:
        yield from map(read_record, csv.DictReader(lines))


def opened(path: Path) -> TextIO:
    """Open a text file for reading, compressed or not."""
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def answer_row(query_id: str, outcome: MatchOutcome) -> dict[str, str]:
    """Give one outcome as a row of predictions."""
    best = outcome.candidates[0].weight if outcome.candidates else None
    row = {
        "query_id": query_id,
        "outcome": "",
        "trn": "",
        "reason": "",
        "weight": "" if best is None else f"{best:.1f}",
        "candidates": ";".join(candidate.record.trn for candidate in outcome.candidates),
    }
    match outcome:
        case DefiniteMatch():
            return row | {"outcome": "match", "trn": outcome.record.trn, "reason": outcome.rule.value}
        case PotentialMatches():
            return row | {"outcome": outcome.outcome, "reason": outcome.reason.value}
        case NoMatch():
            return row | {"outcome": "none", "reason": outcome.grade}
        case _:
            assert_never(outcome)


def write_answers(path: Path, rows: Iterable[Mapping[str, str]]) -> int:
    """Write predictions; a half-written file is never left behind. Returns how many there were."""
    part = path.with_name(path.name + ".part")
    count = 0
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, OUT_COLUMNS)
            writer.writeheader()
            for row in rows:
                writer.writerow(row)
                count += 1
        part.replace(path)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return count
