"""CSV files that people hand us: opened and read in one way, and refused by file and line where they cannot be read."""

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TextIO

SAVE: Final = "save the file as UTF-8"
NOT_UTF8: Final = f"not UTF-8; {SAVE}"
DAMAGED: Final = (EOFError, OSError, zlib.error)
"""What reading raises where a compressed file ends early, or is none."""

QUOTE: Final = "put a field that holds a comma in quotation marks"
NO_OTHERS: Final[Mapping[str, str]] = MappingProxyType({})

_NO_UTF8: Final = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of the bytes that it cannot decode."""


class FileUnreadable(ValueError):
    """The file cannot be read; the message names it, the line where that is known, and what to do."""


class ColumnsRefused(FileUnreadable):
    """The file does not name the columns that it must have, each once."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file that is open: the names of its columns, and its rows by those names, each read when it is asked for."""

    columns: tuple[str, ...]
    rows: Iterator[dict[str, str]]


def opened(path: Path, errors: str = "strict") -> TextIO:
    """Open a UTF-8 file for reading, compressed or not, with a byte order mark, as spreadsheets write it, or without.

    What is no UTF-8 is treated as `errors` says, as by the built-in open.
    """
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors=errors, newline="")
    return path.open(encoding="utf-8-sig", errors=errors, newline="")


@contextmanager
def open_table(path: Path, needed: Collection[str] = (), spellings: Mapping[str, str] = NO_OTHERS) -> Iterator[Table]:
    """Open a file by the columns that its first line names, trimmed and in lower case; `spellings` are other names.

    Raises FileUnreadable, here and while rows are read, for a file that is not UTF-8, holds a NUL, a field above the
    limit of csv, a row over several lines, a quotation mark out of place or more cells than columns, or ends early;
    and ColumnsRefused where the first line does not name each column once, and all that are needed.
    """
    with opened(path, "surrogateescape") as file:
        reader = csv.reader(_lines(path, file), strict=True)
        columns = _columns(path, _row(path, reader) or [], needed, spellings)
        yield Table(columns, _rows(path, reader, columns))


def read_rows(path: Path, needed: Collection[str] = ()) -> Iterator[dict[str, str]]:
    """Give the rows of a file by the names of its columns; a cell that a row lacks is empty. Raises as `open_table`."""
    with open_table(path, needed) as table:
        yield from table.rows


def too_long(to_line: int) -> str:
    """Say of a field that it is above the limit of csv; the line where it was given up shows how much it swallowed."""
    return (
        f"a field of more than {csv.field_size_limit():,} characters, up to line {to_line:,}; "
        "close a quotation mark that was left open, or shorten the field"
    )


def _columns(path: Path, head: list[str], needed: Collection[str], spellings: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the columns. Raises ColumnsRefused, as the import of the register refuses such a first line."""
    names = [name.strip().lower() for name in head]
    while names and not names[-1]:  # a spreadsheet writes empty cells behind the last one
        names.pop()
    columns = tuple(spellings.get(name, name) for name in names)
    missing = [name for name in needed if name not in columns]
    if not columns or missing or "" in columns:
        raise ColumnsRefused(f"{path}, line 1 must name the columns; missing: {', '.join(missing) or 'a name'}")
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise ColumnsRefused(f"{path}, line 1 must name each column once; there twice: {', '.join(twice)}")
    return columns


def _rows(path: Path, reader: Any, columns: tuple[str, ...]) -> Iterator[dict[str, str]]:
    while (row := _row(path, reader)) is not None:
        if any(cell.strip() for cell in row[len(columns) :]):
            # A comma too many shifts what stands behind it into the columns of others.
            raise FileUnreadable(f"{path}, line {reader.line_num:,}: more cells than columns; {QUOTE}")
        if row:
            yield dict(zip_longest(columns, row[: len(columns)], fillvalue=""))


def _row(path: Path, reader: Any) -> list[str] | None:
    """Read the next row, which is one line: a quotation mark left open would swallow the rows up to the next one."""
    begun = reader.line_num + 1
    try:
        row: list[str] | None = next(reader, None)
    except csv.Error as error:
        raise FileUnreadable(f"{path}, line {begun:,}: {_misquoted(begun, reader.line_num, str(error))}") from error
    if reader.line_num > begun:
        raise FileUnreadable(f"{path}, line {begun:,}: {_left_open(reader.line_num)}")
    return row


def _misquoted(begun: int, ended: int, error: str) -> str:
    """Say what csv found; its words for it are in no other place."""
    if "field limit" in error:
        return too_long(ended)
    if ended > begun or "end of data" in error:
        return _left_open(ended)
    return "something stands behind a closing quotation mark; write a mark within a field twice"


def _left_open(to_line: int) -> str:
    return (
        f"a field goes on to line {to_line:,}; close a quotation mark that was left open, no field holds a line break"
    )


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    """Give the lines, checked one by one: a decoder reads many at a time, and could not say which one is at fault."""
    number = 0
    try:
        for number, line in enumerate(file, start=1):
            fault = _fault(line)
            if fault:
                raise FileUnreadable(f"{path}, line {number:,}: {fault}")
            yield line
    except DAMAGED as error:
        raise FileUnreadable(f"{path}: cannot be read beyond line {number:,} ({error}); make the file anew") from error


def _fault(line: str) -> str:
    if not line.isascii() and _NO_UTF8.search(line):
        return NOT_UTF8
    return f"a NUL character, which no text holds; {SAVE}" if "\0" in line else ""
