"""Form fields that take what people type, and refuse the rest in words that they understand."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from wtforms import Field, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from identity_provider.domain.values import ValueRefused

# Soft hyphens, zero-width characters and marks that turn the direction of text: they come with pasted text.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)
_UNREADABLE = frozenset({"Cc", "Cs", "Cn"})


class Answered:
    """Refuses an empty answer, in the words of the question: `Answered(_l("Enter your first name"))`."""

    def __init__(self, message: object) -> None:
        self.message = message

    def __call__(self, form: BaseForm, field: Field) -> None:  # noqa: ARG002  # WTForms gives it
        """Stop at the field's own complaint, so that a person reads one message for one box."""
        if field.errors:
            raise StopValidation
        if not field.data:
            raise StopValidation(str(self.message))


class Parsed:
    """Refuses what a value's `parse` refuses, in its words: `Parsed(Trn.parse)`. An empty answer passes."""

    def __init__(self, parse: Callable[[str], object]) -> None:
        self.parse = parse

    def __call__(self, form: BaseForm, field: Field) -> None:  # noqa: ARG002  # WTForms gives it
        """Stop with the reason in the language of the page."""
        if field.errors or not field.data:
            return
        try:
            self.parse(field.data)
        except ValueRefused as refused:
            raise StopValidation(_(refused.reason.value)) from refused


class CleanString(StringField):
    """One line of text: trimmed, spaces collapsed, invisible characters removed; `data` is never None.

    Refuses control characters, lone surrogates, and more than `max_length` characters.
    """

    def __init__(self, label: Any = None, validators: Any = None, *, max_length: int = 200, **more: Any) -> None:
        super().__init__(label, validators, **more)
        self.max_length = max_length

    def process_data(self, value: Any) -> None:
        self.data = value or ""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        typed = self.tidy(str(valuelist[0])) if valuelist else ""
        self.data = "".join(each for each in typed if not self.is_unreadable(each))
        if self.data != typed:
            raise ValueError(_("Remove characters that cannot be read, then try again"))
        if len(self.data) > self.max_length:
            raise ValueError(_("Enter %(most)s characters or fewer", most=self.max_length))

    def tidy(self, typed: str) -> str:
        """What is kept of the typed text before it is checked."""
        return " ".join(unicodedata.normalize("NFC", typed).translate(_INVISIBLE).split())

    def is_unreadable(self, character: str) -> bool:
        """Control characters (NUL too), halves of characters, and code points that mean nothing."""
        return unicodedata.category(character) in _UNREADABLE


class CleanText(CleanString):
    """Several lines of text; blank lines are kept, other control characters are refused."""

    def tidy(self, typed: str) -> str:
        lines = typed.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\n".join(CleanString.tidy(self, line) for line in lines).strip("\n")

    def is_unreadable(self, character: str) -> bool:
        return character != "\n" and super().is_unreadable(character)


class CodeField(CleanString):
    """A one-time code: spaces and dashes are removed, full-width digits become ordinary ones."""

    def tidy(self, typed: str) -> str:
        plain = unicodedata.normalize("NFKC", typed).translate(_INVISIBLE)
        return "".join(each for each in plain if not each.isspace() and unicodedata.category(each) != "Pd")

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002  # WTForms gives it
        """An empty box is for `Answered` to refuse."""
        if self.data and not (self.data.isascii() and self.data.isdigit()):
            raise StopValidation(_("Enter the code using numbers only"))


class EmailField(CleanString):
    """An email address, in lower case. Refuses what could not be one; whether it exists is not asked."""

    def __init__(self, label: Any = None, validators: Any = None, **more: Any) -> None:
        super().__init__(label, validators, max_length=254, **more)

    def tidy(self, typed: str) -> str:
        plain = unicodedata.normalize("NFKC", typed).translate(_INVISIBLE)
        return plain.strip().removeprefix("mailto:").strip("<> ")

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002  # WTForms gives it
        """An empty box is for `Answered` to refuse."""
        if not self.data:
            return
        try:
            found = validate_email(self.data, check_deliverability=False, allow_smtputf8=False, test_environment=True)
        except EmailNotValidError as refusal:
            words = _("Enter an email address in the correct format, like name@example.com")
            raise StopValidation(words) from refusal
        self.data = found.normalized.lower()


class MobileField(CleanString):
    """A mobile number, of any country, as E.164; without a country code it is one of the United Kingdom.

    Refuses what could not be the number of a mobile telephone.
    """

    def __init__(self, label: Any = None, validators: Any = None, **more: Any) -> None:
        super().__init__(label, validators, max_length=40, **more)

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002  # WTForms gives it
        """An empty box is for `Answered` to refuse."""
        if not self.data:
            return
        words = _("Enter a mobile phone number, like 07700 900 982 or +44 7700 900 982")
        try:
            number = phonenumbers.parse(unicodedata.normalize("NFKC", self.data), "GB")
        except phonenumbers.NumberParseException as refusal:
            raise StopValidation(words) from refusal
        if number.extension or not phonenumbers.is_possible_number(number) or not _may_be_mobile(number):
            raise StopValidation(words)
        self.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _may_be_mobile(number: phonenumbers.PhoneNumber) -> bool:
    """Some countries do not tell mobile numbers from others; a number that is kept for films and examples will do."""
    kind = phonenumbers.number_type(number)
    mobile = phonenumbers.PhoneNumberType.MOBILE
    # The numbers that Ofcom keeps for drama, and so for trying this out, are those of no network.
    played = str(number.national_number).startswith("7700900") and number.country_code == _UNITED_KINGDOM
    return played or kind in (mobile, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


_UNITED_KINGDOM = 44


class _OneOfThem(SelectField):
    """What radio buttons and lists share: choices as a mapping, refusals in plain words."""

    def __init__(
        self,
        label: Any = None,
        validators: Any = None,
        *,
        choices: Mapping[str, object] | None = None,
        message: Any = None,
        **more: Any,
    ) -> None:
        super().__init__(label, validators, validate_choice=False, **more)
        self.message = message
        self.offer(choices or {})

    def offer(self, choices: Mapping[str, object]) -> None:
        """Set the answers when they are known only at the request: each value and its words."""
        self.choices = [SelectChoice(value, words) for value, words in choices.items()]

    def pre_validate(self, form: BaseForm) -> None:  # noqa: ARG002  # WTForms gives it
        """Stop at an answer that is not offered, and at no answer when the question came with a `message` for it."""
        if not self.data and self.message is None:
            return
        offered: Any = self.iter_choices()
        if not self.data or self.data not in {str(choice.value) for choice in offered}:
            self.data = None
            raise StopValidation(str(self.message) if self.message is not None else _("Select one of the answers"))


class ChoiceField(_OneOfThem, RadioField):
    """Radio buttons: nothing chosen is None. `choices={"yes": _l("Yes"), "no": _l("No")}`."""


class ListField(_OneOfThem):
    """A drop-down list; an option whose value is empty is no answer. `choices` as in ChoiceField."""
