"""What a person answers who asks for a change: the same questions as at the sign-in, with a reason and evidence."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from wtforms import FileField

from identity_provider.kit.dates import DateField
from identity_provider.kit.fields import Answered, ChoiceField, CleanString
from identity_provider.kit.forms import Form


class ReasonForm(Form):
    """Why the details are to be changed."""

    reason = ChoiceField(message=_("Select why it needs to be changed"))


class NameForm(Form):
    """The new name, in its three parts."""

    first_name = CleanString(_("First name"), [Answered(_("Enter your first name"))])
    middle_name = CleanString(_("Middle names (optional)"))
    last_name = CleanString(_("Last name"), [Answered(_("Enter your last name"))])


class DateOfBirthForm(Form):
    """The right date of birth."""

    date_of_birth = DateField(
        _("What is your correct date of birth?"), what=_("your date of birth"), past=True, earliest=date(1900, 1, 1)
    )


class EvidenceForm(Form):
    """One file."""

    file = FileField(_("Upload a file"))


class EmptyForm(Form):
    """A page with buttons only."""
