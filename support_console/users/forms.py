"""What staff type about users."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from identity_provider.kit.fields import Answered, CleanString, CleanText
from identity_provider.kit.forms import Form


class SearchForm(Form):
    """Anything that leads to a person; sent in the body, so that no name stands in an address."""

    q = CleanString(_("Search by name, email or TRN"), [Answered(_("Enter something to search for"))])


class DetachForm(Form):
    """Why a link to a record is ended."""

    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)
