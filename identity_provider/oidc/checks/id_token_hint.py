"""Whom the service believes to be at the browser, by an ID token that we gave it earlier."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.hints import subject_of
from identity_provider.oidc.sent import SentRequest


def check(sent: SentRequest) -> None:
    """Refuses a hint that we did not sign, or gave to another service (attack 10). An old one will do."""
    hint = sent.get("id_token_hint")
    if hint is None:
        return
    named = subject_of(hint, sent.registered)
    if named is None:
        raise InvalidRequestError("The id_token_hint is not one of ours.")
    sent.mean(named)
