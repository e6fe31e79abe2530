"""How long ago the person may have proved who they are (OpenID Connect Core 3.1.2.1)."""

from __future__ import annotations

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.oidc.sent import SentRequest

# Longer ago than any session lives; also keeps the number within the database's integers.
_LONGEST = 1_000_000_000


def check(sent: SentRequest) -> None:
    """Refuses anything but a number of seconds, zero or more (attack 9)."""
    text = sent.get("max_age")
    if text is None:
        return
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise InvalidRequestError("The max_age must be a number of seconds.")
    sent.max_age = min(int(text), _LONGEST)
