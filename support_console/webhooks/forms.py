"""What is asked about an endpoint."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import StopValidation

from identity_provider.kit.fields import Answered, ChoiceField, CleanString, ListField
from identity_provider.kit.forms import Form
from identity_provider.models import SUBSCRIBABLE, MessageType
from identity_provider.services.webhooks import EndpointRefused

TYPES = {
    MessageType.USER_CREATED: _("UserCreated: somebody registered"),
    MessageType.USER_UPDATED: _("UserUpdated: details, the TRN or the lookup changed"),
    MessageType.USER_MERGED: _("UserMerged: two accounts became one"),
}


# Made before the others, so that it stands and is complained of first.
_SERVICE = ListField(_("Service"), message=_("Select the service"))


class EndpointForm(Form):
    """Where and of what a service hears."""

    url = CleanString(_("Address"), [Answered(_("Enter the address"))], max_length=2_000)
    message_types = SelectMultipleField(
        _("Messages"), choices=[SelectChoice(value=each.value, label=TYPES[each]) for each in SUBSCRIBABLE],
        validate_choice=False,
    )  # fmt: skip

    def validate_message_types(self, field: SelectMultipleField) -> None:
        """Refuses none at all, and messages that there are not."""
        if not field.data or not set(field.data) <= {each.value for each in SUBSCRIBABLE}:
            raise StopValidation(str(_("Select at least one message")))

    @property
    def chosen(self) -> list[str]:
        """The messages, once the form is valid."""
        return list(self.message_types.data or ())

    def refuse(self, refusal: EndpointRefused) -> None:
        """Say beside the address what is wrong with it."""
        why = str(refusal).partition(": ")[2]
        self.url.errors = [*self.url.errors, why[:1].upper() + why[1:]]


class NewEndpointForm(EndpointForm):
    """One that is not there yet."""

    client_id = _SERVICE


class ChangeEndpointForm(EndpointForm):
    """One that is there."""

    enabled = ChoiceField(
        _("Is it in use?"),
        choices={"yes": _("Yes"), "no": _("No: nothing is sent until it is again")},
        message=_("Select whether it is in use"),
    )
