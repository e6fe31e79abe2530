"""How the pages of cases say things."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from identity_provider.domain.lookup import REASONS, LookupStatus
from identity_provider.models import Client
from support_console.cases.queries import AGES, CLOSED, SUGGESTED
from support_console.labels import why

Choice = tuple[str, str]


def choices(services: Sequence[Client]) -> dict[str, list[Choice]]:
    """What each filter of the queue offers."""
    pending = sorted(REASONS[LookupStatus.PENDING])
    return {
        "status": [("open", _("Open")), ("resolved", _("Resolved")), ("all", _("All"))],
        "reason": [("", _("Any")), *((each.value, why(each)) for each in pending)],
        "service": [("", _("Any")), *((each.id, each.name) for each in services)],
        "assigned": [("", _("Anyone or nobody")), ("me", _("Me")), ("nobody", _("Nobody"))],
        "desk": [
            ("", _("Any")),
            (CLOSED, _("Closed in Zendesk")),
            (SUGGESTED, _("TRN suggested in Zendesk")),
        ],
        "age": [
            ("", _("Any")),
            *((str(days), ngettext("Over %(num)s day", "Over %(num)s days", days)) for days in AGES),
        ],
    }
