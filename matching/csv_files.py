"""CSV files that people hand us: opened and read in one way, and refused by file and line where they cannot be read."""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, TextIO

SAVE: Final = "save the file as UTF-8"
NOT_UTF8: Final = f"not UTF-8; {SAVE}"
DAMAGED: Final = (EOFError, OSError, zlib.error)
"""What reading raises where a compressed file ends early, or is none."""

_NO_UTF8: Final = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of the bytes that it cannot decode."""


class FileUnreadable(ValueError):
    """The file cannot be read; the message names it, the line where that is known, and what to do."""


def opened(path: Path, errors: str = "strict") -> TextIO:
    """Open a UTF-8 file for reading, compressed or not, with a byte order mark, as spreadsheets write it, or without.

    What is no UTF-8 is treated as `errors` says, as by the built-in open.
    """
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors=errors, newline="")
    return path.open(encoding="utf-8-sig", errors=errors, newline="")


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Give the rows of a file by the names in its first line; a cell that a row lacks is empty, one too many goes.

    Raises FileUnreadable for a file that is not UTF-8, holds a NUL or a field above the limit of csv, or ends early.
    """
    with opened(path, "surrogateescape") as file:
        reader = csv.reader(_lines(path, file))
        columns = _row(path, reader) or []
        while (row := _row(path, reader)) is not None:
            if row:
                yield dict(zip_longest(columns, row[: len(columns)], fillvalue=""))


def too_long(to_line: int) -> str:
    """Say of a field that it is above the limit of csv; the line where it was given up shows how much it swallowed."""
    return (
        f"a field of more than {csv.field_size_limit():,} characters, up to line {to_line:,}; "
        "close a quotation mark that was left open, or shorten the field"
    )


def _row(path: Path, reader: Any) -> list[str] | None:
    begun = reader.line_num + 1
    try:
        row: list[str] | None = next(reader, None)
        return row
    except csv.Error as error:
        raise FileUnreadable(f"{path}, line {begun:,}: {too_long(reader.line_num)}") from error


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
