"""What is asked of who shares an award, and of who checks one."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l

from identity_provider.kit.dates import DateField
from identity_provider.kit.fields import Answered, ChoiceField, CleanString
from identity_provider.kit.forms import Form


class ShareForm(Form):
    """For whom a code is, and how long it shall work."""

    given_to = CleanString(_l("Who is the code for?"), [Answered(_l("Enter who the code is for"))], max_length=100)
    lifetime = ChoiceField(
        _l("How long should the code work?"),
        choices={"week": _l("7 days"), "month": _l("30 days"), "quarter": _l("90 days")},
        message=_l("Select how long the code should work"),
    )


class CheckForm(Form):
    """The code and the date of birth; who asks and why, if they want to say it."""

    code = CleanString(_l("Code"), [Answered(_l("Enter the code"))], max_length=40)
    date_of_birth = DateField(
        _l("Date of birth of the person who gave you the code"),
        what=_l("the date of birth"),
        past=True,
        earliest=date(1900, 1, 1),
    )
    organisation = CleanString(_l("Your organisation (optional)"))
    reason = CleanString(_l("Why you are checking (optional)"))


class EmptyForm(Form):
    """A page with buttons only."""
