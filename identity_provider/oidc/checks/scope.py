"""What is asked for: scopes that the client may not have are left out, and the answer says which remained."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidScopeError

from identity_provider.oidc.sent import SentRequest
from identity_provider.services.clients import PERSON_SCOPES

_FOR_PEOPLE = frozenset(PERSON_SCOPES)
MOST_SCOPES = 100


def check(sent: SentRequest) -> None:
    """Refuses a request without `openid`; keeps the order in which the scopes were asked for (RFC 6749 3.3)."""
    asked = (sent.get("scope") or "").split()
    if len(asked) > MOST_SCOPES:
        raise InvalidScopeError("There are too many scopes.")
    allowed = _FOR_PEOPLE & set(sent.registered.scopes)
    granted = [each for each in dict.fromkeys(asked) if each in allowed]
    if "openid" not in granted:
        raise InvalidScopeError("The scope must hold openid.")
    sent.scope = " ".join(granted)
