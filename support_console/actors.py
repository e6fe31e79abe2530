"""Who did something, as colleagues call them: links keep `staff:<id>`, `system:…` or `user:…`."""

from __future__ import annotations

from uuid import UUID

from flask_babel import gettext as _

from identity_provider.db import db
from identity_provider.models import Client, StaffUser


def name_of(actor: str | None) -> str:
    """The name of whoever is kept as `type:id`; what cannot be told apart any more is shown as it is kept."""
    kind, colon, key = (actor or "").partition(":")
    match kind if colon else "":
        case "staff":
            return _staff(key) or key
        case "client":
            client = db.session.get(Client, key)
            return client.name if client else key
        case "user":
            return str(_("The person"))
        case "system":
            return str(_("Automatic"))
        case _:
            return actor or ""


def _staff(key: str) -> str | None:
    try:
        member = db.session.get(StaffUser, UUID(key))
    except ValueError:
        return None
    return member.display_name if member else None
