"""Many people at once, from values and from files."""

import csv
import gzip
from pathlib import Path

import pytest

from matching.batch import match_batch, match_rows, read_person, read_record, read_register, write_answers
from matching.matcher import DefiniteMatch
from matching.policy import Policy
from matching.records import RecordStatus
from tests.kit.people import ALEX, TODAY, a_person, a_register

ROWS = [
    {"query_id": "Q1", "first_name": "Alexandra", "last_name": "Featherstone", "date_of_birth": "1984-05-17"},
    {"query_id": "Q2", "first_name": "Alexandra", "last_name": "Featherstone", "trn": ALEX.trn},
    {"query_id": "Q3", "first_name": "Zebedee", "last_name": "Quill", "date_of_birth": "1991-02-03"},
    {"query_id": "Q4", "first_name": "", "last_name": "", "date_of_birth": "31/02/1991"},
]


@pytest.mark.parametrize(("word", "meant"), [("1", True), ("Yes", True), ("n", False), ("0", False), ("", None)])
def test_a_column_of_yes_and_no_is_read_as_by_the_import(word: str, meant: bool | None) -> None:
    row = {"trn": "42", "first_name": "A", "last_name": "B", "date_of_birth": "1980-01-02"}
    assert read_record(row | {"has_qts": word}).has_qts is meant


def test_each_row_is_answered_in_order() -> None:
    rows = list(match_rows(a_register(ALEX), ROWS, Policy.LINKAGE, TODAY, processes=1))
    assert [(row["query_id"], row["outcome"], row["trn"]) for row in rows] == [
        ("Q1", "match", ALEX.trn),
        ("Q2", "match", ALEX.trn),
        ("Q3", "none", ""),
        ("Q4", "not_determinable", ""),
    ]
    assert rows[0]["reason"] == "names_and_birthday"
    assert rows[0]["candidates"].split(";")[0] == ALEX.trn
    assert float(rows[0]["weight"]) > 20


def test_processes_share_the_work_and_keep_the_order() -> None:
    many = [row | {"query_id": f"{row['query_id']}-{n}"} for n in range(150) for row in ROWS]
    register = a_register(ALEX)
    alone = list(match_rows(register, many, Policy.LINKAGE, TODAY, processes=1))
    assert list(match_rows(register, many, Policy.LINKAGE, TODAY, processes=2)) == alone


def test_a_batch_of_people_gives_their_outcomes() -> None:
    people = [a_person()] * 250
    outcomes = list(match_batch(a_register(ALEX), people, Policy.LINKAGE, TODAY, processes=2))
    assert len(outcomes) == 250
    assert all(isinstance(outcome, DefiniteMatch) for outcome in outcomes)


def test_predictions_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "predictions.csv"
    assert write_answers(target, match_rows(a_register(ALEX), ROWS, Policy.LINKAGE, TODAY)) == 4
    with target.open(encoding="utf-8", newline="") as file:
        assert [row["query_id"] for row in csv.DictReader(file)] == ["Q1", "Q2", "Q3", "Q4"]

    def broken() -> list[dict[str, str]]:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        write_answers(tmp_path / "other.csv", (row for row in broken()))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["predictions.csv"]


def test_missing_columns_were_not_given() -> None:
    person = read_person({"query_id": "Q1", "first_name": "Alexandra", "previous_last_name": "Okafor; Hall"})
    assert person.previous_last_names == ("Okafor", "Hall")
    assert person.date_of_birth is None
    assert person.trn == ""


def test_a_register_file_is_read_packed_or_not(tmp_path: Path) -> None:
    text = "trn,first_name,last_name,date_of_birth,status,merged_into,has_qts\n42,A,B,1980-01-02,merged,43,true\n"
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    with gzip.open(tmp_path / "r.csv.gz", "wt", encoding="utf-8") as packed:
        packed.write(text)
    (record,) = read_register(tmp_path / "r.csv")
    assert [record] == list(read_register(tmp_path / "r.csv.gz"))
    assert (record.trn, record.status, record.merged_into, record.has_qts) == (
        "0000042",
        RecordStatus.MERGED,
        "0000043",
        True,
    )


def test_a_status_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="lost"):
        read_record({"trn": "1", "status": "lost"})
