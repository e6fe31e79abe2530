"""What administrators type about staff."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.validators import StopValidation

from identity_provider.domain.access import StaffRole
from identity_provider.kit.fields import Answered, CleanString, EmailField
from identity_provider.kit.forms import Form
from support_console.labels import ROLES

# Made before the roles, which the page asks for last: a form's fields stand in the order in which they are made.
_EMAIL = EmailField(_("Email address"), [Answered(_("Enter an email address"))])
_NAME = CleanString(_("Name"), [Answered(_("Enter a name"))])


class RolesForm(Form):
    """What somebody may do."""

    roles = SelectMultipleField(
        _("Roles"),
        choices=[SelectChoice(value=each.value, label=_(ROLES[each])) for each in ROLES],
        validate_choice=False,
    )

    def validate_roles(self, field: SelectMultipleField) -> None:
        """Refuses no role at all, and roles that do not exist."""
        offered = {each.value for each in StaffRole}
        if not field.data or not set(field.data) <= offered:
            raise StopValidation(str(_("Select at least one role")))

    @property
    def chosen(self) -> list[StaffRole]:
        """The roles, once the form is valid."""
        return [StaffRole(each) for each in self.roles.data or []]


class NewStaffForm(RolesForm):
    """Somebody new."""

    email = _EMAIL
    name = _NAME
