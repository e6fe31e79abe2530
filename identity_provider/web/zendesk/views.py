"""Zendesk's webhook: a signed hint that something happened to a ticket. What happened is read in a job, from Zendesk.

Nothing that stands in the message but the ticket's number is believed, so a message can come twice, late or not at all.
"""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue

from identity_provider.db import transaction
from identity_provider.domain.errors import RateLimited
from identity_provider.kit.access import Audience, open_to
from identity_provider.kit.app import ports, settings
from identity_provider.kit.csrf import csrf_exempt
from identity_provider.services import desk_news, measures, rate_limits, zendesk_webhook
from identity_provider.services.zendesk_webhook import Delivery, WebhookRefused

bp = Blueprint("zendesk", __name__, url_prefix="/zendesk")
log = structlog.get_logger("security")

SIGNATURE = "X-Zendesk-Webhook-Signature"
TIMESTAMP = "X-Zendesk-Webhook-Signature-Timestamp"


@bp.post("/webhook")
@open_to(Audience.HELPDESK)
@csrf_exempt("Zendesk signs each message")
def webhook() -> ResponseReturnValue:
    """Take one message; 404 while no secret is set, 403 for one that is not Zendesk's or came before."""
    secrets = settings().zendesk_webhook_secret
    if not secrets:
        abort(404)
    delivery = Delivery(request.headers.get(SIGNATURE, ""), request.headers.get(TIMESTAMP, ""), request.get_data())
    try:
        with transaction():
            number = zendesk_webhook.accept(delivery, secrets, now=ports().clock.now())
            if number is not None:
                desk_news.ticket_changed(number)
    except WebhookRefused as refusal:
        return _refuse(refusal)
    measures.accepted("zendesk_webhook")
    return Response(status=204)


def _refuse(refusal: WebhookRefused) -> ResponseReturnValue:
    """Raises RateLimited after too many that were refused; a good one is never held up by them."""
    why = str(refusal)
    (measures.reused if why == "replayed" else measures.refused)("zendesk_webhook")
    log.warning("zendesk_webhook_refused", why=why)
    with transaction():
        now = ports().clock.now()
        rate_limits.count(rate_limits.WEBHOOK_REFUSALS_PER_IP, request.remote_addr or "", now=now)
    return Response("refused\n", 403, mimetype="text/plain")


@bp.errorhandler(RateLimited)
def _rate_limited(limited: RateLimited) -> ResponseReturnValue:
    seconds = str(int(limited.retry_after.total_seconds()) + 1)
    return Response("too many\n", 429, {"Retry-After": seconds}, mimetype="text/plain")
