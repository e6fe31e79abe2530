"""What is asked about TRN tokens."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from identity_provider.domain.values import Trn
from identity_provider.kit.fields import Answered, CleanString, CleanText, EmailField, Parsed
from identity_provider.kit.forms import Form


class SearchForm(Form):
    """An address or a TRN; sent in the body, so that neither stands in an address."""

    q = CleanString(_("Search by email address or TRN"), [Answered(_("Enter an email address or a TRN"))])


class ReasonForm(Form):
    """Why a token is ended: kept in the audit."""

    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)

    @property
    def words(self) -> str:
        """The reason, once the form is valid."""
        return str(self.reason.data)


class NewTokenForm(Form):
    """Whose record an address is, and how that is known."""

    email = EmailField(_("Email address"), [Answered(_("Enter an email address"))])
    trn = CleanString(_("TRN"), [Answered(_("Enter a TRN")), Parsed(Trn.parse)], max_length=20)
    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)

    @property
    def parsed_trn(self) -> Trn:
        """The TRN, once the form is valid."""
        return Trn.parse(str(self.trn.data))

    @property
    def words(self) -> str:
        """The reason, once the form is valid."""
        return str(self.reason.data)
