"""The sample register: people who do not exist, and the records that the people to try rely on."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import Any

from identity_provider.sandbox import people
from identity_provider.sandbox.seed import PEOPLE, known_records
from matching.records import TeachingRecord

SAMPLE_SEED = 2026
"""Every sandbox has the same people."""


def write_sample_register(file: Path, count: int) -> None:
    """Make up a register and write it to `file`, with the records that the people to try rely on."""
    generated = file.with_name(f"generated-{file.name}")
    people.write_register(generated, count, SAMPLE_SEED)
    known = known_records()
    # Nobody made up may hold a TRN that one of the people to try states by mistake.
    taken = {record.trn for record in known} | {person.trn for person in PEOPLE}
    with _opened(generated, "rt") as source, _opened(file, "wt") as target:
        reader = csv.DictReader(source)
        writer = csv.DictWriter(target, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(row for row in reader if row["trn"] not in taken)
        writer.writerows({name: _columns(record)[name] for name in reader.fieldnames or []} for record in known)
    generated.unlink()


def _columns(record: TeachingRecord) -> dict[str, str]:
    return {
        "trn": record.trn,
        "first_name": record.first_name,
        "middle_name": record.middle_name,
        "last_name": record.last_name,
        "previous_last_names": ";".join(record.previous_last_names),
        "previous_first_names": ";".join(record.previous_first_names),
        "date_of_birth": record.date_of_birth.isoformat() if record.date_of_birth else "",
        "nino": record.nino,
        "email": record.email,
        "status": record.status.value,
        "merged_into": record.merged_into or "",
        "has_qts": "",
        "has_open_alert": "",
    }


def _opened(path: Path, mode: str) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, mode, encoding="utf-8", newline="")
    return path.open(mode, encoding="utf-8", newline="")
