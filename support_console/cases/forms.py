"""What agents type on the pages of a case."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from identity_provider.domain.values import Trn
from identity_provider.kit.fields import Answered, CleanString, CleanText, Parsed
from identity_provider.kit.forms import Form


class TrnForm(Form):
    """A TRN, typed or picked from a candidate."""

    trn = CleanString(_("TRN"), [Answered(_("Enter a TRN")), Parsed(Trn.parse)], max_length=40)

    @property
    def parsed(self) -> Trn:
        """The TRN, once the form is valid."""
        return Trn.parse(str(self.trn.data))


class ReasonForm(Form):
    """Why a decision is taken: it is kept with the link and in the audit."""

    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)


class AttachForm(TrnForm, ReasonForm):
    """The last step before a TRN is attached."""


class NoteForm(Form):
    """A note for colleagues."""

    text = CleanText(_("Note"), [Answered(_("Enter a note"))], max_length=4_000)


class AssignForm(Form):
    """Claiming a case or giving it back; `seen` is whose it was on the page."""

    to = HiddenField()
    seen = HiddenField()


class SearchForm(Form):
    """Anything that leads to a case; sent in the body, so that no name stands in an address."""

    q = CleanString(
        _("Search by name, email, TRN, case or Zendesk number"), [Answered(_("Enter something to search for"))]
    )
