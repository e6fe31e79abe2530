"""What reviewers answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from identity_provider.domain.change_requests import REJECTIONS, RejectionReason
from identity_provider.kit.fields import ChoiceField, CleanText
from identity_provider.kit.forms import Form
from identity_provider.models import ChangeRequest
from identity_provider.services.change_reviews import Answer


class AssignForm(Form):
    """Claiming a request or giving it back; `seen` is whose it was on the page."""

    to = HiddenField()
    seen = HiddenField()


class ApproveForm(Form):
    """Which file the DQT is shown; asked only where there is a choice."""

    exhibit = ChoiceField(_("Which file shall the DQT see?"), message=_("Select which file the DQT shall see"))

    def __init__(self, change: ChangeRequest, **more: Any) -> None:
        shown = [each.evidence for each in change.files if each.evidence.is_shown]
        super().__init__(**({"data": {"exhibit": str(shown[0].id)}} if shown else {}), **more)
        self.exhibit.offer({str(each.id): each.original_name for each in shown})
        if change.user.trn is None or len(shown) < 2:
            del self.exhibit

    @property
    def exhibit_id(self) -> UUID | None:
        """The chosen file, once the form is valid; None where there was nothing to choose."""
        return UUID(str(self["exhibit"].data)) if "exhibit" in self else None


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
