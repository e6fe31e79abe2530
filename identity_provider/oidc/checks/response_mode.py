"""How the answer is carried: in the query, or by a form that posts itself (OAuth 2.0 Form Post Response Mode)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.sent import SentRequest

MODES = ("query", "form_post")


def check(sent: SentRequest) -> None:
    """Refuses every other mode; `fragment` by policy, for it hands codes to scripts (attack 6)."""
    mode = sent.get("response_mode") or "query"
    if mode not in MODES:
        raise InvalidRequestError("The response_mode must be query or form_post.")
    sent.response_mode = mode
