"""The forms of the sign-in journey."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from identity_provider.domain.values import NationalInsuranceNumber, Trn
from identity_provider.kit.dates import DateField
from identity_provider.kit.fields import Answered, ChoiceField, CleanString, CodeField, EmailField, MobileField, Parsed
from identity_provider.kit.forms import Form
from identity_provider.kit.yes_and_no import COULD_IT, HAVE_YOU, IS_THERE, NO, WAS_IT, YES

UNKNOWN = "unknown"
CODE_LENGTH = 6


class EmailForm(Form):
    """Which address the person signs in with."""

    email = EmailField(_l("What is your email address?"), [Answered(_l("Enter your email address"))])


class CodeForm(Form):
    """The code from the email."""

    code = CodeField(_l("Security code"), [Answered(_l("Enter the 6 digit code from the email"))], max_length=20)


class MobileForm(Form):
    """A number as a second contact; the person may go on without one."""

    mobile = MobileField(_l("Do you want to add a mobile number?"), [Answered(_l("Enter your mobile number"))])


class TextCodeForm(CodeForm):
    """The code from the text message."""

    code = CodeField(_l("Security code"), [Answered(_l("Enter the 6 digit code from the text message"))], max_length=20)


class SharedMailboxForm(Form):
    """Whether a mailbox that others read too is really meant."""

    choice = ChoiceField(
        _l("Which email address do you want to use?"),
        choices={"another": _l("Use a different email address"), "keep": _l("Keep using this email address")},
        message=_l("Select which email address you want to use"),
    )


class NameForm(Form):
    """The person's name, in its three parts."""

    first_name = CleanString(_l("First name"), [Answered(_l("Enter your first name"))])
    middle_name = CleanString(_l("Middle names (optional)"))
    last_name = CleanString(_l("Last name"), [Answered(_l("Enter your last name"))])


class PreviousNamesForm(Form):
    """Names that the teaching record may still be kept under."""

    changed = ChoiceField(
        _l("Have you ever changed your name?"),
        choices=HAVE_YOU,
        message=_l("Select yes if you have ever changed your name"),
    )
    previous_first_name = CleanString(_l("Previous first name, if it was different"))
    previous_last_name = CleanString(_l("Previous last name, if it was different"))
    other_last_name = CleanString(_l("Another previous last name (optional)"))

    def validate(self, extra_validators: Any = None) -> bool:
        """A "yes" comes with a name."""
        if self.changed.data == NO:
            # What stands in the boxes under the other answer does not count, whatever it is.
            return True
        valid = bool(super().validate(extra_validators))
        if valid and not any([self.previous_first_name.data, self.previous_last_name.data, self.other_last_name.data]):
            self.previous_last_name.errors = [*self.previous_last_name.errors, _("Enter your previous name")]
            return False
        return valid

    def names(self) -> list[dict[str, str]]:
        """What is kept: a pair of names each."""
        if self.changed.data == NO:
            return []
        first, last, other = self.previous_first_name.data, self.previous_last_name.data, self.other_last_name.data
        pairs = [(first or "", last or ""), ("", other or "")]
        return [{"first_name": each[0], "last_name": each[1]} for each in pairs if any(each)]


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


class DateOfBirthForm(Form):
    """When the person was born."""

    date_of_birth = DateField(
        _l("What is your date of birth?"), what=_l("your date of birth"), past=True, earliest=date(1900, 1, 1)
    )


class ExistingAccountForm(Form):
    """Whether an account with the same name and birthday is the person's own."""

    mine = ChoiceField(
        _l("Is this your account?"),
        choices={YES: _l("Yes, this is my account"), NO: _l("No, this is not my account")},
        message=_l("Select yes if this is your account"),
    )


class NumberForm(Form):
    """A number that the person may have; what is typed under "no" does not count."""

    has = ChoiceField()
    number = CleanString(max_length=40)

    def validate(self, extra_validators: Any = None) -> bool:
        """The number is looked at only when the person says that they have it."""
        if self.has.data != YES:
            return bool(self.has.validate(self))
        return bool(super().validate(extra_validators))


class NinoForm(NumberForm):
    """The National Insurance number, if the person knows it."""

    has = ChoiceField(
        _l("Do you have a National Insurance number?"),
        choices=IS_THERE,
        message=_l("Select yes if you have a National Insurance number"),
    )
    number = CleanString(
        _l("National Insurance number"),
        [Answered(_l("Enter your National Insurance number")), Parsed(NationalInsuranceNumber.parse)],
        max_length=40,
    )


