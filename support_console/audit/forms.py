"""What the audit is searched by. In the page's address stand ids, words of ours and days: nothing personal."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _t
from flask_babel import lazy_gettext as _
from wtforms import Field
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from identity_provider.kit.fields import CleanString, ListField
from identity_provider.kit.forms import Form
from identity_provider.services.audit_search import Search
from support_console.audit import whom

_HERE = ZoneInfo("Europe/London")
_LONGEST = 320


class _Day:
    """Refuses what is no day, as the browser's own field writes it (2026-03-31). An empty answer passes."""

    def __call__(self, form: BaseForm, field: Field) -> None:  # noqa: ARG002  # WTForms gives it
        """Stop with an example."""
        if field.data and day_of(field.data) is None:
            raise StopValidation(_t("Enter a day like 2026-03-31"))


class SearchForm(Form):
    """By what, who, whom and when."""

    action = ListField(_("What"))
    actor = CleanString(_("Who did it"), max_length=_LONGEST)
    subject = CleanString(_("Whom or what it concerns"), max_length=_LONGEST)
    since = CleanString(_("From this day"), [_Day()], max_length=20)
    until = CleanString(_("Up to and with this day"), [_Day()], max_length=20)

    def __init__(self, formdata: Any, actions: list[str]) -> None:
        super().__init__(formdata)
        words = {each: each.replace("_", " ") for each in actions}
        self.action.offer({"": str(_("Anything")), **words})

    def find_ids(self) -> bool:
        """Put IDs in the place of what leads to them; False, with an error, where something leads to no one."""
        for field, read in ((self.actor, whom.actor), (self.subject, whom.subject)):
            try:
                field.data = read(str(field.data or ""))
            except whom.NotOne as refusal:
                field.errors = [str(refusal)]
        return not self.errors

    @property
    def asked(self) -> Search:
        """The search, once the form is valid. Days are those of the United Kingdom."""
        last = day_of(str(self.until.data or ""))
        return Search(
            action=str(self.action.data or ""),
            actor=str(self.actor.data or ""),
            subject=str(self.subject.data or ""),
            since=_begin(day_of(str(self.since.data or ""))),
            until=_begin(last + timedelta(days=1)) if last is not None else None,
        )


def day_of(text: str) -> date | None:
    """The day that a text names; None when it names none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year < 2200 else None


def _begin(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), tzinfo=_HERE).astimezone(UTC)
