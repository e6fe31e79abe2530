"""What is asked about a switch."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import StopValidation

from identity_provider.domain.features import About
from identity_provider.kit.fields import Answered, ChoiceField, CleanText, ListField
from identity_provider.kit.forms import Form

_FOLLOWS = "as_the_rest"


class SwitchForm(Form):
    """On or off, for whom, and why: the reason is kept in the audit."""

    state = ChoiceField(_("It is to be"), message=_("Select whether it is to be on or off"))
    client_id = ListField(_("For"))
    reason = CleanText(_("Reason"), [Answered(_("Enter a reason"))], max_length=1_000)

    def about(self, feature: About, services: dict[str, str]) -> SwitchForm:
        """Offer what makes sense for this feature."""
        choices = {"on": _("On"), "off": _("Off")}
        self.state.offer(choices | ({_FOLLOWS: _("As for the other services")} if feature.per_service else {}))
        self.client_id.offer({"": _("Every service without a switch of its own")} | services)
        return self

    def validate_client_id(self, field: ListField) -> None:
        """Refuses to let everybody do as the rest."""
        if self.follows and not field.data:
            raise StopValidation(str(_("Select the service that is to do as the others")))

    @property
    def follows(self) -> bool:
        """Whether a service's own switch is to go."""
        return bool(self.state.data == _FOLLOWS)

    @property
    def on(self) -> bool:
        """What was chosen, once the form is valid."""
        return bool(self.state.data == "on")

    @property
    def words(self) -> str:
        """The reason, once the form is valid."""
        return str(self.reason.data)
