"""The rows of the pages of leaked TRNs."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup

from identity_provider.kit.written import written_moment
from identity_provider.services.leaked_trns import Effect
from support_console.actors import name_of
from support_console.leaked_trns.queries import Listed


def listed(of: Listed) -> list[str]:
    """One number of the list."""
    holder = str(_("Nobody"))
    if of.holder is not None:
        address = url_for("support.users.show", user_id=of.holder.id)
        holder = Markup('<a class="govuk-link" href="{}">{}</a>').format(address, of.holder.name.full)
    leaked = of.leaked
    return [
        leaked.trn,
        holder,
        leaked.source,
        leaked.reason,
        str(_("%(when)s by %(who)s", when=written_moment(leaked.added_at), who=name_of(leaked.added_by))),
    ]


def effect(of: Effect, *, adds: bool) -> list[dict[str, str]]:
    """What would happen, in numbers."""
    changes = of.numbers - of.listed if adds else of.listed
    rows = {
        _("TRNs given"): of.numbers,
        _("On the list already"): of.listed,
        _("Would be added") if adds else _("Would be removed"): changes,
        _("Users linked to one of them"): of.linked,
        _("Users without a link who stated one of them"): of.stated,
    }
    return [{"key": str(key), "value": str(value)} for key, value in rows.items()]
