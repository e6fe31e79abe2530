"""What a service says of itself when it registers (RFC 7591 section 2, OpenID Connect Registration section 2): pure.

Members that nobody defined are ignored, those that we cannot honour are left out of the answer, and whatever would
make a sign-in less safe is refused with the word that the specification has for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from identity_provider.domain.errors import IdentityError

LONGEST_TEXT = 2_000
MOST_VALUES = 20
GRANTS = ("authorization_code", "refresh_token", "client_credentials")

_WEB, _NATIVE = "web", "native"
# What is kept as it was said, beside what has a meaning of its own; each a text.
_REMARKS = ("client_uri", "logo_uri", "policy_uri", "tos_uri", "software_id", "software_version")
_ADDRESSES = (
    "client_uri",
    "logo_uri",
    "policy_uri",
    "tos_uri",
    "jwks_uri",
    "sector_identifier_uri",
    "initiate_login_uri",
    "backchannel_logout_uri",
)
_ENCRYPTION = (
    "id_token_encrypted_response_alg",
    "userinfo_encrypted_response_alg",
    "request_object_encryption_alg",
)


class MetadataRefused(IdentityError):
    """The registration cannot be made as it was asked for (RFC 7591 3.2.2)."""

    def __init__(self, description: str, error: str = "invalid_client_metadata") -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class Said:
    """One registration request, read member by member. Every reader raises MetadataRefused."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members
        self._refuse_what_we_do_not_do()
        for name in _ADDRESSES:
            if self.text(name) is not None:
                _refuse_unless_https(name, str(self.text(name)))

    def text(self, name: str) -> str | None:
        """A text; None when it is absent, null or empty."""
        value = self._members.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > LONGEST_TEXT or not value.isprintable():
            raise MetadataRefused(f"{name} must be a text of at most {LONGEST_TEXT} characters")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty when it is absent or null."""
        values = self._members.get(name)
        if values is None:
            return ()
        if not isinstance(values, list) or len(values) > MOST_VALUES:
            raise MetadataRefused(f"{name} must be a list of at most {MOST_VALUES} texts")
        if not all(isinstance(each, str) and 0 < len(each) <= LONGEST_TEXT and each.isprintable() for each in values):
            raise MetadataRefused(f"{name} must be a list of texts")
        return tuple(dict.fromkeys(values))

    @property
    def application_type(self) -> str:
        """`web` unless it is said to be `native`."""
        kind = self.text("application_type") or _WEB
        if kind not in {_WEB, _NATIVE}:
            raise MetadataRefused("application_type must be web or native")
        return kind

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where people are sent back to; https, or the loopback of a native application (RFC 8252 7.3)."""
        uris = self.texts("redirect_uris")
        for uri in uris:
            _refuse_unless_safe(uri, self.application_type, "invalid_redirect_uri")
        if not uris and "authorization_code" in self.grant_types:
            raise MetadataRefused("redirect_uris are needed to sign people in", "invalid_redirect_uri")
        return uris

    @property
    def post_logout_redirect_uris(self) -> tuple[str, ...]:
        """Where people are sent to after they signed out."""
        uris = self.texts("post_logout_redirect_uris")
        for uri in uris:
            _refuse_unless_safe(uri, self.application_type, "invalid_client_metadata")
        return uris

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The authorization code flow unless something else is said, and `response_types` that agree with it (2.1)."""
        grants = self.texts("grant_types") or ("authorization_code",)
        for grant in grants:
            if grant not in GRANTS:
                raise MetadataRefused(f"grant_types: {grant} is not one of {', '.join(GRANTS)}")
        expected = ("code",) if "authorization_code" in grants else ()
        if (self.texts("response_types") or expected) != expected:
            raise MetadataRefused("response_types must be code, and agree with grant_types")
        if "refresh_token" in grants and "authorization_code" not in grants:
            raise MetadataRefused("grant_types: refresh_token comes with authorization_code")
        return grants

    @property
    def keys(self) -> dict[str, Any] | None:
        """The service's public keys by value; what is in them is judged where they are kept."""
        keys = self._members.get("jwks")
        if keys is not None and not isinstance(keys, dict):
            raise MetadataRefused("jwks must be a JSON Web Key Set")
        if keys is not None and self.text("jwks_uri") is not None:
            raise MetadataRefused("jwks and jwks_uri must not both be there")
        return keys

    @property
    def name(self) -> str:
        """What people see; where the service gives none, the host that they are sent to."""
        given = " ".join((self.text("client_name") or "").split())
        if len(given) > 200:
            raise MetadataRefused("client_name must not be longer than 200 characters")
        hosts = [urlsplit(uri).hostname for uri in self.redirect_uris]
        return given or next((host for host in hosts if host), "A service without a name")

    def scopes_of(self, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the scopes asked for that are allowed, or the usual ones; the answer says which (RFC 7591 2)."""
        asked = tuple(dict.fromkeys((self.text("scope") or "").split()))
        granted = tuple(each for each in asked or allowed if each in allowed)
        if "authorization_code" in self.grant_types and "openid" not in granted:
            raise MetadataRefused("scope must hold openid")
        return granted

    def remarks(self) -> dict[str, Any]:
        """What is kept of it as it was said, to be shown to people and given back."""
        said: dict[str, Any] = {name: self.text(name) for name in _REMARKS}
        said |= {"contacts": list(self.texts("contacts")), "application_type": self.application_type}
        return {name: value for name, value in said.items() if value not in (None, [])}

    def _refuse_what_we_do_not_do(self) -> None:
        if "software_statement" in self._members:
            raise MetadataRefused("software statements are not accepted", "unapproved_software_statement")
        for name in _ENCRYPTION:
            if self.text(name) is not None:
                raise MetadataRefused(f"{name}: nothing is encrypted here")


def _refuse_unless_safe(uri: str, application_type: str, error: str) -> None:
    parts = _parts_of(uri)
    is_https = parts is not None and parts[0] == "https" and not _is_local(parts[1])
    is_own_machine = parts is not None and parts[0] == "http" and _is_loopback(parts[1])
    if is_https or (application_type == _NATIVE and is_own_machine):
        return
    raise MetadataRefused("an https address without a fragment is needed, or the loopback of a native one", error)


def _refuse_unless_https(name: str, uri: str) -> None:
    parts = _parts_of(uri)
    if parts is None or parts[0] != "https" or _is_local(parts[1]):
        raise MetadataRefused(f"{name} must be an https address without a fragment")


def _parts_of(uri: str) -> tuple[str, str] | None:
    """Scheme and host of a plain absolute address; None for everything else."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    odd = not uri.isascii() or not uri.isprintable() or any(each in uri for each in ' #\\"<>')
    if odd or "@" in parts.netloc or not parts.hostname or "://" not in uri:
        return None
    return parts.scheme, parts.hostname


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_local(host: str) -> bool:
    """Whether a host is this very machine by any name: no service of the web lives there."""
    return _is_loopback(host) or host == "localhost" or host.endswith(".localhost")
