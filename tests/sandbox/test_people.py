"""Synthetic people: always the same, never real, with the troubles of real ones."""

import csv
import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from identity_provider.sandbox.people import COLUMNS, generate_blocks, write_register
from identity_provider.sandbox.people_queries import CLASSES, REALISTIC, UNDECIDABLE, labelled_queries
from matching.batch import read_register
from matching.normalise import nino
from matching.records import RecordStatus


def test_the_same_seed_gives_the_same_file_packed_or_not(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv.gz", "d.csv.gz"):
        write_register(tmp_path / name, 2_000, 5)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert (tmp_path / "c.csv.gz").read_bytes() == (tmp_path / "d.csv.gz").read_bytes()
    assert gzip.decompress((tmp_path / "c.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()


def test_another_seed_gives_other_people() -> None:
    one, other = next(generate_blocks(100, 1)), next(generate_blocks(100, 2))
    assert {row[:2] for row in one}.isdisjoint(row[:2] for row in other)


def test_a_register_has_the_troubles_of_a_real_one(tmp_path: Path) -> None:
    write_register(tmp_path / "r.csv", 10_000, 1)
    records = list(read_register(tmp_path / "r.csv"))
    held = {record.trn: record for record in records}
    assert len(held) == 10_000
    statuses = Counter(record.status for record in records)
    assert statuses[RecordStatus.MERGED] > 30
    assert statuses[RecordStatus.DEACTIVATED] > 30
    assert all(record.merged_into in held for record in records if record.status is RecordStatus.MERGED)
    families = Counter((record.last_name, record.date_of_birth) for record in records)
    assert max(families.values()) > 1
    assert sum("-" in record.last_name for record in records) > 200
    assert sum(not record.last_name.isascii() for record in records) > 20


def test_numbers_are_well_formed_and_addresses_reserved() -> None:
    for row in next(generate_blocks(3_000, 1)):
        record = dict(zip(COLUMNS, row, strict=True))
        number = nino(record["nino"])
        assert not record["nino"] or (number and number.well_formed)
        assert not record["email"] or record["email"].endswith(("@example.com", ".example.org"))


def test_there_are_only_so_many_trns() -> None:
    with pytest.raises(ValueError, match="TRNs"):
        next(generate_blocks(10_000_000, 1))


def test_labelled_queries_come_with_their_truth(tmp_path: Path) -> None:
    write_register(tmp_path / "register.csv", 5_000, 1)
    labelled_queries(tmp_path / "register.csv", tmp_path / "labelled", 300, 9)
    with (tmp_path / "labelled" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = list(csv.DictReader(file))
    with (tmp_path / "labelled" / "queries.csv").open(encoding="utf-8", newline="") as file:
        assert [row["query_id"] for row in csv.DictReader(file)] == [row["query_id"] for row in truth]
    assert {row["expected"] for row in truth} >= {"match", "none", "not_determinable"}
    assert all(bool(row["truth_trn"]) == (row["in_register"] == "1") for row in truth)
    meta = json.loads((tmp_path / "labelled" / "meta.json").read_text(encoding="utf-8"))
    assert set(meta["undecidable"]) == set(UNDECIDABLE) <= set(meta["weights"])
    assert set(meta["weights"]) == {row["class"] for row in truth}


def test_a_mix_of_classes_is_drawn_in_proportion(tmp_path: Path) -> None:
    write_register(tmp_path / "register.csv", 3_000, 1)
    labelled_queries(tmp_path / "register.csv", tmp_path, 400, 9, {"exact": 3, "name_only": 1})
    with (tmp_path / "truth.csv").open(encoding="utf-8", newline="") as file:
        seen = Counter(row["class"] for row in csv.DictReader(file))
    assert set(seen) == {"exact", "name_only"}
    assert 240 < seen["exact"] < 360
    assert set(REALISTIC) < set(CLASSES)


def test_rarer_troubles_are_in_a_register_too(tmp_path: Path) -> None:
    write_register(tmp_path / "r.csv", 20_000, 1)
    records = {record.trn: record for record in read_register(tmp_path / "r.csv")}
    merged = [record for record in records.values() if record.merged_into]
    assert any(records[record.merged_into or ""].merged_into for record in merged)
    open_ones = {(r.first_name, r.last_name, r.date_of_birth) for r in records.values() if r.status == "active"}
    closed = [record for record in records.values() if record.status == "deactivated"]
    assert sum((r.first_name, r.last_name, r.date_of_birth) in open_ones for r in closed) > 5
    assert any(record.middle_name.endswith("ivna") for record in records.values())
