"""What staff type about users."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from identity_provider.kit.fields import Answered, ChoiceField, CleanString, CleanText
from identity_provider.kit.forms import Form
from identity_provider.kit.written import written_moment
from identity_provider.models import User
from identity_provider.services.merging import Choice


class SearchForm(Form):
    """Anything that leads to a person; sent in the body, so that no name stands in an address."""

    q = CleanString(_("Search by name, email or TRN"), [Answered(_("Enter something to search for"))])


def _a_reason() -> CleanText:
    return CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)


class ReasonForm(Form):
    """Why something is done to a user: it is kept in the audit."""

    reason = _a_reason()

    @property
    def words(self) -> str:
        """The reason, once the form is valid."""
        return str(self.reason.data)


class MergeForm(ReasonForm):
    """What stays of two users, and why: errors are listed in this order, the page's."""

    survivor = ChoiceField(_("Which user ID stays?"), message=_("Select which user ID stays"))
    email = ChoiceField(
        _("Which email address do they sign in with?"), message=_("Select which email address they sign in with")
    )
    trn = ChoiceField(_("Which TRN is theirs?"), message=_("Select which TRN is theirs"))
    reason = _a_reason()  # once more: a form's fields stand in the order in which they are made

    def __init__(self, one: User, two: User, **more: Any) -> None:
        super().__init__(**more)
        both = (one, two)
        self.survivor.offer({str(each.id): f"{each.id} ({written_moment(each.created_at)})" for each in both})
        self.email.offer({each.email: each.email for each in both})
        self.held = sorted({each.trn for each in both if each.trn is not None})
        self.trn.offer({trn: trn for trn in self.held})
        if len(self.held) < 2:
            # There is nothing to choose, so it is not asked.
            del self.trn

    @property
    def choice(self) -> Choice:
        """What was chosen, once the form is valid."""
        only = self.held[0] if self.held else None
        trn = str(self["trn"].data) if "trn" in self else only
        return Choice(str(self.email.data), trn, self.words)
