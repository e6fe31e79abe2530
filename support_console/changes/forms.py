"""What reviewers answer."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from identity_provider.domain.change_requests import REJECTIONS, RejectionReason
from identity_provider.kit.fields import ChoiceField, CleanText
from identity_provider.kit.forms import Form
from identity_provider.services.change_reviews import Answer


class AssignForm(Form):
    """Claiming a request or giving it back; `seen` is whose it was on the page."""

    to = HiddenField()
    seen = HiddenField()


class EmptyForm(Form):
    """A page with buttons only."""


class AnswerForm(Form):
    """What is wrong with the evidence; the person reads both answers."""

    why = ChoiceField(
        _("What is wrong?"),
        choices={reason.value: _(words) for reason, words in REJECTIONS.items()},
        message=_("Select what is wrong"),
    )
    message = CleanText(_("Message to the person (optional)"), max_length=1_000)

    @property
    def answer(self) -> Answer:
        """What was answered, once the form is valid."""
        return Answer(RejectionReason(str(self.why.data)), str(self.message.data))
