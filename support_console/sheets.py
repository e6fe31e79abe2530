"""Tables for spreadsheets, in which nothing is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from flask import Flask, Response, current_app

from identity_provider.domain.sheets import harmless

_READ_AT_ONCE = 1_000


def as_stream(file_name: str, head: Sequence[str], rows: Iterable[Iterable[object]]) -> Response:
    """The same for a table of any length: it is sent as it is read, and never held as a whole."""
    headers = {"Content-Disposition": f"attachment; filename={file_name}"}
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the stand-in's own way out
    return Response(_lines(head, _read(app, iter(rows))), mimetype="text/csv", headers=headers)


def _read(app: Flask, rows: Iterator[Iterable[object]]) -> Iterator[list[object]]:
    """The rows, some at a time and each time with a database session of their own: the request's is over by then."""
    while True:
        with app.app_context():
            some = [list(row) for row in islice(rows, _READ_AT_ONCE)]
        yield from some
        if not some:
            return


def _lines(head: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    for row in chain([head], rows):
        writer.writerow([harmless(each) if isinstance(each, str) else each for each in row])
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def as_csv(file_name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The table as a file to keep. Numbers stay numbers; every text is made harmless."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(each) if isinstance(each, str) else each for each in row])
    headers = {"Content-Disposition": f"attachment; filename={file_name}"}
    return Response(text.getvalue(), mimetype="text/csv", headers=headers)
