"""CSV files as people hand them in: what is read, and what is refused with its line."""

import gzip
from pathlib import Path

import pytest

from matching.csv_files import ColumnsRefused, FileUnreadable, open_table, read_rows


def rows_of(path: Path, content: bytes) -> list[dict[str, str]]:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return list(read_rows(path))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_file_is_read_with_a_byte_order_mark_or_without(tmp_path: Path, name: str, mark: bytes, end: bytes) -> None:
    lines = (b'"a",b', b"1,Si\xc3\xa2n", b"", b'2,"x, ""y"""', b"3", b"4,b,, ")
    found = rows_of(tmp_path / name, mark + end.join(lines))
    assert [row["a"] for row in found] == ["1", "2", "3", "4"]
    assert [row["b"] for row in found] == ["Siân", 'x, "y"', "", "b"]


def test_columns_are_named_in_any_letters_and_empty_ones_at_the_end_are_none(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "a.csv", b' A ,"First_Name",,\n1,Ann,,\n') == [{"a": "1", "first_name": "Ann"}]


def test_a_file_of_columns_only_has_no_rows(tmp_path: Path) -> None:
    assert rows_of(tmp_path / "a.csv", b"a,b\n") == []


@pytest.mark.parametrize(("content", "told"), [
    (b"", "must name the columns; missing: a, b"),
    (b"\n\n", "must name the columns; missing: a, b"),
    (b"b,c\n1,2\n", "must name the columns; missing: a"),
    (b"a;b\n1;2\n", "must name the columns; missing: a, b"),
    (b"a,,b\n", "must name the columns; missing: a name"),
    (b"a,b, A\n", "must name each column once; there twice: a"),
    (b"a,b,c,B,C\n", "must name each column once; there twice: b, c"),
    (b"a,b,other\n", "must name each column once; there twice: b"),
])  # fmt: skip
def test_a_first_line_that_does_not_name_the_columns_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with (
        pytest.raises(ColumnsRefused) as refused,
        open_table(path, needed=("a", "b"), spellings={"other": "b"}),
    ):
        pass
    assert str(refused.value) == f"{path}, line 1 {told}"


@pytest.mark.parametrize(("content", "told"), [
    (b"a\n" + b"1\n" * 20_000 + b"\xe9\n", "line 20,002: not UTF-8"),
    (b"a\r1\r\xe9\r", "line 3: not UTF-8"),
    (b"a\n1\n\xed\xa0\x80\n", "line 3: not UTF-8"),
    ("a\n1\n".encode("utf-16"), "line 1: not UTF-8"),
    ("a\n1\n".encode("utf-16-le"), "line 1: a NUL character"),
    (b"x" * 140_000, "line 1: a field of more than 131,072 characters, up to line 1;"),
    (b'a\n1\n\n"2\n' + b"3\n" * 100_000, "line 4: a field of more than 131,072 characters, up to line 65,5"),
    (b'a,b\n1,"Ann\n2,Bea\n3,"Cy\n4,Di\n', "line 2: a field goes on to line 4; close a quotation mark"),
    (b'a,b\n1,"Ann\n2,Bea"\n3,Cy\n', "line 2: a field goes on to line 3; close a quotation mark"),
    (b'a,b\r1,"Ann\r2,Bea"\r3,Cy\r', "line 2: a field goes on to line 3; close a quotation mark"),
    (b'a,b\n1,Ann\n2,"Bea\n3,Cy\n', "line 3: a field goes on to line 4; close a quotation mark"),
    (b'a,b\n1,Ann\n2,"Bea', "line 3: a field goes on to line 3; close a quotation mark"),
    (b'"a,b\n1,Ann\n', "line 1: a field goes on to line 2; close a quotation mark"),
    (b'a,b\n1,"Ann" x\n', "line 2: something stands behind a closing quotation mark"),
    (b"a,b\n1,Ann\n2,Bea,x\n", "line 3: more cells than columns"),
    (b"a,b,\n1,Ann,x\n", "line 2: more cells than columns"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_by_its_line(tmp_path: Path, content: bytes, told: str) -> None:
    for name in ("a.csv", "a.csv.gz"):
        with pytest.raises(FileUnreadable) as refused:
            rows_of(tmp_path / name, content)
        assert str(refused.value).startswith(f"{tmp_path / name}, {told}")


@pytest.mark.parametrize("content", [b"a\n1\n", gzip.compress(b"a\n1\n", mtime=0)[:-6]])
def test_a_compressed_file_that_is_none_or_ends_early_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(content)
    with pytest.raises(FileUnreadable, match=r"a\.csv\.gz: cannot be read"):
        list(read_rows(path))
