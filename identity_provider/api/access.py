"""Who may call what: a bearer token of a service with one of the scopes that the call needs, within the limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from flask import g, request
from flask.typing import ResponseReturnValue

from identity_provider.api.problems import ErrorCode, Problem
from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.requests import visitor
from identity_provider.models import Client
from identity_provider.services import clients, grants, measures, rate_limits
from identity_provider.services.rate_limits import Limit

Given = ParamSpec("Given")
View = Callable[Given, ResponseReturnValue]

CALLS = Limit("api_calls", 1_000, timedelta(minutes=1))
"""Calls of one service (domain.md)."""

REFUSALS = Limit("api_refusals_per_ip", 300, timedelta(minutes=1), audited=True)
"""Calls from one address without a token that is any good."""


def needs(*scopes: str) -> Callable[[View[Given]], View[Given]]:
    """Let services in whose token has one of these scopes; `service()` is which one it is."""

    def guard(view: View[Given]) -> View[Given]:
        @wraps(view)
        def guarded(*args: Given.args, **kwargs: Given.kwargs) -> ResponseReturnValue:
            g.service = _service_with(frozenset(scopes))
            return view(*args, **kwargs)

        guarded.scopes = scopes  # type: ignore[attr-defined]  # read by the test of the description
        exempt = csrf_exempt("called by software, which shows a bearer token and has no cookie")
        return open_to(Audience.CLIENT)(exempt(guarded))

    return guard


def service() -> Client:
    """The service that calls, inside a view that needs a scope."""
    client: Client = g.service
    return client


def _service_with(scopes: frozenset[str]) -> Client:
    now = ports().clock.now()
    found = grants.find_access_token(_token(), now=now)
    client = clients.find(found.client_id) if found is not None else None
    # A person's token is for reading that person's claims: the API is for services acting for themselves.
    if found is None or client is None or not client.is_enabled or found.granted is not None:
        raise _unknown('Bearer realm="api", error="invalid_token"')
    _count(CALLS, client.id)
    if not scopes & found.scopes:
        raise Problem.of(ErrorCode.NOT_AUTHORISED)
    return client


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _unknown('Bearer realm="api"')
    return token.strip()


def _unknown(challenge: str) -> Problem:
    """401, in the way of RFC 6750 section 3; whoever keeps on guessing is told to wait."""
    measures.refused("access_token")
    _count(REFUSALS, visitor())
    return Problem(401, "A valid access token is needed", headers={"WWW-Authenticate": challenge})


def _count(limit: Limit, what: str) -> None:
    try:
        with transaction():
            rate_limits.count(limit, what, now=ports().clock.now())
    except RateLimited as limited:
        seconds = str(int(limited.retry_after.total_seconds()) + 1)
        raise Problem(429, "Too many calls", headers={"Retry-After": seconds}) from limited
