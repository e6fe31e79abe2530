"""Records as lines of text: many are compared in columns, and only the few that matter are ever built."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final, overload

from matching.held import IN_TEXT_COLUMNS, NOTHING, SEPARATOR, RecordsInColumns, TextColumns
from matching.records import RecordStatus, TeachingRecord

FIELD_SEPARATOR: Final = "\t"
"""Between the values of a line, which are in the order of TeachingRecord's fields; no value holds it."""

_STATUSES: Final = {status.value: status for status in RecordStatus}
_TRUTHS: Final = {"t": True, "f": False}


class RecordLines(RecordsInColumns):
    """Records of a database, one a line, each built when it is asked for.

    Of 250 candidates ten are: to read the values of each, and to build all, took longer than to compare them.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        values = zip(*[line.split(FIELD_SEPARATOR) for line in lines], strict=True)
        self.held = TextColumns(*islice(values, IN_TEXT_COLUMNS)) if lines else NOTHING

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

    def values(self, at: int) -> Sequence[str]:
        """As `RecordsInColumns.values`."""
        return self._lines[at].split(FIELD_SEPARATOR)


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
