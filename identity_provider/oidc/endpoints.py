"""The endpoints that services call without a browser: token, userinfo, keys and discovery."""

from __future__ import annotations

from authlib.oauth2.base import OAuth2Error
from flask import Response, jsonify, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ServiceUnavailable

from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports, settings
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.errors import answer_error, answers_software
from identity_provider.oidc import bearer, discovery, issue, published_keys, tokens
from identity_provider.oidc.bearer import BearerRefused
from identity_provider.oidc.blueprint import bp
from identity_provider.oidc.keys import key_ring
from identity_provider.oidc.lane import CACHEABLE
from identity_provider.oidc.server import provider

_BY_CREDENTIALS = "called by software, which proves itself by its own credentials and has no cookie"


@bp.post("/connect/token")
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_CREDENTIALS)
def token() -> ResponseReturnValue:
    """Exchange a code, a refresh token or a client's own credentials for tokens (RFC 6749 3.2)."""
    key_ring().ensure_default(ports().clock.now())
    _prepare()
    answer: Response = issue.answered_outside(provider().create_token_response)
    return answer


@bp.post("/connect/revocation")
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_CREDENTIALS)
def revocation() -> ResponseReturnValue:
    """End a token that a service does not need any more (RFC 7009)."""
    _prepare()
    with transaction():
        return _endpoint_answer("revocation")


@bp.post("/connect/introspection")
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_CREDENTIALS)
def introspection() -> ResponseReturnValue:
    """Tell an API what a token is good for (RFC 7662)."""
    _prepare()
    return _endpoint_answer("introspection")


@bp.route("/connect/userinfo", methods=["GET", "POST"])
@open_to(Audience.CLIENT)
@csrf_exempt(_BY_CREDENTIALS)
def userinfo() -> ResponseReturnValue:
    """What the service may know of the person (OpenID Connect Core 5.3)."""
    found = tokens.told_of(bearer.presented(request, "openid"))
    if found is None:
        raise bearer.invalid_token()
    return tokens.userinfo_answer(*found, ports().clock.now())


@bp.get("/.well-known/jwks")
@open_to(Audience.ANYONE)
def jwks() -> ResponseReturnValue:
    """The public keys (RFC 7517). Services refetch when they meet a key id that they do not know."""
    ring = key_ring()
    ring.ensure_default(ports().clock.now())
    return Response(ring.jwks(), mimetype="application/json", headers={"Cache-Control": CACHEABLE})


@bp.get("/.well-known/openid-configuration")
@bp.get("/.well-known/oauth-authorization-server")
@open_to(Audience.ANYONE)
def configuration() -> ResponseReturnValue:
    """OpenID Connect Discovery 1.0 and RFC 8414: the same document at both places."""
    written = discovery.as_json(settings().issuer, registration=discovery.registration_is_open())
    return Response(written, mimetype="application/json", headers={"Cache-Control": CACHEABLE})


def _prepare() -> None:
    """What comes before any transaction: a client's keys are fetched, and that they were must outlive a refusal."""
    provider().refuse_malformed()
    published_keys.fetch_for_assertion(request)


def _endpoint_answer(name: str) -> ResponseReturnValue:
    answer: Response = provider().create_endpoint_response(name)
    return answer


@bp.errorhandler(BearerRefused)
def _bearer_refused(refusal: BearerRefused) -> ResponseReturnValue:
    body = {"error": refusal.error, "error_description": refusal.description} if refusal.error else {}
    return jsonify(body), refusal.status, {"WWW-Authenticate": refusal.challenge}


@bp.errorhandler(OAuth2Error)
def _oauth_error(error: OAuth2Error) -> ResponseReturnValue:
    answer: Response = provider().handle_error_response(None, error)
    return answer


@bp.errorhandler(RateLimited)
def _rate_limited(limited: RateLimited) -> ResponseReturnValue:
    seconds = str(int(limited.retry_after.total_seconds()) + 1)
    body = {"error": "temporarily_unavailable", "error_description": "Too many failures; wait before trying again"}
    return jsonify(body), 429, {"Retry-After": seconds}


@bp.errorhandler(issue.IssueUnavailable)
def _issue_unavailable(_: issue.IssueUnavailable) -> ResponseReturnValue:
    body = {"error": "temporarily_unavailable", "error_description": issue.CANNOT_BE_CHECKED}
    return jsonify(body), 503, {"Retry-After": "30"}


@bp.errorhandler(published_keys.KeysAwaited)
def _keys_awaited(_: published_keys.KeysAwaited) -> ResponseReturnValue:
    if not answers_software(request.path):
        page = make_response(answer_error(ServiceUnavailable(retry_after=1)))
        if request.method == "GET":
            page.headers["Refresh"] = "1"  # the browser asks again by itself
        return page
    body = {"error": "temporarily_unavailable", "error_description": "The keys of the client are being fetched"}
    return jsonify(body), 503, {"Retry-After": "1"}
