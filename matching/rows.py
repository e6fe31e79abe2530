"""Records as lines of text: many are compared in columns, and only the few that matter are ever built."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple, overload

from matching.records import RecordStatus, TeachingRecord

SEPARATOR: Final = "\n"
"""Between several previous names in one value; no name holds it."""

FIELD_SEPARATOR: Final = "\t"
"""Between the values of a line, which are in the order of TeachingRecord's fields; no value holds it."""

_STATUSES: Final = {status.value: status for status in RecordStatus}
_TRUTHS: Final = {"t": True, "f": False}


class Columns(NamedTuple):
    """The fields in which candidates are found to be worth comparing, each a value a record; dates as in ISO 8601."""

    trn: Sequence[str]
    first_name: Sequence[str]
    middle_name: Sequence[str]
    last_name: Sequence[str]
    previous_first_names: Sequence[str]
    previous_last_names: Sequence[str]
    date_of_birth: Sequence[str]
    nino: Sequence[str]
    email: Sequence[str]


class RecordLines(Sequence[TeachingRecord]):
    """Records of a database, one a line, each built when it is asked for.

    Of 250 candidates ten are: to read the values of each, and to build all, took longer than to compare them.
    """

    __slots__ = ("_lines", "columns")

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        values = zip(*[line.split(FIELD_SEPARATOR) for line in lines], strict=True)
        self.columns = Columns(*list(values)[: len(Columns._fields)]) if lines else _NOTHING

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, at: int) -> TeachingRecord: ...
    @overload
    def __getitem__(self, at: slice) -> "RecordLines": ...
    def __getitem__(self, at: int | slice) -> "TeachingRecord | RecordLines":
        return RecordLines(self._lines[at]) if isinstance(at, slice) else read_line(self._lines[at])

    def __iter__(self) -> Iterator[TeachingRecord]:
        return map(read_line, self._lines)


_NOTHING: Final = Columns((), (), (), (), (), (), (), (), ())


def read_line(line: str) -> TeachingRecord:
    """The record of a line; truths are `t`, `f` or nothing."""
    values = line.split(FIELD_SEPARATOR)
    trn, first, middle, last, previous_firsts, previous_lasts, born, nino, email, status, merged_into, qts, alert = (
        values
    )
    return TeachingRecord(
        trn,
        first,
        middle,
        last,
        tuple(previous_firsts.split(SEPARATOR)) if previous_firsts else (),
        tuple(previous_lasts.split(SEPARATOR)) if previous_lasts else (),
        date.fromisoformat(born) if born else None,
        nino,
        email,
        _STATUSES[status],
        merged_into or None,
        _TRUTHS.get(qts),
        _TRUTHS.get(alert),
    )


def columns_of(records: Sequence[TeachingRecord]) -> Columns:
    """The columns of records, without building any where they are lines."""
    if isinstance(records, RecordLines):
        return records.columns
    return Columns(
        [record.trn for record in records],
        [record.first_name for record in records],
        [record.middle_name for record in records],
        [record.last_name for record in records],
        [SEPARATOR.join(record.previous_first_names) for record in records],
        [SEPARATOR.join(record.previous_last_names) for record in records],
        [record.date_of_birth.isoformat() if record.date_of_birth else "" for record in records],
        [record.nino for record in records],
        [record.email for record in records],
    )


def with_more(records: Sequence[TeachingRecord], more: Iterable[TeachingRecord]) -> Sequence[TeachingRecord]:
    """Records, and those of `more` whose TRN is not among them."""
    held = set(columns_of(records).trn)
    new = {record.trn: record for record in more if record.trn not in held}
    return (*records, *new.values()) if new else records
