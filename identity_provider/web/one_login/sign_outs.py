"""GOV.UK One Login tells us that somebody signed out there (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import structlog
from flask import jsonify, request
from flask.typing import ResponseReturnValue

from config.logging import SECURITY
from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.kit.requests import visitor
from identity_provider.ports import BrokerRefused, BrokerUnavailable
from identity_provider.services import measures, one_login_sign_outs
from identity_provider.services.one_login_checks import TokenRefused
from identity_provider.web.one_login.trips import bp, broker

log = structlog.get_logger(SECURITY)

_LONGEST = 10_000


@bp.post("/one-login/sign-out")
@csrf_exempt("One Login's servers call it; what they say is signed")
@open_to(Audience.CLIENT)
def back_channel_sign_out() -> ResponseReturnValue:
    """End what this person's One Login began here."""
    now, token = ports().clock.now(), request.form.get("logout_token", "")
    try:
        said = one_login_sign_outs.believe(token[:_LONGEST], broker(), now=now)
        with transaction():
            ended = one_login_sign_outs.sign_out(said, now=now)
    except TokenRefused as refusal:
        return _refuse(str(refusal))
    except (BrokerUnavailable, BrokerRefused) as silence:
        # It is told that this did not work, so that it tries again.
        log.warning("one_login_unavailable", reason=str(silence))
        return _answer(503, "temporarily_unavailable")
    measures.accepted("one_login_sign_out")
    log.info("one_login_signed_out", sessions=ended)
    return _answer(200, None)


def _refuse(reason: str) -> ResponseReturnValue:
    log.warning("one_login_sign_out_refused", reason=reason)
    measures.refused("one_login_sign_out")
    try:
        with transaction():
            one_login_sign_outs.count_failure(visitor(), now=ports().clock.now())
    except RateLimited as limited:
        seconds = max(1, int(limited.retry_after.total_seconds()))
        return jsonify(error="too_many_requests"), 429, {"Retry-After": str(seconds)}
    return _answer(400, "invalid_request")


def _answer(status: int, error: str | None) -> ResponseReturnValue:
    return jsonify({"error": error} if error else {}), status
