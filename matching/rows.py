"""Records in columns: many are compared there, and only the few that matter are ever built."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, overload

from matching.records import RecordStatus, TeachingRecord

SEPARATOR: Final = "\n"
"""Between several previous names in one value; no name holds it."""

Row = tuple[str, str, str, str, str, str, date | None, str, str, str, str | None, bool | None, bool | None]
"""A record as plain values, in the order of TeachingRecord's fields."""

_STATUSES: Final = {status.value: status for status in RecordStatus}


class Columns(NamedTuple):
    """The fields in which candidates are found to be worth comparing, each a value a record."""

    trn: Sequence[str]
    first_name: Sequence[str]
    middle_name: Sequence[str]
    last_name: Sequence[str]
    previous_first_names: Sequence[str]
    previous_last_names: Sequence[str]
    date_of_birth: Sequence[date | None]
    nino: Sequence[str]
    email: Sequence[str]


class RecordRows(Sequence[TeachingRecord]):
    """Records of a database, each built when it is asked for.

    Of 250 candidates ten are: to build all of them took longer than to compare them.
    """

    __slots__ = ("_rows", "columns")

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.columns = Columns(*list(zip(*rows, strict=True))[: len(Columns._fields)]) if rows else _NOTHING

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> TeachingRecord: ...
    @overload
    def __getitem__(self, at: slice) -> "RecordRows": ...
    def __getitem__(self, at: int | slice) -> "TeachingRecord | RecordRows":
        return RecordRows(self._rows[at]) if isinstance(at, slice) else read_record(self._rows[at])

    def __iter__(self) -> Iterator[TeachingRecord]:
        return map(read_record, self._rows)


_NOTHING: Final = Columns((), (), (), (), (), (), (), (), ())


def read_record(row: Row) -> TeachingRecord:
    """The record that these values hold."""
    trn, first, middle, last, previous_firsts, previous_lasts, born, nino, email, status, merged_into, qts, alert = row
    return TeachingRecord(
        trn,
        first,
        middle,
        last,
        tuple(previous_firsts.split(SEPARATOR)) if previous_firsts else (),
        tuple(previous_lasts.split(SEPARATOR)) if previous_lasts else (),
        born,
        nino,
        email,
        _STATUSES[status],
        merged_into,
        qts,
        alert,
    )


def columns_of(records: Sequence[TeachingRecord]) -> Columns:
    """The columns of records, without building any where they are rows."""
    if isinstance(records, RecordRows):
        return records.columns
    return Columns(
        [record.trn for record in records],
        [record.first_name for record in records],
        [record.middle_name for record in records],
        [record.last_name for record in records],
        [SEPARATOR.join(record.previous_first_names) for record in records],
        [SEPARATOR.join(record.previous_last_names) for record in records],
        [record.date_of_birth for record in records],
        [record.nino for record in records],
        [record.email for record in records],
    )


def with_more(records: Sequence[TeachingRecord], more: Iterable[TeachingRecord]) -> Sequence[TeachingRecord]:
    """Records, and those of `more` whose TRN is not among them."""
    held = set(columns_of(records).trn)
    new = {record.trn: record for record in more if record.trn not in held}
    return (*records, *new.values()) if new else records
