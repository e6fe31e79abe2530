"""Where the answer may go: a registered address, compared as a string (RFC 9700 2.1; attacks 1 to 3)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from authlib.oauth2.rfc6749.errors import InvalidRequestError

from identity_provider.domain.words import N_
from identity_provider.oidc.sent import SentRequest
from identity_provider.services.clients import is_loopback

# What urlsplit keeps as it stands: it strips or bends everything else before it compares.
_PLAIN = re.compile(r"[!-\[\]-~]+\Z")


def check(sent: SentRequest) -> None:
    """Refuses a missing, repeated or unregistered redirect URI; afterwards it is trusted."""
    asked = sent.get("redirect_uri")
    if asked is None or "redirect_uri" in sent.repeated or not is_registered(asked, sent.registered.redirect_uris):
        raise InvalidRequestError(N_("The address to return to is not registered for this service."))
    sent.redirect_uri = asked


def is_registered(asked: str, registered: list[str]) -> bool:
    """Exactly, but that a loopback IP literal may have another port (RFC 8252 7.3)."""
    if asked in registered:
        return True
    if not _PLAIN.match(asked) or not asked.startswith("http://") or not is_loopback(asked):
        return False
    portless = _without_port(asked)
    return any(portless == _without_port(each) for each in registered if is_loopback(each))


def _without_port(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        if parts.port is None and parts.netloc.endswith(":"):
            return None
    except ValueError:
        return None
    host = parts.netloc.rsplit(":", 1)[0] if parts.port is not None else parts.netloc
    return urlunsplit((parts.scheme, host, parts.path, parts.query, parts.fragment)) if "@" not in host else None
