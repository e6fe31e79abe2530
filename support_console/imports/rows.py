"""The rows of the pages of imports."""

from __future__ import annotations

from collections.abc import Iterable

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from identity_provider.kit.written import written_moment
from identity_provider.models import RowOutcome, UserImport, UserImportRow
from identity_provider.services.import_files import COLUMNS, content_of
from support_console.imports import queries, words
from support_console.imports.queries import Progress

SHEET_HEAD = ("LINE", *COLUMNS, "DRY_RUN", "DRY_RUN_NOTE", "RESULT", "NOTE", "USER_ID")


def listed(of: UserImport) -> list[str]:
    """One import in the list of them."""
    address = url_for("support.imports.show", import_id=of.id)
    link = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, written_moment(of.uploaded_at))
    return [link, of.client.name, of.file_name, str(of.rows_in_all), _(words.STATES[of.state])]


def details_of(of: UserImport) -> list[dict[str, str]]:
    """Whose import it is, and who decided."""
    names = queries.staff_named(of.uploaded_by_id, of.decided_by_id)
    rows = {
        _("Service"): of.client.name,
        _("File"): of.file_name,
        _("Uploaded"): _who_and_when(names.get(of.uploaded_by_id), written_moment(of.uploaded_at)),
        _("State"): _(words.STATES[of.state]),
        _("Rows"): str(of.rows_in_all),
    }
    if of.decided_by_id is not None and of.decided_at is not None:
        rows[_("Decided")] = _who_and_when(names.get(of.decided_by_id), written_moment(of.decided_at))
        rows[_("Reason")] = of.decision_reason
    if of.settled_at is not None:
        rows[_("Over since")] = written_moment(of.settled_at)
    return [{"key": str(key), "value": str(value)} for key, value in rows.items()]


def counted(progress: Progress) -> list[tuple[RowOutcome, str, int]]:
    """How many rows came, or would come, to what."""
    said = words.DONE if progress.is_run else words.PLANNED
    return [(each, str(_(said[each])), progress.counts.get(each.value, 0)) for each in RowOutcome]


def row(of: UserImportRow) -> list[str]:
    """One row, with what it says of a person."""
    content = content_of(of)
    user: str = ""
    if of.user_id is not None:
        address = url_for("support.users.show", user_id=of.user_id)
        user = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, _("User"))
    note = of.note if of.outcome is not None else of.planned_note
    return [
        str(of.line),
        content.said.get("EMAIL_ADDRESS", ""),
        content.said.get("TRN", ""),
        words.would_come_to(of.planned),
        words.came_to(of.outcome),
        words.noted(note),
        user,
    ]


def sheet(of: Iterable[UserImportRow]) -> Iterable[list[object]]:
    """Every row for a spreadsheet: as it was brought, and what became of it."""
    for each in of:
        said = content_of(each).said
        brought = [said.get(name, "") for name in COLUMNS]
        planned = [each.planned or "", words.noted(each.planned_note)]
        yield [each.line, *brought, *planned, each.outcome or "", words.noted(each.note), str(each.user_id or "")]


def _who_and_when(who: str | None, when: str) -> str:
    return str(_("%(when)s by %(who)s", when=when, who=who or _("Somebody")))
