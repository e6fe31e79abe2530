"""What commands refuse of the files that they are given or are to write, in one line and before any work."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy.engine.reflection import Inspector

HEAD = "query_id,first_name,last_name,date_of_birth\n"
TRUTH = "query_id,class,in_register,truth_trn,expected,acceptable\n"
PREDICTED = "query_id,outcome,trn\n"

Batch = Callable[..., tuple[int, str, list[dict[str, str]]]]


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def batch(runner: FlaskCliRunner, tmp_path: Path) -> Batch:
    """Match these queries: the exit code, what was said on standard error, and what was written."""

    def match(content: str, *options: str) -> tuple[int, str, list[dict[str, str]]]:
        queries, out = tmp_path / "queries.csv", tmp_path / "out.csv"
        queries.write_text(content, encoding="utf-8")
        done = runner.invoke(args=["match", "batch", str(queries), "--out", str(out), *options])
        if not out.exists():
            return done.exit_code, done.stderr, []
        with out.open(encoding="utf-8", newline="") as lines:
            return done.exit_code, done.stderr, list(csv.DictReader(lines))

    return match


def test_a_quotation_mark_left_open_swallows_no_query(batch: Batch, tmp_path: Path) -> None:
    rows = 'Q1,Ann,"Ash,1980-02-03\nQ2,Bea,Birch,1981-02-03\nQ3,Cy,"Cole,1982-02-03\nQ4,Di,Dale,1983-02-03\n'
    code, told, written = batch(HEAD + rows)
    assert (code, written) == (2, [])
    assert told.startswith(f"Error: {tmp_path / 'queries.csv'}, line 2: a field goes on to line 4; close a quotation")
    assert told.count("\n") == 1


@pytest.mark.parametrize(("head", "missing"), [
    ("query_id,first_name,surname,dob", "last_name, date_of_birth"),
    ("first_name,last_name", "query_id, date_of_birth"),
    ("", "query_id, first_name, last_name, date_of_birth"),
])  # fmt: skip
def test_a_file_that_lacks_a_column_is_refused(batch: Batch, tmp_path: Path, head: str, missing: str) -> None:
    code, told, written = batch(head)
    assert (code, written) == (2, [])
    assert told == f"Error: {tmp_path / 'queries.csv'}, line 1 must name the columns; missing: {missing}\n"


@pytest.mark.parametrize(("head", "twice"), [
    ("query_id,first_name,last_name,date_of_birth,Last_Name", "last_name"),
    ("query_id,first_name,last_name,date_of_birth,previous_last_name,previous_last_names", "previous_last_name"),
])  # fmt: skip
def test_a_column_that_is_there_twice_is_refused(batch: Batch, head: str, twice: str) -> None:
    code, told, _ = batch(head + "\n")
    assert code == 2
    assert told.endswith(f"line 1 must name each column once; there twice: {twice}\n")


def test_columns_are_heard_in_any_letters_and_in_the_spelling_of_the_register_file(batch: Batch) -> None:
    """The names and the number of one query are read, wherever its columns stand: else it would be malformed."""
    plain = batch(HEAD.replace("\n", ",previous_last_name\n") + "Q1,Zenobia,Ash,1980-02-03,Winterbourne\n")
    other = batch('Previous_Last_Names," FIRST_NAME",Last_Name,query_id ,Date_Of_Birth\n'
                  "Winterbourne,Zenobia,Ash,Q1,1980-02-03\n")  # fmt: skip
    assert plain == other
    assert [row["query_id"] for row in plain[2]] == ["Q1"]
    assert plain[:2] == (0, "Matching: 100% after 0 s\n")


def test_columns_that_nobody_reads_are_named(batch: Batch) -> None:
    code, told, written = batch(HEAD.replace("\n", ",NI number,notes\n") + "Q1,Ann,Ash,1980-02-03,AB123456C,x\n")
    assert (code, len(written)) == (0, 1)
    assert told.startswith("not read: ni number, notes; columns that are: query_id, first_name, last_name, ")


def test_a_file_of_columns_only_is_answered_by_one(batch: Batch) -> None:
    assert batch(HEAD)[::2] == (0, [])


@pytest.mark.parametrize("options", [["--processes", "-3"], ["--processes", "x"]])
def test_a_number_of_processes_that_there_is_not_is_refused(batch: Batch, options: list[str]) -> None:
    code, told, written = batch(HEAD + "Q1,Ann,Ash,1980-02-03\n" * 500, *options)
    assert (code, written) == (2, [])
    assert "Invalid value for '--processes'" in told


def test_where_the_answers_cannot_be_written_is_said_before_any_work(runner: FlaskCliRunner, tmp_path: Path) -> None:
    queries, pipe = tmp_path / "queries.csv", Path("/dev/null")
    queries.write_text(HEAD + "Q1,Ann,Ash,1980-02-03\n", encoding="utf-8")
    for out, told in [
        (tmp_path / "nowhere" / "o.csv", f"there is no folder {str(tmp_path / 'nowhere')!r}."),
        (queries / "o.csv", f"there is no folder {str(queries)!r}."),
        (tmp_path, "is a directory."),
        (pipe, "'/dev/null' is no file."),
        (queries, "--out is QUERIES itself"),
    ]:
        done = runner.invoke(args=["match", "batch", str(queries), "--out", str(out)])
        assert (done.exit_code, done.stdout) == (2, ""), out
        assert told in done.stderr
    assert queries.read_text(encoding="utf-8").startswith(HEAD)
    assert pipe.is_char_device()


@pytest.fixture
def scored(runner: FlaskCliRunner, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Score these predictions against this truth: the exit code, and what was said on standard error."""

    def score(predictions: str, truth: str, meta: bytes = b"") -> tuple[int, str]:
        paths = [tmp_path / "predictions.csv", tmp_path / "truth.csv"]
        for path, content in zip(paths, (predictions, truth), strict=True):
            path.write_text(content, encoding="utf-8")
        if meta:
            (tmp_path / "meta.json").write_bytes(meta)
        done = runner.invoke(args=["match", "evaluate", *map(str, paths)])
        return done.exit_code, done.stderr

    return score


