"""Registers for tests: files of records, and databases of their own for the replica."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

from identity_provider.db import Base
from identity_provider.models import RegisterBatch, RegisterGeneration, RegisterImport, RegisterReject
from identity_provider.services.register_import import ImportOptions, ImportResult, import_register
from matching.records import TeachingRecord
from tests.kit.database import TestCluster

COLUMNS = (
    "trn",
    "first_name",
    "middle_name",
    "last_name",
    "previous_last_names",
    "date_of_birth",
    "nino",
    "email",
    "status",
    "merged_into",
    "previous_first_names",
    "has_qts",
    "has_open_alert",
)
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)

_MODELS = (RegisterImport, RegisterBatch, RegisterReject, RegisterGeneration)


def register_database(cluster: TestCluster, name: str) -> str:
    """A database of its own: imports make and drop tables, which other tests' clean-up must not meet."""
    url = cluster.url(name)
    engine = sa.create_engine(url)
    Base.metadata.create_all(engine, tables=[Base.metadata.tables[model.__tablename__] for model in _MODELS])
    engine.dispose()
    return url


def write_register(path: Path, records: Iterable[TeachingRecord]) -> Path:
    """These records as a register file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(map(_row, records))
    return path


def import_now(url: str, path: Path, *, workers: int = 0, force: bool = False) -> ImportResult:
    """Import a file, quietly."""
    options = ImportOptions(workers=workers, force=force)
    return import_register(url, path, options, lambda: NOW, lambda *_: None)


def _row(record: TeachingRecord) -> tuple[str, ...]:
    return (
        record.trn,
        record.first_name,
        record.middle_name,
        record.last_name,
        ";".join(record.previous_last_names),
        str(record.date_of_birth or ""),
        record.nino,
        record.email,
        record.status.value,
        record.merged_into or "",
        ";".join(record.previous_first_names),
        {None: "", True: "true", False: "false"}[record.has_qts],
        {True: "true", False: "false", None: ""}[record.has_open_alert],
    )
