"""What is typed about passkeys."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from identity_provider.kit.fields import Answered, CleanString
from identity_provider.kit.forms import Form
from identity_provider.services.passkeys import NAME_LENGTH


class NewPasskeyForm(Form):
    """What a new passkey is to be called."""

    name = CleanString(_("Name (optional)"), max_length=NAME_LENGTH)


class RenameForm(Form):
    """What it shall be called from now on."""

    name = CleanString(
        _("What do you want to call this passkey?"), [Answered(_("Enter a name"))], max_length=NAME_LENGTH
    )
