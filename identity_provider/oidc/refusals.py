"""Keeping what a service was refused, once its answer is made: outside the transaction that was rolled back with it."""

from __future__ import annotations

import structlog
from flask import Response, g, request
from sqlalchemy.exc import SQLAlchemyError

from identity_provider.db import transaction
from identity_provider.kit.app import ports
from identity_provider.kit.requests import request_id
from identity_provider.services import client_errors

log = structlog.get_logger("refusals")


def remember(client_id: str | None, error: str, description: str) -> None:
    """Note that the request of this service is being refused; it is written when the request is over."""
    if client_id:
        g.refused_service = (client_id, error, description or "")


def write_down(response: Response) -> Response:
    """Write what was noted. An answer is never lost because that could not be written."""
    refused: tuple[str, str, str] | None = g.pop("refused_service", None)
    if refused is None:
        return response
    client_id, error, description = refused
    try:
        with transaction():
            now = ports().clock.now()
            client_errors.note(client_id, _place(), error, description, request_id=request_id(), now=now)
    except SQLAlchemyError as broken:
        log.warning("refusal_not_kept", error=type(broken).__name__)
    return response


def _place() -> str:
    """Which endpoint it was, by the name that the protocol gives it."""
    return (request.endpoint or "").rpartition(".")[2]
