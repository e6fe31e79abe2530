"""Tables for spreadsheets, in which nothing is taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

_BEGINS_A_FORMULA = "=+-@\t\r\n"


def harmless(text: str) -> str:
    """A text that a spreadsheet shows and does not run (OWASP, "CSV Injection")."""
    return f"'{text}" if text and text[0] in _BEGINS_A_FORMULA else text


def as_csv(file_name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The table as a file to keep. Numbers stay numbers; every text is made harmless."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(each) if isinstance(each, str) else each for each in row])
    headers = {"Content-Disposition": f"attachment; filename={file_name}"}
    return Response(text.getvalue(), mimetype="text/csv", headers=headers)
