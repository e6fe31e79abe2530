"""Signed links: what is in one was put there by us, for one purpose, until one moment.

The signature proves origin only. That a link is used once is for a row that it leads to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from itsdangerous import BadData, URLSafeSerializer

from identity_provider.domain.errors import IdentityError
from identity_provider.kit.app import settings

_EXPIRES = "until"
_CONTENT = "is"


class LinkInvalid(IdentityError):
    """The link was not made by us, or for something else, or did not arrive whole."""


class LinkExpired(IdentityError):
    """The link was ours, and its time is over. `content` says what it was about."""

    def __init__(self, content: Mapping[str, str]) -> None:
        super().__init__("the link's time is over")
        self.content = content


def sign_link(purpose: str, content: Mapping[str, str], *, until: datetime) -> str:
    """A token for an address. Its content can be read by whoever holds it: put ids there, never personal details."""
    return str(_serializer(purpose).dumps({_CONTENT: dict(content), _EXPIRES: int(until.timestamp())}))


def read_link(purpose: str, token: str, *, now: datetime) -> dict[str, str]:
    """What the token holds. Raises LinkInvalid or LinkExpired."""
    try:
        signed = _serializer(purpose).loads(token)
    except (BadData, UnicodeError) as refusal:
        raise LinkInvalid(purpose) from refusal
    content: dict[str, str] = signed[_CONTENT]
    # The moment of expiry is in the token, so a maker whose clock is ahead does not make its links invalid.
    if now.timestamp() >= signed[_EXPIRES]:
        raise LinkExpired(content)
    return content


def _serializer(purpose: str) -> URLSafeSerializer:
    """Signs with the newest key and still reads the older ones; the salt keeps purposes apart."""
    oldest_first = list(reversed(settings().secret_keys))
    return URLSafeSerializer(oldest_first, salt=f"link:{purpose}")
