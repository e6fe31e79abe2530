"""Files of people are read line by line: a fault is named by its line, and a file that is none is refused."""

from __future__ import annotations

from datetime import date

import pytest

from identity_provider.services.import_files import (
    MOST_BYTES,
    MOST_ROWS,
    Content,
    FileFault,
    FileRefused,
    RowNote,
    birthday,
    read,
)
from tests.kit.importing import HEAD, a_line

TODAY = date(2026, 11, 22)


def contents(*lines: str, head: str = HEAD) -> list[Content]:
    return read("\r\n".join([head, *lines]).encode(), TODAY)


def fault_of(content: bytes) -> FileFault:
    with pytest.raises(FileRefused) as refused:
        read(content, TODAY)
    return refused.value.fault


def test_a_file_of_the_service_that_ours_replaces_is_read_as_it_is() -> None:
    (row,) = contents(a_line(" Kate@Example.COM ", born="04031985", preferred="Kate  B"))
    assert (row.line, row.fault, row.email, row.trn) == (2, None, "kate@example.com", "1234567")
    assert (row.born, row.said["PREFERRED_NAME"], row.name) == (date(1985, 3, 4), "Kate B", None)


def test_a_mark_at_the_beginning_small_letters_another_order_and_empty_lines_do_no_harm() -> None:
    head = "date_of_birth,preferred_name,last_name,middle_name,first_name,trn,email_address,id"
    text = f"\ufeff{head}\n\n1985-03-04,,Bush,,Kate,,kate@example.com,1\n,,,,,,,\n"
    (row,) = read(text.encode(), TODAY)
    assert (row.line, row.fault, row.born) == (3, None, date(1985, 3, 4))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("1,kate@example.com", RowNote.FIELDS),
        (a_line() + ",more", RowNote.FIELDS),
        (a_line(""), RowNote.NO_EMAIL),
        (a_line("kate"), RowNote.EMAIL_FORMAT),
        (a_line(trn="123456"), RowNote.TRN_FORMAT),
        (a_line(trn="0000000"), RowNote.TRN_FORMAT),
        (a_line(trn="", first="Kate"), RowNote.NO_NAME),
        (a_line(born=""), RowNote.NO_BIRTHDAY),
        (a_line(born="4031985"), RowNote.BIRTHDAY_FORMAT),
        (a_line(born="31021985"), RowNote.BIRTHDAY_FORMAT),
        (a_line(born="04031885"), RowNote.BIRTHDAY_FORMAT),
        (a_line(born="04032085"), RowNote.BIRTHDAY_FORMAT),
        (a_line(preferred="K" * 201), RowNote.TOO_LONG),
        (a_line(id="1" * 101), RowNote.TOO_LONG),
        (a_line(preferred="Ka\x07te"), RowNote.UNREADABLE),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_the_others_are_kept(line: str, fault: RowNote) -> None:
    wrong, right = contents(line, a_line("other@example.com", "7654321"))
    assert (wrong.line, wrong.fault) == (2, fault)
    assert (right.line, right.fault) == (3, None)


def test_a_second_row_of_one_address_or_one_trn_is_refused() -> None:
    rows = contents(a_line(), a_line("KATE@example.com", "7654321"), a_line("zoe@example.com", "12/34567"))
    assert [row.fault for row in rows] == [None, RowNote.EMAIL_REPEATED, RowNote.TRN_REPEATED]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", FileFault.COLUMNS_MISSING),
        (HEAD.encode(), FileFault.NO_ROWS),
        (HEAD.replace("TRN,", "").encode() + b"\n1,2", FileFault.COLUMNS_MISSING),
        (HEAD.encode() + b",EXTRA\n", FileFault.COLUMNS_UNKNOWN),
        (HEAD.encode() + b",TRN\n", FileFault.COLUMNS_UNKNOWN),
        (HEAD.encode("utf-16"), FileFault.NOT_UTF8),
        (HEAD.encode() + b"\n1,\xe9", FileFault.NOT_UTF8),
        (HEAD.encode() + b"\n\0", FileFault.NOT_CSV),
        (HEAD.encode() + b'\n"1"2,3', FileFault.NOT_CSV),
        (b"x" * (MOST_BYTES + 1), FileFault.TOO_LARGE),
        (HEAD.encode() + b"\n1" * (MOST_ROWS + 1), FileFault.TOO_MANY_ROWS),
    ],
)
def test_a_file_that_cannot_be_used_as_a_whole_is_refused(content: bytes, fault: FileFault) -> None:
    assert fault_of(content) is fault


def test_days_are_read_in_three_ways_and_never_guessed() -> None:
    assert {birthday(each) for each in ("25121980", "1980-12-25", "25/12/1980")} == {date(1980, 12, 25)}
    assert {birthday(each) for each in ("1121980", "1980-13-01", "12/25/1980", "x", "")} == {None}
