"""What is typed to resume."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from identity_provider.kit.fields import Answered, CodeField
from identity_provider.kit.forms import Form


class CodeForm(Form):
    """The fresh code from the email."""

    code = CodeField(_("Security code"), [Answered(_("Enter the 6 digit code from the email"))], max_length=20)