class TrnForm(NumberForm):
    """The teacher reference number, if the person knows it."""

    has = ChoiceField(
        _l("Do you have a teacher reference number (TRN)?"),
        # Not to know a number is no statement that there is none: nobody ends as "no record" for having said so.
        choices={
            YES: _l("Yes, and I know it"),
            UNKNOWN: _l("Yes but I do not know it, or I am not sure"),
            NO: _l("No, I do not have a TRN"),
        },
        message=_l("Select whether you have a TRN"),
    )
    number = CleanString(
        _l("Teacher reference number (TRN)"), [Answered(_l("Enter your TRN")), Parsed(Trn.parse)], max_length=40
    )


class QtsForm(Form):
    """Whether the person says that they have qualified teacher status."""

    has_qts = ChoiceField(
        _l("Have you been awarded qualified teacher status (QTS)?"),
        choices=HAVE_YOU,
        message=_l("Select yes if you have been awarded qualified teacher status"),
    )


class TrainingForm(Form):
    """Where the person trained; for the helpdesk."""

    training_provider = CleanString(_l("Where did you train to be a teacher?"))


class OtherNamesForm(Form):
    """Names and spellings that the record might be kept under, beside those that were given already."""

    other_names = ChoiceField(
        _l("Could your teaching record have a different name or spelling?"),
        choices=COULD_IT,
        message=_l("Select yes if your record could have a different name or spelling"),
    )
    other_first_name = CleanString(_l("Other first name or spelling"))
    other_last_name = CleanString(_l("Other last name or spelling"))

    def validate(self, extra_validators: Any = None) -> bool:
        """A "yes" comes with a name."""
        if self.other_names.data != YES:
            return bool(self.other_names.validate(self))
        valid = bool(super().validate(extra_validators))
        if valid and not (self.other_first_name.data or self.other_last_name.data):
            words = _("Enter the other name or spelling")
            self.other_first_name.errors = [*self.other_first_name.errors, words]
            return False
        return valid


class TeacherTrainingForm(Form):
    """Whether the person ever trained to be a teacher."""

    training = ChoiceField(
        _l("Have you ever trained to be a teacher?"),
        choices={
            "england-or-wales": _l("Yes, in England or Wales"),
            "elsewhere": _l("Yes, somewhere else"),
            "no": HAVE_YOU[NO],
        },
        message=_l("Select whether you have ever trained to be a teacher"),
    )


class TrainingDetailsForm(Form):
    """Where and when, and of training elsewhere whether England recognised it."""

    where = CleanString(_l("Where did you train? (optional)"))
    when = CleanString(_l("Year you finished, or stopped (optional)"), max_length=40)
    recognised = ChoiceField(
        _l("Have you been awarded QTS in England for this training?"),
        choices=WAS_IT,
        message=_l("Select yes if you have been awarded QTS in England for this training"),
    )


class SchoolWorkForm(Form):
    """Whether the person works in a school, and as what: not all who do are teachers."""

    work = ChoiceField(
        _l("Do you work in a school, nursery or college?"),
        choices={
            "teacher": _l("Yes, as a teacher or lecturer"),
            "assistant": _l("Yes, as a teaching assistant"),
            "early-years": _l("Yes, in early years"),
            "other": _l("Yes, in another role"),
            "no": HAVE_YOU[NO],
        },
        message=_l("Select whether you work in a school, nursery or college"),
    )
    role = CleanString(_l("What is your role? (optional)"), max_length=100)

    def validate(self, extra_validators: Any = None) -> bool:
        """The role counts only under the answer that it belongs to."""
        if self.work.data != "other":
            return bool(self.work.validate(self))
        return bool(super().validate(extra_validators))


class ChooseEmailForm(Form):
    """Which of two proved addresses the person goes on with."""

    email = ChoiceField(
        _l("Which email address do you want to use?"), message=_l("Select which email address you want to use")
    )


class ChooseAccountForm(Form):
    """Whether to go on with the account that is signed in at this browser."""

    account = ChoiceField(_l("Which account do you want to use?"), message=_l("Select which account you want to use"))


class EmptyForm(Form):
    """A page with buttons only."""
