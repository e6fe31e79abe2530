"""What is asked about leaked TRNs."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from wtforms import FileField
from wtforms.validators import StopValidation

from identity_provider.kit.fields import Answered, ChoiceField, CleanString, CleanText
from identity_provider.kit.forms import Form
from identity_provider.models.leaked_trn import SOURCE_LENGTH
from identity_provider.services import leaked_trns
from identity_provider.services.leaked_trns import Told

MOST_NUMBERS = 5_000
"""So many go through a page; the command line takes more (docs/leaked-trns.md)."""
_LONGEST_LIST = 60_000
_ADD, _REMOVE = "add", "remove"


class SearchForm(Form):
    """A TRN; sent in the body, so that it does not stand in an address."""

    trn = CleanString(_("TRN"), [Answered(_("Enter a TRN"))], max_length=20)


class ListForm(Form):
    """Numbers, pasted or in a file, and what is to be done with them."""

    action = ChoiceField(
        _("What is to be done?"),
        choices={_ADD: _("Add to the list"), _REMOVE: _("Remove from the list")},
        message=_("Select what is to be done"),
    )
    numbers = CleanText(_("TRNs"), max_length=_LONGEST_LIST)
    file = FileField(_("Or a CSV file"))
    source = CleanString(_("Source"), max_length=SOURCE_LENGTH)
    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.told = Told((), ())

    def validate_numbers(self, field: CleanText) -> None:
        """Take the list apart. Refuses none, too many, and lines that hold no TRN: nothing is left out in silence."""
        # Both at once are both meant. The file comes first, so that its lines keep their numbers.
        self.told = leaked_trns.read("\n".join(each for each in (_text_of(self.file), str(field.data)) if each))
        if self.told.unreadable:
            raise StopValidation(_unreadable(self.told))
        if not self.told.trns:
            raise StopValidation(str(_("Enter at least one TRN, or choose a file with them")))
        if len(self.told.trns) > MOST_NUMBERS:
            raise StopValidation(str(_("Enter %(most)s TRNs or fewer", most=f"{MOST_NUMBERS:,}")))

    def validate_source(self, field: CleanString) -> None:
        """Refuses to add numbers of which nobody will know later where they came from."""
        if self.action.data == _ADD and not field.data:
            raise StopValidation(str(_("Enter where they became public, or who told us")))

    @property
    def adds(self) -> bool:
        """Whether the numbers are to be added, once the form is valid."""
        return bool(self.action.data == _ADD)

    @property
    def words(self) -> str:
        """The reason, once the form is valid."""
        return str(self.reason.data)


def _text_of(field: FileField) -> str:
    """All that stands in the file, however much comments make of it; what is no text has no line that could be read."""
    if not field.data or not getattr(field.data, "filename", ""):
        return ""
    content: bytes = field.data.read()
    return content.decode("utf-8-sig", errors="replace")


def _unreadable(told: Told) -> str:
    lines = ", ".join(str(line) for line, _why in told.unreadable[:10])
    number = len(told.unreadable)
    return str(
        ngettext(
            "%(num)s line holds no TRN of 7 digits. Mend or remove line %(lines)s",
            "%(num)s lines hold no TRN of 7 digits. Mend or remove lines %(lines)s",
            number,
            lines=lines,
        )
    )
