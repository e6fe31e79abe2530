"""Access tokens as services present them (RFC 6750)."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.services import grants, measures, rate_limits
from identity_provider.services.grants import Presented


@dataclass
class BearerRefused(Exception):
    """The request shows no token that will do; says so in the way of RFC 6750 section 3."""

    status: int
    error: str = ""
    description: str = ""

    @property
    def challenge(self) -> str:
        """The WWW-Authenticate header; bare when no token was shown at all (3.1)."""
        if not self.error:
            return 'Bearer realm="userinfo"'
        return f'Bearer realm="userinfo", error="{self.error}", error_description="{self.description}"'


def presented(request: Request, scope: str) -> Presented:
    """The live token of this request, if it is good for `scope`. Raises BearerRefused."""
    token = _read(request)
    found = grants.find_access_token(token, now=ports().clock.now())
    if found is None:
        _count_failure(request.remote_addr or "")
        raise invalid_token()
    if scope not in found.scopes:
        raise BearerRefused(403, "insufficient_scope", f"The scope {scope} was not granted")
    return found


def _count_failure(ip: str) -> None:
    """Raises RateLimited after too many tokens that are none; a good one is never held up."""
    measures.refused("access_token")
    with transaction():
        rate_limits.count(rate_limits.TOKEN_FAILURES_PER_IP, ip, now=ports().clock.now())


def invalid_token() -> BearerRefused:
    """Unknown, expired, revoked: the service is not told which."""
    return BearerRefused(401, "invalid_token", "The access token is not valid")


def _read(request: Request) -> str:
    if "access_token" in request.args:
        raise BearerRefused(400, "invalid_request", "A token must not stand in the address")
    header = request.headers.get("Authorization", "")
    scheme, _, credentials = header.partition(" ")
    in_body = request.form.getlist("access_token") if request.method == "POST" else []
    if len(in_body) > 1 or (in_body and header):
        raise BearerRefused(400, "invalid_request", "Present the token once")
    if in_body:
        return in_body[0]
    if scheme.lower() != "bearer" or not credentials.strip():
        raise BearerRefused(401)
    return credentials.strip()
