"""What staff type to sign in."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from identity_provider.kit.fields import Answered, CleanString, EmailField
from identity_provider.kit.forms import Form
from support_console.auth import HOME, local_path


class Onward(Form):
    """Carries where to go once signed in."""

    next = HiddenField(default=HOME)

    @property
    def way_on(self) -> str:
        """The path to go to, which is always one of the console's own."""
        return local_path(str(self.next.data or ""))


class EmailForm(Onward):
    """The first question."""

    email = EmailField(_("Email address"), [Answered(_("Enter your email address"))])


class EnrolmentForm(Onward):
    """The code that an administrator handed over."""

    code = CleanString(_("Enrolment code"), [Answered(_("Enter the code"))], max_length=100)


class CodeForm(Onward):
    """A code, from the email or from the authenticator app."""

    code = CleanString(_("Code"), [Answered(_("Enter the code"))], max_length=100)
