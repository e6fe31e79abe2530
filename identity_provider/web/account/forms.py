"""What is typed to sign in to one's own account, and to change it."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from identity_provider.kit.fields import Answered, ChoiceField, CleanString, CodeField, EmailField, MobileField
from identity_provider.kit.forms import Form
from identity_provider.models import User


class EmailForm(Form):
    """The address of the account."""

    email = EmailField(_l("What is your email address?"), [Answered(_l("Enter your email address"))])


class CodeForm(Form):
    """The code from the email."""

    code = CodeField(_l("Security code"), [Answered(_l("Enter the 6 digit code from the email"))], max_length=20)


class TextCodeForm(CodeForm):
    """The code from the text message."""

    code = CodeField(_l("Security code"), [Answered(_l("Enter the 6 digit code from the text message"))], max_length=20)


class NewEmailForm(Form):
    """The address that the person wants to sign in with; `keep` says yes to one that others can read."""

    email = EmailField(_l("What is your new email address?"), [Answered(_l("Enter your new email address"))])
    keep = CleanString()

    def validate_for(self, person: User) -> bool:
        """Whether it was sent, is right, and another one than they have."""
        if request.method != "POST" or not self.validate():
            return False
        if self.email.data == person.email:
            self.email.errors = [_("Enter an email address that is not the one you use already")]
        return not self.errors


class MobileForm(Form):
    """The number of the person's mobile telephone."""

    mobile = MobileField(_l("What is your mobile number?"), [Answered(_l("Enter your mobile number"))])

    def validate_for(self, person: User) -> bool:
        """Whether it was sent, is right, and another one than they have."""
        if request.method != "POST" or not self.validate():
            return False
        if self.mobile.data == person.mobile_number:
            self.mobile.errors = [_("Enter a number that is not the one we hold already")]
        return not self.errors


class PreferredNameForm(Form):
    """What the person is called."""

    choice = ChoiceField(_l("What name should we use when we contact you?"), message=_l("Select which name to use"))
    other = CleanString(_l("Enter the name to use"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Another name is to be entered when it is chosen."""
        if self.choice.data != "other":
            return bool(self.choice.validate(self))
        valid = bool(super().validate(extra_validators))
        if valid and not self.other.data:
            self.other.errors = [*self.other.errors, _("Enter the name to use")]
            return False
        return valid


class EmptyForm(Form):
    """A page with buttons only."""
