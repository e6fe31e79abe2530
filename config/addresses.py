"""Whether an address that an operator wrote can be used as what it is for; what cannot be read at all is no address."""

from __future__ import annotations

from email.utils import parseaddr
from urllib.parse import SplitResult, urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

_SCHEME = "postgresql+psycopg://"


def parts_of(text: str) -> SplitResult:
    """The parts of an address; every part is empty where it cannot be read, or its port is none (RFC 3986, 3.2.3)."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def database_address(text: str) -> str:
    """The address as SQLAlchemy takes it, for psycopg; empty for what is none of a PostgreSQL."""
    for prefix in ("postgres://", "postgresql://"):
        text = text.replace(prefix, _SCHEME, 1) if text.startswith(prefix) else text
    try:
        make_url(text)
    except (ArgumentError, ValueError):
        return ""
    return text if text.startswith(_SCHEME) else ""


def is_of_web(text: str) -> bool:
    """Whether it is an http or https address to which paths are appended."""
    parts = parts_of(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not (parts.query or parts.fragment)


def is_of_mail_server(text: str) -> bool:
    """Whether it is smtp://user:password@host:port or smtps://… A password with signs is to be percent-encoded."""
    parts = parts_of(text)
    whole = parts.path in {"", "/"} and not (parts.query or parts.fragment)
    return parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and whole


def is_of_sender(text: str) -> bool:
    """Whether mail can come from it: name@host, or Name <name@host>."""
    name, _, host = parseaddr(text)[1].rpartition("@")
    return bool(name and host) and not any(each.isspace() for each in name + host)
