"""A date typed into three boxes, by people in a hurry."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from wtforms import Field
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from identity_provider.kit.app import ports

PARTS = ("day", "month", "year")
_MONTHS = (
    ("jan", "ion"),
    ("feb", "chwe"),
    ("mar", "maw"),
    ("apr", "ebr"),
    ("may", "mai"),
    ("jun", "meh"),
    ("jul", "gor"),
    ("aug", "aws"),
    ("sep", "med"),
    ("oct", "hyd"),
    ("nov", "tach"),
    ("dec", "rhag"),
)
_LONGEST_PART = 20
_LONDON = ZoneInfo("Europe/London")


def today() -> date:
    """The day that it is in London."""
    return ports().clock.now().astimezone(_LONDON).date()


class DateField(Field):
    """Three inputs named `<name>-day`, `<name>-month`, `<name>-year`; "jan" and "January" are months.

    `data` is a date or None, `parts` what was typed, `wrong_parts` the boxes to mend, `error_anchor` the id of the
    first of them. Whatever is posted, nothing is raised; a two-digit year is refused, never guessed.
    """

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        what: Any = None,
        required: bool = True,
        past: bool = False,
        earliest: date | None = None,
        **more: Any,
    ) -> None:
        super().__init__(label, validators, **more)
        self.what = what
        self.required = required
        self.past = past
        self.earliest = earliest
        self.parts: dict[str, str] = dict.fromkeys(PARTS, "")
        self.wrong_parts: tuple[str, ...] = ()

    @property
    def error_anchor(self) -> str:
        """The id of the first box that is wrong."""
        return f"{self.id}-{self.wrong_parts[0] if self.wrong_parts else 'day'}"

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:  # noqa: ARG002
        """Read the three boxes, or show the given date in them."""
        self.process_errors: list[str] = []
        if data is None:
            data = self.default() if callable(self.default) else self.default
        self.object_data = self.data = data if isinstance(data, date) else None
        if isinstance(data, date):
            self.parts = {"day": str(data.day), "month": str(data.month), "year": str(data.year)}
        if formdata is not None and any(f"{self.name}-{part}" in formdata for part in PARTS):
            self.parts = {part: _plain(formdata.get(f"{self.name}-{part}", "")) for part in PARTS}
            self.data = None
        self.raw_data = [self.parts[part] for part in PARTS if self.parts[part]]

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002  # WTForms gives it
        """Name the first thing that is wrong, and the boxes that it is in."""
        self.wrong_parts = ()
        missing = tuple(part for part in PARTS if not self.parts[part])
        if len(missing) == len(PARTS):
            if self.required:
                self._refuse(PARTS, _("Enter %(what)s", what=self._what()))
            return
        if missing:
            self._refuse(missing, _missing_words(self._what(), missing))
        self.data = self._date()
        self._refuse_outside_limits(self.data)

    def _date(self) -> date:
        day, month, year = (_number(self.parts["day"]), _month(self.parts["month"]), _number(self.parts["year"]))
        if day is None or not 1 <= day <= 31:
            self._refuse(("day",), _("Day must be a number from 1 to 31"))
        if month is None or not 1 <= month <= 12:
            self._refuse(("month",), _("Month must be a number from 1 to 12, or a name like January"))
        if year is None or len(self.parts["year"]) != 4:
            self._refuse(("year",), _("Year must have 4 numbers, like 1985"))
        try:
            return date(year, month, day)
        except ValueError:
            self._refuse(PARTS, _("Enter a date that exists"))

    def _refuse_outside_limits(self, entered: date) -> None:
        what = _capital(self._what())
        if self.past and entered >= today():
            self._refuse(PARTS, _("%(what)s must be in the past", what=what))
        if self.earliest is not None and entered < self.earliest:
            self._refuse(("year",), _("%(what)s must be in %(year)s or later", what=what, year=self.earliest.year))

    def _what(self) -> str:
        return str(self.what if self.what is not None else _("a date"))

    def _refuse(self, wrong_parts: tuple[str, ...], words: str) -> NoReturn:
        self.wrong_parts = wrong_parts
        self.data = None
        raise StopValidation(words)


def _plain(typed: object) -> str:
    """Trimmed, with ordinary digits and letters, and short enough to be shown again."""
    plain = unicodedata.normalize("NFKC", str(typed))
    visible = "".join(each for each in plain if unicodedata.category(each)[0] != "C")
    return visible.strip()[:_LONGEST_PART]


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdigit() else None


def _month(typed: str) -> int | None:
    """1 to 12 from a number, or from the beginning of an English or Welsh name."""
    if (number := _number(typed)) is not None:
        return number
    name = typed.lower().rstrip(".")
    for month, beginnings in enumerate(_MONTHS, start=1):
        if name.startswith(beginnings):
            return month
    return None


def _missing_words(what: str, missing: tuple[str, ...]) -> str:
    names = {"day": _("a day"), "month": _("a month"), "year": _("a year")}
    listed = str(_(" and ")).join(names[part] for part in missing)
    return str(_("%(what)s must include %(missing)s", what=_capital(what), missing=listed))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