ASKED = TRUTH + "Q1,exact,1,1000001,match,\nQ2,absent,0,,none,\n"


@pytest.mark.parametrize(("predictions", "truth", "told"), [
    (PREDICTED + "Q2,none,\n", ASKED, "1 queries of the truth have no prediction (the first is 'Q1')"),
    (PREDICTED, ASKED, "2 queries of the truth have no prediction (the first is 'Q1')"),
    (PREDICTED + "Q1,none,\nQ2,none,\nQ3,none,\n", ASKED,
     "1 queries with a prediction are not in the truth (the first is 'Q3')"),
    (PREDICTED + "A,none,\n", ASKED, "(the first is 'Q1'); 1 queries with a prediction are not in the truth"),
    ("", ASKED, "predictions.csv, line 1 must name the columns; missing: query_id, outcome, trn"),
    (PREDICTED + "Q1,none,\nQ2,none,\n", "", "truth.csv, line 1 must name the columns; missing: query_id, class, in"),
    (PREDICTED + "Q1,match,\nQ2,none,\n", ASKED, "query Q1 is a match with no TRN"),
    (PREDICTED + "Q1,none,\n", TRUTH + "Q1,exact,1,1000001,match,\n" * 2, "query Q1 is in the truth twice"),
    (PREDICTED + "Q1,none,\n", TRUTH + "Q1,exact,1,1000001,found,\n", "unknown outcome 'found' is expected of query"),
    (PREDICTED + "Q1,none,\n", TRUTH + "Q1,exact,yes,1000001,match,\n", "in_register of query Q1 is neither 0 nor 1"),
])  # fmt: skip
def test_predictions_about_other_queries_are_refused(
    scored: Callable[..., tuple[int, str]], predictions: str, truth: str, told: str
) -> None:
    code, said = scored(predictions, truth)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("Error: these files do not go together: ")
    assert told in said


@pytest.mark.parametrize("meta", [
    b"[]", b"{", b"\xff", b"[" * 100_000, b'{"undecidable": null}', b'{"undecidable": "absent"}',
    b'{"undecidable": [1]}',
])  # fmt: skip
def test_a_list_of_classes_that_is_none_is_refused(scored: Callable[..., tuple[int, str]], meta: bytes) -> None:
    code, said = scored(PREDICTED + "Q1,none,\nQ2,none,\n", ASKED, meta)
    assert (code, said.count("\n")) == (1, 1)
    assert "meta.json" in said


def test_a_file_of_classes_that_names_none_leaves_none_out(scored: Callable[..., tuple[int, str]]) -> None:
    assert scored(PREDICTED + "Q1,none,\nQ2,none,\n", ASKED, b'{"seed": 1}') == (0, "")


@pytest.mark.parametrize("args", [
    ["backup", "{}/nowhere/b.zip"],
    ["users", "export", "nobody@example.com", "--out", "{}/nowhere/e.json"],
    ["worker", "--concurrency", "0"],
    ["clients", "registration-token", "--label", "x", "--max-uses", "99999999999"],
])  # fmt: skip
def test_other_commands_refuse_before_any_work_too(runner: FlaskCliRunner, tmp_path: Path, args: list[str]) -> None:
    done = runner.invoke(args=[each.format(tmp_path) for each in args])
    assert done.exit_code == 2
    assert "Invalid value" in done.stderr


@pytest.mark.parametrize("content", [b"", b"[", b"\xff", b"[" * 100_000])
def test_a_file_of_keys_that_is_none_is_one_line(runner: FlaskCliRunner, tmp_path: Path, content: bytes) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(content)
    done = runner.invoke(args=["clients", "add", "keys-in-a-file", "--name", "A service", "--jwks", str(keys)])
    assert done.exit_code == 1
    assert done.stderr == f"Error: {keys} is not JSON in UTF-8\n"


@pytest.mark.parametrize("manifest", [None, b"[]", b"{", b"{}"])
def test_an_archive_that_is_no_backup_is_refused(
    runner: FlaskCliRunner, tmp_path: Path, manifest: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inspector, "get_table_names", lambda _: [])
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("other" if manifest is None else "manifest.json", manifest or b"")
    done = runner.invoke(args=["restore", str(tmp_path / "b.zip")])
    assert done.exit_code == 1
    assert "is no backup" in done.stderr


def test_bytes_that_are_no_text_are_nobody(runner: FlaskCliRunner) -> None:
    done = runner.invoke(args=["users", "show", "\udce9"])
    assert (done.exit_code, done.stderr) == (1, "Error: there is no such person\n")
