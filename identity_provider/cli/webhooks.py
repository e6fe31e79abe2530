"""flask webhooks: where services hear of changes, a ping, and sending again what was given up."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import click
from flask.cli import AppGroup
from sqlalchemy import func, select

from identity_provider.db import db, transaction
from identity_provider.domain.errors import IllegalMove
from identity_provider.kit.app import ports
from identity_provider.models import SUBSCRIBABLE, MessageState, WebhookEndpoint, WebhookMessage
from identity_provider.services import clients
from identity_provider.services import webhooks as service
from identity_provider.services.audit import Actor

OPERATOR = Actor("system", "cli", "Command line")

webhooks = AppGroup("webhooks", help="Tell relying services of changes of their people.")


@webhooks.command("add")
@click.argument("client_id", metavar="CLIENT")
@click.argument("url", metavar="URL")
@click.option(
    "--message-type",
    "types",
    multiple=True,
    type=click.Choice([each.value for each in SUBSCRIBABLE]),
    help="May be repeated; default: all of them.",
)
@click.option("--secret", help="Use this secret instead of a new one.")
def add(client_id: str, url: str, types: tuple[str, ...], secret: str | None) -> None:
    """Let a service hear of changes at URL; prints the endpoint with its secret, which is shown this once."""
    client = clients.find(client_id)
    if client is None:
        raise click.ClickException(f"there is no client {client_id}")
    wanted = types or tuple(each.value for each in SUBSCRIBABLE)
    try:
        with transaction():
            now = ports().clock.now()
            endpoint, made = service.add(client, url, wanted, actor=OPERATOR, now=now, secret=secret)
            _print(_facts(endpoint) | {"secret": made})
    except service.EndpointRefused as refusal:
        raise click.ClickException(str(refusal)) from refusal


@webhooks.command("list")
@click.option("--json", "as_json", is_flag=True, help="Accepted for likeness; the output is JSON anyway.")
def show_all(as_json: bool) -> None:  # noqa: ARG001 -- click passes it by name
    """Print every endpoint, and how many of its messages wait or were given up."""
    _print([_facts(each) for each in db.session.scalars(select(WebhookEndpoint).order_by(WebhookEndpoint.created_at))])


@webhooks.command("ping")
@click.argument("endpoint_id", metavar="ENDPOINT", type=click.UUID)
def ping(endpoint_id: UUID) -> None:
    """Send a message that says nothing; the worker delivers it, and the console shows what became of it."""
    try:
        with transaction():
            sent = service.ping(_find(endpoint_id), actor=OPERATOR, now=ports().clock.now())
    except IllegalMove as refusal:
        raise click.ClickException(str(refusal)) from refusal
    _print({"notification_id": str(sent.notification_id), "message_id": str(sent.id)})


@webhooks.command("rotate-secret")
@click.argument("endpoint_id", metavar="ENDPOINT", type=click.UUID)
def rotate_secret(endpoint_id: UUID) -> None:
    """Print a new secret; the one before it stays good for 30 days."""
    with transaction():
        secret = service.rotate_secret(_find(endpoint_id), actor=OPERATOR, now=ports().clock.now())
    _print({"endpoint_id": str(endpoint_id), "secret": secret})


@webhooks.command("replay")
@click.argument("endpoint_id", metavar="ENDPOINT", type=click.UUID)
@click.option("--notification", type=click.UUID, help="One message; without it, everything that was given up.")
def replay(endpoint_id: UUID, notification: UUID | None) -> None:
    """Send messages again, as they were."""
    now = ports().clock.now()
    with transaction():
        endpoint = _find(endpoint_id)
        if notification is None:
            number = service.replay_parked(endpoint, actor=OPERATOR, now=now)
        else:
            number = _replay_one(endpoint, notification)
    _print({"endpoint_id": str(endpoint_id), "messages": number})


def _replay_one(endpoint: WebhookEndpoint, notification: UUID) -> int:
    found = select(WebhookMessage).where(
        WebhookMessage.endpoint_id == endpoint.id, WebhookMessage.notification_id == notification
    )
    message = db.session.scalar(found)
    if message is None:
        raise click.ClickException(f"there is no message {notification}")
    try:
        service.replay(message, actor=OPERATOR, now=ports().clock.now())
    except IllegalMove as refusal:
        raise click.ClickException(str(refusal)) from refusal
    return 1


def _find(endpoint_id: UUID) -> WebhookEndpoint:
    endpoint = db.session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None:
        raise click.ClickException(f"there is no endpoint {endpoint_id}")
    return endpoint


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    counted = select(WebhookMessage.state, func.count()).where(WebhookMessage.endpoint_id == endpoint.id)
    rows = db.session.execute(counted.group_by(WebhookMessage.state)).all()
    counts: dict[MessageState, int] = dict(rows)
    return {
        "endpoint_id": str(endpoint.id),
        "client_id": endpoint.client_id,
        "url": endpoint.url,
        "message_types": endpoint.message_types,
        "enabled": endpoint.is_enabled,
        "waiting": counts.get(MessageState.WAITING, 0),
        "parked": counts.get(MessageState.PARKED, 0),
    }


def _print(facts: object) -> None:
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


COMMANDS = (webhooks,)
