"""Calls to addresses that relying services registered, none of which may lead us into our own network (attack 13)."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import SplitResult, urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from identity_provider.ports import ServiceRefused, ServiceUnavailable

SECONDS_TO_ANSWER = 3.0
_HEADERS = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "*/*", "User-Agent": "get-an-identity"}


class RelyingServices:
    """A ServiceCaller: https, public addresses only, no redirects, three seconds.

    The address is resolved once, judged, and connected to as it was judged, so that a name that changes its mind
    between the two (DNS rebinding) gains nothing. A sandbox may also call this machine and private networks, by http.
    """

    def __init__(self, *, may_call_ourselves: bool = False, timeout: float = SECONDS_TO_ANSWER) -> None:
        self._may_call_ourselves = may_call_ourselves
        self._timeout = urllib3.Timeout(total=timeout)

    def post_form(self, uri: str, form: Mapping[str, str]) -> None:
        """Post a form and take any 2xx for a yes. Raises ServiceUnavailable or ServiceRefused."""
        parts = urlsplit(uri)
        if parts.scheme != "https" and not (self._may_call_ourselves and parts.scheme == "http"):
            raise ServiceRefused("only https addresses are called")
        pool = self._pool(parts, self._judged_address(parts))
        try:
            answer = pool.urlopen(
                "POST",
                parts.path + (f"?{parts.query}" if parts.query else "") or "/",
                body=urlencode(form),
                headers=_HEADERS | {"Host": parts.netloc},
                redirect=False,
                retries=False,
                preload_content=False,
            )
            status = answer.status
            answer.close()
        except (HTTPError, OSError) as silence:
            raise ServiceUnavailable(type(silence).__name__) from silence
        finally:
            pool.close()
        _judge(status)

    def _judged_address(self, parts: SplitResult) -> str:
        """One address of the host, all of whose addresses are public."""
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as unknown:
            raise ServiceUnavailable("the host has no address") from unknown
        addresses = [str(each[4][0]) for each in found]
        if not self._may_call_ourselves and not all(_is_public(each) for each in addresses):
            raise ServiceRefused("the host is not on the public internet")
        return addresses[0]

    def _pool(self, parts: SplitResult, address: str) -> urllib3.HTTPConnectionPool:
        if parts.scheme == "http":
            return urllib3.HTTPConnectionPool(address, parts.port or 80, timeout=self._timeout)
        return urllib3.HTTPSConnectionPool(
            address,
            parts.port or 443,
            timeout=self._timeout,
            # The operating system's authorities, or those of SSL_CERT_FILE: a private one can be trusted that way.
            ssl_context=ssl.create_default_context(),
            server_hostname=parts.hostname,
            assert_hostname=parts.hostname,
        )


def _is_public(address: str) -> bool:
    """Whether an address is on the public internet, also when IPv4 hides in IPv6."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(parsed, "ipv4_mapped", None) or getattr(parsed, "sixtofour", None)
    return parsed.is_global and not parsed.is_multicast and (inner is None or _is_public(str(inner)))


def _judge(status: int) -> None:
    if 200 <= status < 300:
        return
    if status in {408, 425, 429} or status >= 500:
        raise ServiceUnavailable(f"it answered {status}")
    raise ServiceRefused(f"it answered {status}")
