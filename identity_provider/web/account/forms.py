"""What is typed to sign in to one's own account."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from identity_provider.kit.fields import Answered, CodeField, EmailField
from identity_provider.kit.forms import Form


class EmailForm(Form):
    """The address of the account."""

    email = EmailField(_("What is your email address?"), [Answered(_("Enter your email address"))])


class CodeForm(Form):
    """The code from the email."""

    code = CodeField(_("Security code"), [Answered(_("Enter the 6 digit code from the email"))], max_length=20)


class EmptyForm(Form):
    """A page with buttons only."""
