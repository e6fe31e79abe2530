"""One line of a register file: a teaching record, or the reason why it is none."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from matching.csv_files import NOT_UTF8
from matching.normalise import OLDEST_BIRTH_YEAR
from matching.records import RecordStatus, TeachingRecord

REQUIRED_COLUMNS = (
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
)
OPTIONAL_COLUMNS = ("previous_first_names", "has_qts", "has_open_alert")

LONGEST_TEXT = 1_000
UNPAIRED = "a quotation mark is left open on this line, or text stands behind a closing one"
_TRN_DIGITS = 7
_WORDS = {
    "": None,
    "true": True,
    "1": True,
    "yes": True,
    "y": True,
    "false": False,
    "0": False,
    "no": False,
    "n": False,
}


class RowRefused(Exception):
    """The line is no teaching record. The reason names the column and never repeats what stands in it."""


def take_apart(lines: Sequence[str]) -> Iterator[list[str] | str]:
    """The fields of each line, or why it has none.

    Each line is read by itself: no field of a register holds a line break, and a quotation mark that was left open
    would take what follows it into the record of somebody else.
    """
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error:
        rows = []
    if len(rows) == len(lines):  # every row took at least one line, so each took one
        return iter(rows)
    return map(_fields, lines)


def _fields(line: str) -> list[str] | str:
    try:
        return next(csv.reader((line,), strict=True))
    except csv.Error:
        most = csv.field_size_limit()
        return f"a field of more than {most:,} characters" if len(line) > most else UNPAIRED


def read_row(columns: Sequence[str], row: Sequence[str], today: date) -> TeachingRecord:
    """The record of one line. Raises RowRefused."""
    if len(row) != len(columns):
        raise RowRefused(f"{len(row)} columns instead of {len(columns)}")
    text = {name: _clean(name, value) for name, value in zip(columns, row, strict=True)}
    status = _status(text["status"])
    trn = _trn("trn", text["trn"])
    if not trn:
        raise RowRefused("trn: missing")
    if not (text["first_name"] or text["last_name"]):
        raise RowRefused("first_name and last_name: both missing")
    return TeachingRecord(
        trn=trn,
        first_name=text["first_name"],
        middle_name=text["middle_name"],
        last_name=text["last_name"],
        previous_first_names=_several(text.get("previous_first_names", "")),
        previous_last_names=_several(text["previous_last_names"]),
        date_of_birth=_date(text["date_of_birth"], today),
        nino=text["nino"].replace(" ", "").upper(),
        email=text["email"],
        status=status,
        merged_into=_merged_into(text, trn, status),
        has_qts=_yes_or_no("has_qts", text),
        has_open_alert=_yes_or_no("has_open_alert", text),
    )


def _clean(name: str, value: str) -> str:
    if len(value) <= LONGEST_TEXT and value.isascii() and (value.isalnum() or not value):
        return value  # most values, most of the time
    if "\ufffd" in value:
        raise RowRefused(f"{name}: {NOT_UTF8}")
    text = " ".join(value.replace("\0", "").split())
    if len(text) > LONGEST_TEXT:
        raise RowRefused(f"{name}: longer than {LONGEST_TEXT} characters")
    return text


def _trn(name: str, text: str) -> str:
    """Seven digits; a spreadsheet may have eaten the zeros in front."""
    if not text:
        return ""
    if not (text.isascii() and text.isdigit() and len(text) <= _TRN_DIGITS) or not text.strip("0"):
        raise RowRefused(f"{name}: not a TRN")
    return text.zfill(_TRN_DIGITS)


def _several(text: str) -> tuple[str, ...]:
    """Names apart by semicolons or bars."""
    if not text:
        return ()
    names = (name.strip() for name in text.replace("|", ";").split(";"))
    return tuple(dict.fromkeys(name for name in names if name))


def _date(text: str, today: date) -> date | None:
    if not text:
        return None
    try:
        born = date.fromisoformat(text)
    except ValueError:
        raise RowRefused("date_of_birth: not a date, YYYY-MM-DD") from None
    if born.year < OLDEST_BIRTH_YEAR or born > today:
        raise RowRefused(f"date_of_birth: before {OLDEST_BIRTH_YEAR} or after today")
    return born


def _status(text: str) -> RecordStatus:
    try:
        return RecordStatus(text.lower() or "active")
    except ValueError:
        raise RowRefused(f"status: none of {', '.join(RecordStatus)}") from None


def _merged_into(text: Mapping[str, str], trn: str, status: RecordStatus) -> str | None:
    survivor = _trn("merged_into", text["merged_into"])
    if not survivor:
        return None
    if status is not RecordStatus.MERGED:
        raise RowRefused("merged_into: the record's status is not merged")
    if survivor == trn:
        raise RowRefused("merged_into: the record itself")
    return survivor


def _yes_or_no(name: str, text: Mapping[str, str]) -> bool | None:
    try:
        return _WORDS[text.get(name, "").lower()]
    except KeyError:
        raise RowRefused(f"{name}: neither true nor false") from None
