"""Which service asks. Unknown, disabled and missing are answered alike (attack 4)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.domain.words import N_
from identity_provider.oidc.sent import SentRequest
from identity_provider.services import clients


def check(sent: SentRequest) -> None:
    """Refuses a client that is not registered, or is given twice."""
    found = clients.known(sent.get("client_id") or "")
    if found is None or not found.is_enabled or "client_id" in sent.repeated:
        raise InvalidRequestError(N_("The service that sent you here is not registered with us."))
    sent.client = found
