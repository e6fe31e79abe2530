"""What emails about a change of name or date of birth say; read from the request when the message is written."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask_babel import force_locale

from identity_provider.db import db
from identity_provider.domain.change_requests import ChangeKind
from identity_provider.kit import change_words
from identity_provider.kit.app import settings
from identity_provider.models import ChangeRequest, OutboxMessage
from identity_provider.services import change_requests, change_reviews

KINDS = (
    change_requests.SUBMITTED,
    change_requests.LAPSED,
    change_requests.EVIDENCE_UNSAFE,
    change_reviews.APPROVED,
    change_reviews.REJECTED,
    change_reviews.MORE_EVIDENCE,
)


def about_change(message: OutboxMessage, now: datetime) -> dict[str, object] | None:  # noqa: ARG001 -- as every preparation
    """The words of a message about a request; None when the person has been erased since."""
    request = db.session.get(ChangeRequest, UUID(str(message.payload["change_request_id"])))
    if request is None:
        return None
    with force_locale(str(message.payload.get("locale", "en"))):
        wanted, why = change_words.wanted_of(request), change_words.rejection_of(request.rejection)
    return {
        "is_name": request.kind is ChangeKind.NAME,
        "reference": request.reference,
        "wanted": wanted,
        "why": why,
        "message": request.message,
        "reported": request.report is not None,
        "link": f"{settings().issuer}/account/changes/requests/{request.id}",
    }
