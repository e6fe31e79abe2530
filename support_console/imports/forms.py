"""What is asked about an import."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import FileField
from wtforms.validators import StopValidation

from identity_provider.kit.fields import Answered, CleanText, ListField
from identity_provider.kit.forms import Form
from identity_provider.services.import_files import MOST_BYTES


class UploadForm(Form):
    """A file, and which service it is for."""

    client_id = ListField(_("Which service are they for?"), message=_("Select the service"))
    file = FileField(_("CSV file"))

    def validate_file(self, field: FileField) -> None:
        """Refuses nothing at all, and what is no CSV file by its name; the rest is said when it is read."""
        if not field.data or not self.file_name:
            raise StopValidation(str(_("Choose a file")))
        if not self.file_name.lower().endswith(".csv"):
            raise StopValidation(str(_("The file must be a CSV file, with a name that ends in .csv")))

    @property
    def file_name(self) -> str:
        """The name of the file as it was sent, without anything that could not be shown."""
        sent = str(getattr(self.file.data, "filename", "") or "")
        name = sent.replace("\\", "/").rpartition("/")[2]
        return "".join(each for each in name if each.isprintable())[:200]

    def content(self) -> bytes:
        """What stands in the file, once the form is valid; a byte more than there may be, where there is too much."""
        read: bytes = self.file.data.read(MOST_BYTES + 1)
        return read

    def refuse(self, why: str) -> None:
        """Say beside the file what is wrong with it."""
        self.file.errors = [*self.file.errors, why]


class ReasonForm(Form):
    """Why it is approved, rejected, stopped or resumed: kept in the audit."""

    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)

    @property
    def words(self) -> str:
        """The reason, once the form is valid."""
        return str(self.reason.data)
